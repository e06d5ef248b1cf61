"""What apt and dpkg say when they fail, in words that name the cause and the way out.

The messages are those of apt 2.6 and dpkg 1.21 in the locale C.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from ..errors import DnnreadyError
from ..process import Completed

_SOURCES = Path("/etc/apt")
#: Where a component is known to be needed; elsewhere all components are named.
_COMPONENT = {"libmkl": "non-free", "intel-mkl": "non-free"}
_COMPONENTS = ("main", "contrib", "non-free", "non-free-firmware", "universe", "multiverse", "restricted")

#: Pattern, message, hint: the first that fits counts, so causes come before their consequences.
_KNOWN: tuple[tuple[str, str, str], ...] = (
    (
        r"Release file for (?P<a>\S+) is not valid yet \(invalid for another (?P<b>[^)]+)\)",
        "The clock of this host is wrong: for it the package lists of {a} are from the future, by {b}.",
        "Set the clock (timedatectl set-ntp true, or date --set), then run again.",
    ),
    (
        r"Release file for (?P<a>\S+) is expired \(invalid since (?P<b>[^)]+)\)",
        "The package lists of {a} expired {b} ago.",
        "Is the clock of this host right (date)? Else the mirror is out of date: name another one in apt's sources.",
    ),
    (
        r"Could not get lock (?P<a>\S+?)\.? +It is held by process (?P<b>\d+ \([^)]*\))",
        "Another package manager is at work: process {b} holds {a}.",
        "Wait until it ends (unattended-upgrades takes minutes), then run again.",
    ),
    (
        r"(?P<a>dpkg \S+(?: \S+)?) (?:is|was) locked by another process(?: with pid (?P<b>\d+))?",
        "Another package manager is at work: {a} is locked{by_b}.",
        "Wait until it ends, then run again.",
    ),
    (
        r"Could not get lock (?P<a>\S+)",
        "Another package manager is at work: it holds {a}.",
        "Wait until it ends, then run again.",
    ),
    (
        r"No space left on device|You don't have enough free space in (?P<a>\S+?)\.?\s",
        "There is no space left for packages{in_a}.",
        "Make space (apt-get clean; df -h /var /usr), then run again.",
    ),
    (
        r"Read-only file system",
        "The file system that packages are installed to is read-only.",
        "Mount it read-write, or put the packages into the image.",
    ),
    (
        r"(?:Temporary failure resolving|Could not resolve) '(?P<a>[^']+)'",
        "The name of the package mirror {a} cannot be resolved: no network, or no name server.",
        "Look at the network, /etc/resolv.conf and apt's proxy; without a network use dnnready_depot.",
    ),
    (
        r"(?:Unable to connect to|Could not connect to|Cannot initiate the connection to|Connection timed out to)"
        r" (?P<a>\S+)",
        "The package mirror {a} cannot be reached.",
        "Look at the network, the firewall and apt's proxy; without a network use dnnready_depot.",
    ),
    (
        r"(?P<a>\S+)\s+Hash Sum mismatch|Hash Sum mismatch",
        "What came from the mirror is not what its lists promise (hash sum mismatch{of_a}).",
        "A mirror in the middle of its update or a proxy with old files: run again later, or name another mirror.",
    ),
    (
        r"(?:NO_PUBKEY|is not signed|couldn't be verified|were invalid)(?: (?P<a>[0-9A-F]{8,}))?",
        "The signature of a package source cannot be checked{with_a}.",
        "Install the key of that source, or take the source away; apt-get update names it.",
    ),
    (
        r"dpkg was interrupted",
        "An earlier run of dpkg was interrupted, and it could not be repaired.",
        "Run `dpkg --configure -a` and look at what it says.",
    ),
    (
        r"404\s+Not Found",
        "The mirror has a listed package no more.",
        "Is the distribution out of support, or the mirror incomplete? Correct apt's sources.",
    ),
    (
        r"Packages need to be removed but remove is disabled",
        "To install this, apt would have to remove other packages.",
        "Look with `apt-get --simulate install`; nothing is removed for a stack.",
    ),
    (
        r"error processing (?:package|archive) (?P<a>\S+)",
        "dpkg failed to install {a}.",
        "Run `dpkg --configure -a` and look at what it says.",
    ),
)
_UNKNOWN = re.compile(
    r"Unable to locate package (?P<located>\S+)"
    r"|Package '?(?P<candidate>[^' ]+)'? has no installation candidate"
    r"|Version '(?P<version>[^']+)' for '(?P<of>[^']+)' was not found"
    r"|Couldn't find any package by (?:glob|regex) '(?P<pattern>[^']+)'"
)


def unknown(done: Completed) -> bool:
    """Whether apt does not know a package: its lists may be old, or lack a component."""
    return bool(_UNKNOWN.search(_text(done))) or "404  Not Found" in _text(done)


def explain(done: Completed, what: str, repository: str = "", earlier: str = "") -> DnnreadyError:
    """The error for a failed run of apt or dpkg. `earlier` is what fetching the lists said, if that failed."""
    if done.timed_out:
        return DnnreadyError(
            f"{what}: apt took more than {done.wall_seconds:.0f} s and was ended.",
            "Give a longer dnnready_build_timeout.",
        )
    text = f"{earlier}\n{_text(done)}"
    for pattern, message, hint in _KNOWN:
        match = re.search(pattern, text)
        if match:
            return DnnreadyError(f"{what}: {_filled(message, match.groupdict())}", hint)
    match = _UNKNOWN.search(text)
    if match:
        named = match["located"] or match["candidate"] or match["pattern"]
        return _not_known(what, named.rstrip(":"), repository) if named else _no_version(what, match)
    lines = [line for line in text.splitlines() if line.startswith(("E:", "dpkg:", " ", "W:"))][-4:]
    said = " / ".join(" ".join(line.split()) for line in lines or text.splitlines()[-3:])
    return DnnreadyError(f"{what}: {said[:600] or done.signal or done.exit_code}", "Run that apt-get command by hand.")


def components(directory: Path = _SOURCES) -> set[str]:
    """The components that apt's sources name, in either of their two forms."""
    found: set[str] = set()
    for path in (directory / "sources.list", *sorted(directory.glob("sources.list.d/*"))):
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        for line in lines:
            if re.match(r"(deb\s|Components:)", line):
                found.update(word for word in line.split() if word in _COMPONENTS)
    return found


