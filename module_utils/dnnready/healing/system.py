"""Acts on the system and on what belongs to the user: packages, pip, lines of files, drop-ins."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..environment.places import reload_systemd
from ..errors import DnnreadyError
from ..files import write_atomic
from ..process import Completed, run
from .deed import Deed

_TIMEOUT = 1800.0
_DROPIN = "90-dnnready-heal.conf"
_HEADER = "# Written by dnnready heal. Remove this file to take it back.\n"


def packages(names: Sequence[str]) -> Deed:
    """Install packages of the distribution, again where they are installed and their files are gone."""
    before = {name: _status(name) for name in names}
    command = ["apt-get", "install", "--reinstall", "--yes", "--no-install-recommends", *names]
    done = _apt(command)
    said = f"{done.stdout}\n{done.stderr}"
    if not done.ok and re.search(r"Unable to locate|no installation candidate|\b404\b", said):
        _apt(["apt-get", "update"])
        done = _apt(command)
    if not done.ok and "fix-broken" in said:
        # Other packages lack something too. Nothing may be removed to make it fit.
        command[2:2] = ["--fix-broken", "--no-remove"]
        done = _apt(command)
    _require(done, command)
    added = [name for name in names if not before[name]]

    def undo() -> None:
        if added:
            _require(_apt(["apt-get", "remove", "--yes", *added]), ["apt-get", "remove", *added])

    return Deed(shlex.join(command), undo)


def _status(name: str) -> bool:
    asked = run(["dpkg-query", "--show", "--showformat", "${db:Status-Abbrev}", name], env=_environment(), timeout=60)
    return asked.stdout.startswith("ii")


def _environment() -> dict[str, str]:
    return {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


def _apt(command: Sequence[str]) -> Completed:
    return run(command, env=_environment(), timeout=_TIMEOUT)


def _require(done: Completed, command: Sequence[str]) -> None:
    if not done.ok:
        lines = [line for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.strip()]
        raise DnnreadyError(
            f"`{shlex.join(command)}` failed: {' / '.join(lines[-2:])[:400] or done.signal or done.exit_code}"
        )


def pip(command: Sequence[str], environment: Mapping[str, str]) -> Deed:
    """Run a pip command in the user's environment. What it changed is put back to the versions of before."""
    python = command[0]
    before = _versions(python, environment)
    done = run(
        command, env={**environment, "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}, timeout=_TIMEOUT
    )
    _require(done, command)

    def undo() -> None:
        after = _versions(python, environment)
        changed = [f"{name}=={version}" for name, version in before.items() if after.get(name) != version]
        if changed:
            back = [python, "-m", "pip", "install", "--no-deps", *changed]
            _require(run(back, env=dict(environment), timeout=_TIMEOUT), back)

    return Deed(shlex.join(command), undo)


def _versions(python: str, environment: Mapping[str, str]) -> dict[str, str]:
    done = run(
        [python, "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check"],
        env=dict(environment),
        timeout=120,
    )
    return dict(line.split("==", 1) for line in done.stdout.splitlines() if "==" in line)


def remove_line(path: str, number: int, variable: str) -> Deed:
    """Turn the line of a file that sets a variable into a comment."""
    file = Path(path)
    before = file.read_bytes()
    lines = before.decode("utf-8", "surrogateescape").splitlines(keepends=True)
    if number > len(lines) or variable not in lines[number - 1]:
        raise DnnreadyError(f"Line {number} of {path} does not set {variable} any more.", "Diagnose again.")
    lines[number - 1] = f"# dnnready heal: {lines[number - 1]}"
    mode = file.stat().st_mode & 0o7777
    write_atomic(path, "".join(lines).encode("utf-8", "surrogateescape"), mode)
    return Deed(
        f"comment out line {number} of {path} ({variable})",
        lambda: write_atomic(path, before, mode),
        "Shells that are open keep the variable: start them anew.",
    )


def drop_in(unit: str, content: str) -> Deed:
    """Write a drop-in of a service. The service itself is not restarted."""
    directory = Path("/etc/systemd/system") / f"{unit}.d"
    path, made = directory / _DROPIN, not directory.exists()
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    directory.mkdir(exist_ok=True)
    body = before if before else _HEADER
    body += content if content not in body else ""
    write_atomic(path, body)
    reload_systemd()

    def undo() -> None:
        if before:
            write_atomic(path, before)
        else:
            path.unlink()
            if made:
                directory.rmdir()
        reload_systemd()

    return Deed(f"write {path}: {content.strip().splitlines()[-1]}", undo, f"Then: systemctl restart {unit}")


Act = Callable[[Mapping[str, Any]], Deed]
