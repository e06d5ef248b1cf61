"""A running process as a target: its environment and limits, from /proc (proc(5))."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

from ...errors import DnnreadyError
from ...process import Completed, run
from ..target import Launch, Target, plainly
from . import command, systemd

#: Rows of /proc/PID/limits and the options of prlimit(1).
_LIMITS = {
    "Max address space": "--as",
    "Max data size": "--data",
    "Max locked memory": "--memlock",
    "Max open files": "--nofile",
    "Max processes": "--nproc",
    "Max stack size": "--stack",
}
_SERVICE = re.compile(r"/([^/]+\.service)(?:/|$)", re.MULTILINE)


def target(pid: int, frameworks: Sequence[str], python: str = "") -> Target:
    """The target of a process. Raises DnnreadyError where there is none, or it may not be looked at."""
    if not os.path.isdir(f"/proc/{pid}"):
        raise DnnreadyError(f"There is no process {pid}.", "A service is better named by its unit.")
    variables = environment(pid)
    if variables is None:
        raise DnnreadyError(f"/proc/{pid}/environ may not be read.", "Run this as root or as the owner of the process.")
    program = command.read(_arguments(pid), variables)
    found = python or program.python or _executable(pid)
    if not os.path.basename(found).startswith(("python", "pypy")) and not python:
        raise DnnreadyError(f"Process {pid} runs {found}, which is no Python.", "Name the interpreter: --python PATH.")
    unit = _unit(pid)
    launch, properties = _launch(pid, unit)
    return Target(
        kind="process",
        name=str(pid),
        python=found,
        frameworks=tuple(frameworks),
        environment={**variables, **program.variables},
        environment_from=f"/proc/{pid}/environ",
        directory=_directory(pid),
        program=program.script,
        unit=unit,
        pid=pid,
        properties=properties,
        launch=launch,
    )


def environment(pid: int) -> Optional[dict[str, str]]:
    """What the process was started with; None where it may not be read or is gone."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as stream:
            text = stream.read().decode("utf-8", "surrogateescape")
    except OSError:
        return None
    return dict(entry.split("=", 1) for entry in text.split("\0") if "=" in entry)


def _launch(pid: int, unit: str) -> tuple[Launch, dict[str, str]]:
    """Under the conditions of its service where it is one's, else with its limits, account and mounts."""
    if unit and not systemd.available():
        read = systemd.read(unit)
        taken, refused = systemd.without_unknown(read.conditions)
        return systemd.Conditions(taken), {**read.shown, "dnnready_refused": ", ".join(refused)}
    prefix = _limited(pid)
    return (Prefixed(tuple(prefix)) if prefix else plainly), {}


@dataclass(frozen=True)
class Prefixed:
    """Starts children behind other programs (prlimit, nsenter, setpriv); a Launch."""

    prefix: tuple[str, ...]

    def __call__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        timeout: float,
        stdin: str = "",
        cwd: Optional[str] = None,
    ) -> Completed:
        """As process.run."""
        # The directory may be one of the process's own mounts.
        inside = any(word.startswith("--wdns") for word in self.prefix)
        return run([*self.prefix, *argv], env=env, timeout=timeout, stdin=stdin, cwd=None if inside else cwd)


def _limited(pid: int) -> list[str]:
    words: list[str] = []
    if os.geteuid() == 0 and _namespace(pid, "mnt") != _namespace("self", "mnt"):
        words += ["nsenter", f"--target={pid}", "--mount", f"--wdns={_directory(pid)}"]
    owner = _owner(pid)
    if os.geteuid() == 0 and owner not in (None, 0):
        words += ["setpriv", f"--reuid={owner}", f"--regid={_owner(pid, 'Gid')}", "--clear-groups"]
    options = [f"{option}={soft}:{hard}" for option, soft, hard in _limits(pid)]
    return [*words, "prlimit", *options] if options else words


def _limits(pid: int) -> list[tuple[str, str, str]]:
    """(option, soft, hard) where the process has another limit than this one."""
    theirs, ours = (_rows(_text(f"/proc/{one}/limits")) for one in (pid, "self"))
    return [(_LIMITS[name], *theirs[name]) for name in _LIMITS if name in theirs and theirs[name] != ours.get(name)]


def _rows(text: str) -> dict[str, tuple[str, str]]:
    found = re.findall(r"^(Max [a-z ]+?) {2,}(\S+) +(\S+)", text, re.MULTILINE)
    return {name: (soft, hard) for name, soft, hard in found}


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


def _namespace(pid: object, kind: str) -> str:
    try:
        return os.readlink(f"/proc/{pid}/ns/{kind}")
    except OSError:
        return ""


def _owner(pid: int, row: str = "Uid") -> Optional[int]:
    match = re.search(rf"^{row}:\s+\d+\s+(\d+)", _text(f"/proc/{pid}/status"), re.MULTILINE)
    return int(match.group(1)) if match else None


def _arguments(pid: int) -> list[str]:
    return _text(f"/proc/{pid}/cmdline").rstrip("\0").split("\0")


def _executable(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""


def _directory(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return "/"


def _unit(pid: int) -> str:
    found = _SERVICE.findall(_text(f"/proc/{pid}/cgroup"))
    return found[-1] if found else ""