def _not_known(what: str, name: str, repository: str) -> DnnreadyError:
    if repository:
        return DnnreadyError(
            f"{what}: the depot's repository {repository} has no {name}.",
            "Build the depot with the packages of this distribution, and fetch it again.",
        )
    offered = components()
    needed = next((component for start, component in _COMPONENT.items() if name.startswith(start)), "")
    if needed and needed not in offered:
        return DnnreadyError(
            f"{what}: apt does not know {name}: it is in the component {needed}, which apt's sources do not name.",
            f"Add {needed} to the lines of /etc/apt/sources.list (or Components: in sources.list.d), then run again.",
        )
    return DnnreadyError(
        f"{what}: apt does not know {name}; its sources name the components {', '.join(sorted(offered)) or 'none'}.",
        "Is a component or a source missing, or does this release of the distribution not have the package?",
    )


def _no_version(what: str, match: re.Match[str]) -> DnnreadyError:
    return DnnreadyError(
        f"{what}: apt's sources have no version {match['version']} of {match['of']}.",
        f"`apt-cache policy {match['of']}` shows what they have.",
    )


def _filled(message: str, groups: dict[str, str]) -> str:
    a = (groups.get("a") or "").rstrip(":,")
    b = groups.get("b") or ""
    return message.format(
        a=a,
        b=b,
        in_a=f" in {a}" if a else "",
        of_a=f": {a}" if a else "",
        with_a=f" (key {a})" if a else "",
        by_b=f" by process {b}" if b else "",
    )


def _text(done: Completed) -> str:
    return f"{done.stderr}\n{done.stdout}"


def shown(names: Iterable[object]) -> str:
    """Names for a sentence."""
    return ", ".join(map(str, names))
