"""Where apt finds the packages of another Debian release: the mirrors of this machine, unless someone names others."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

from ..errors import DnnreadyError
from ..process import run

#: What separates a release's suites from its name: bookworm, bookworm-updates, bookworm-security.
_SUITES = ("", "-updates", "-security")
#: Releases that never got a suite of their own for updates.
_ROLLING = ("sid", "unstable", "experimental")
_COMPONENTS = ("main", "contrib", "non-free", "non-free-firmware")
#: Debian's keys, also those of releases that are newer than this machine's, where the package with them is installed.
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_FORMAT = "$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)"


def codename_here() -> str:
    """The codename of this machine's release; empty where it does not say."""
    try:
        with open("/etc/os-release", encoding="utf-8") as stream:
            found = re.search(r'^VERSION_CODENAME="?([a-z0-9.]+)"?$', stream.read(), re.MULTILINE)
    except OSError:
        return ""
    return found.group(1) if found else ""


def machine_sources(codename: str) -> list[str]:
    """Lines of a sources.list for a release, from what apt on this machine uses for its own; empty without a mirror."""
    done = run(
        ["apt-get", "indextargets", "--format", _FORMAT, "Created-By: Packages"],
        env={**os.environ, "LC_ALL": "C"},
        timeout=60,
    )
    return derived(done.stdout.splitlines(), codename_here(), codename, os.path.exists(KEYRING)) if done.ok else []


def derived(targets: Iterable[str], here: str, codename: str, keyring: bool) -> list[str]:
    """The lines, from `URI release component origin` of the machine's indexes and its own codename `here`."""
    found: dict[tuple[str, str], list[str]] = {}
    for target in targets:
        uri, release, component, origin = (target.split(None, 3) + [""] * 4)[:4]
        # Before its first `apt-get update` apt does not know an origin: it leaves $(ORIGIN) as it is.
        if origin not in ("Debian", "$(ORIGIN)") or component not in _COMPONENTS:
            continue
        suffix = release.removeprefix(here) if here and release.startswith(here) else None
        if suffix is None or suffix not in _SUITES or (suffix and codename in _ROLLING):
            continue
        components = found.setdefault((uri, f"{codename}{suffix}"), [])
        if component not in components:
            components.append(component)
    option = f"[signed-by={KEYRING}] " if keyring else ""
    return [f"deb {option}{uri} {suite} {' '.join(components)}" for (uri, suite), components in found.items()]


def given(lines: Sequence[str]) -> list[str]:
    """The user's own lines, or DnnreadyError for one that is none."""
    for line in lines:
        if not re.fullmatch(r"deb[ \t]+(\[[^\]\n]*\][ \t]+)?\S+[ \t]+\S+([ \t]+\S+)*[ \t]*", line):
            raise DnnreadyError(
                f"The apt source '{line}' is no line of a sources.list.",
                "Write it like this: deb http://mirror.example/debian bookworm main",
            )
    return list(lines)
