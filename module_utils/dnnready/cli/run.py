"""`dnnready run STACK -- COMMAND ...`: the command in the environment of the current release."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Mapping, Sequence

from ..errors import DnnreadyError
from .places import Release, current
from .variables import of_release

TYPE_CHECKING = False  # typing costs a device milliseconds at each start
if TYPE_CHECKING:
    from typing import NoReturn

NOT_STARTED, NOT_FOUND = 126, 127  # as every shell says it


class _StartError(Exception):
    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def execute(options: argparse.Namespace) -> int:
    """Become the command, or say why not."""
    if not options.command:
        raise DnnreadyError("There is no command.", f"For example: dnnready run {options.stack} -- python app.py")
    release = current(options.prefix, options.stack)
    caller = _caller_environment()
    environment = child_environment(caller, release, of_release(release.path), keep=options.keep_environment)
    try:
        program = find_program(options.command[0], environment["PATH"], release)
        if options.print:
            print(command_line(caller, environment, [program, *options.command[1:]]))
            return 0
        _become([program, *options.command[1:]], environment)
    except _StartError as error:
        print(f"dnnready: Cannot run {error}", file=sys.stderr)
        return error.code


def child_environment(
    caller: Mapping[str, str], release: Release, variables: Mapping[str, str], *, keep: bool
) -> dict[str, str]:
    """The variables of the release on top of the caller's, and the release's programs first on PATH.

    With `keep` a variable that the caller has set stays. PYTHONHOME goes: it would send the release's Python
    to another standard library, as `activate` of a venv knows too.
    """
    environment = {name: value for name, value in caller.items() if name != "PYTHONHOME"}
    environment.update({name: value for name, value in variables.items() if not keep or name not in caller})
    return {
        **environment,
        "PATH": os.pathsep.join([os.path.join(release.venv, "bin"), environment.get("PATH") or os.defpath]),
        "VIRTUAL_ENV": release.venv,
        "DNNREADY_STACK": release.stack,
        "DNNREADY_RELEASE": release.name,
    }


def find_program(name: str, path: str, release: Release) -> str:
    """The file to execute, found as a shell finds it; a path through `current` becomes the release's own.

    Raises _StartError with the exit code that a shell gives.
    """
    if os.sep in name:
        asked = os.path.abspath(name)
        inside = asked.startswith(release.link + os.sep)
        candidates = [release.path + asked[len(release.link) :] if inside else name]
    else:
        candidates = [os.path.join(directory or os.curdir, name) for directory in path.split(os.pathsep)]
    for candidate in candidates:
        if os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return candidate
    for candidate in candidates:
        if os.path.isfile(candidate):
            raise _StartError(f"{candidate}: it is not executable.", NOT_STARTED)
        if os.sep in name and os.path.isdir(candidate):
            raise _StartError(f"{candidate}: it is a directory.", NOT_STARTED)
    where = "" if os.sep in name else ", neither in the release nor on PATH"
    raise _StartError(f"{name}: there is no such program{where}.", NOT_FOUND)


def command_line(caller: Mapping[str, str], environment: Mapping[str, str], command: Sequence[str]) -> str:
    """What a shell would have to run: only the variables that differ from the caller's."""
    removed = [word for name in sorted(set(caller) - set(environment)) for word in ("-u", name)]
    changed = [f"{name}={value}" for name, value in sorted(environment.items()) if caller.get(name) != value]
    return shlex.join(["exec", "env", *removed, *changed, *command])


def _caller_environment() -> dict[str, str]:
    """The environment as the caller gave it: Python adds LC_CTYPE at its start where the locale is C (PEP 538)."""
    environment = dict(os.environ)
    try:
        with open("/proc/self/environ", "rb") as stream:
            given = stream.read()
    except OSError:  # no /proc: a device may do without
        return environment
    if not any(entry.startswith(b"LC_CTYPE=") for entry in given.split(b"\0")):
        environment.pop("LC_CTYPE", None)
    return environment


def _become(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    for name in ("SIGPIPE", "SIGXFSZ"):  # ignored by Python, and a program would inherit that
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    try:
        os.execve(command[0], list(command), dict(environment))  # noqa: S606  this is what the user asked for
    except OSError as error:
        raise _StartError(f"{command[0]}: {error.strerror}.", NOT_STARTED) from error
