"""The systemd services that run a stack, and the variables that their programs get when they start next.

Asked of systemd's manager by its private socket, which needs no privilege: nothing is started. What a unit's files
say is put together as systemd.exec(5) orders it: the manager's variables, Environment=, EnvironmentFile=, less
UnsetEnvironment=.
"""

from __future__ import annotations

import glob
import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..diagnosis.targets.login import unquoted
from ..errors import DnnreadyError
from ..process import run

_TIMEOUT = 20.0
_SHOWN = "Id,LoadState,FragmentPath,DropInPaths,ExecStart,Environment,EnvironmentFiles,UnsetEnvironment"
_HOST = ("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system")
_USER = ("~/.config/systemd/user", "/etc/systemd/user", "/usr/lib/systemd/user")
_RUNS = re.compile(r"/dnnready\s(?:\S+\s)*?run\s(--keep-environment\s)?(?:\S+\s)*?([\w.-]+)\s--(?:\s|$)")
_FILE = re.compile(r"^(.*?)(?: \(ignore_errors=(?:yes|no)\))?$")


@dataclass(frozen=True)
class Service:
    """A service that runs a stack."""

    name: str
    stack: str
    variables: Mapping[str, str]  #: what its program gets, as far as the unit's files say
    files: tuple[str, ...]  #: where they may be set
    through_run: bool  #: whether `dnnready run` starts it, so that the release's own variables win


def services(prefix: str, stacks: Sequence[str], *, user: bool = False) -> list[Service]:
    """The services that start a program of these stacks or have their drop-in; none where systemd does not run."""
    if not os.path.isdir("/run/systemd/system"):
        return []
    manager = ["systemctl", *(["--user"] if user else [])]
    try:
        done = _ask(
            [*manager, "show", "--no-pager", f"--property={_SHOWN}", "*.service", *_named(prefix, stacks, user)]
        )
        inherited = assignments(_ask([*manager, "show-environment"]).splitlines())
    except DnnreadyError:
        return []
    found = {}
    for block in done.split("\n\n"):
        shown = properties(block)
        for stack in stacks:
            if shown.get("LoadState") == ["loaded"] and belongs(shown, prefix, stack):
                service = described(shown, stack, inherited)
                found[service.name, stack] = service
    return [found[key] for key in sorted(found)]


def properties(block: str) -> dict[str, list[str]]:
    """What `systemctl show` prints of one unit; a property may come several times."""
    found: dict[str, list[str]] = {}
    for line in block.splitlines():
        name, separator, value = line.partition("=")
        if separator and value:
            found.setdefault(name, []).append(value)
    return found


def belongs(shown: Mapping[str, Sequence[str]], prefix: str, stack: str) -> bool:
    """Whether a unit runs the stack: by its drop-in, by a path in it, or through `dnnready run`."""
    started = " ".join(shown.get("ExecStart", ()))
    return (
        any(path.endswith(f"/dnnready-{stack}.conf") for path in _words(shown, "DropInPaths"))
        or f"{prefix}/stacks/{stack}/" in started
        or any(match.group(2) == stack for match in _RUNS.finditer(_arguments(started)))
    )


def described(shown: Mapping[str, Sequence[str]], stack: str, inherited: Mapping[str, str]) -> Service:
    """The service with its variables."""
    variables = {**inherited, **assignments(_words(shown, "Environment"))}
    files = []
    for entry in shown.get("EnvironmentFiles", ()):
        match = _FILE.match(entry)
        for path in sorted(glob.glob(match.group(1))) if match else ():
            files.append(path)
            variables.update(assignments(_lines(path)))
    for word in _words(shown, "UnsetEnvironment"):
        name, separator, value = word.partition("=")
        if not separator or variables.get(name) == value:
            variables.pop(name, None)
    runs = list(_RUNS.finditer(_arguments(" ".join(shown.get("ExecStart", ())))))
    return Service(
        shown["Id"][0],
        stack,
        variables,
        (*files, *reversed(_words(shown, "DropInPaths")), *_words(shown, "FragmentPath")),
        any(match.group(2) == stack and not match.group(1) for match in runs),
    )


def assignments(lines: Sequence[str]) -> dict[str, str]:
    """Lines or words NAME=value as variables; what is none is passed over."""
    found = {}
    for line in lines:
        name, separator, value = line.strip().partition("=")
        if separator and re.fullmatch(r"[A-Za-z_]\w*", name):
            found[name] = unquoted(value)
    return found


def place(name: str, files: Sequence[str]) -> str:
    """`file:line` of the first of these files that sets a variable, "" where none does."""
    return next(
        (
            f"{path}:{number}"
            for path in files
            for number, line in enumerate(_lines(path), start=1)
            if re.search(rf"\b{re.escape(name)}=", line) and not line.lstrip().startswith(("#", ";"))
        ),
        "",
    )


def _named(prefix: str, stacks: Sequence[str], user: bool) -> Iterator[str]:
    """Services whose files name dnnready, also where systemd has not loaded them because they do not run."""
    seen: set[str] = set()
    for directory in map(os.path.expanduser, _USER if user else _HOST):
        drop_ins = [
            path
            for stack in stacks
            for path in glob.glob(f"{directory}/*.service.d/dnnready-{glob.escape(stack)}.conf")
        ]
        names = [os.path.basename(os.path.dirname(path))[: -len(".d")] for path in drop_ins]
        for path in glob.glob(f"{directory}/*.service"):
            if any(prefix in line or "dnnready" in line for line in _lines(path)):
                names.append(os.path.basename(path))
        seen.update(name for name in names if "@." not in name and not name.startswith("dnnready-watch"))
    yield from sorted(seen)


def _arguments(started: str) -> str:
    """The words of ExecStart, as `systemctl show` prints them: `{ path=… ; argv[]=… ; ignore_errors=no ; … }`."""
    return "\n".join(re.findall(r"argv\[\]=(.*?) ;", started))


def _words(shown: Mapping[str, Sequence[str]], name: str) -> list[str]:
    text = " ".join(shown.get(name, ()))
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read(1 << 20).splitlines()
    except OSError:
        return []


def _ask(command: Sequence[str]) -> str:
    kept = ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "HOME")
    variables = {name: os.environ[name] for name in kept if name in os.environ}
    done = run(command, env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", **variables}, timeout=_TIMEOUT)
    if not done.ok:
        raise DnnreadyError(f"systemctl does not answer: {done.stderr.strip()[:300]}")
    return done.stdout
