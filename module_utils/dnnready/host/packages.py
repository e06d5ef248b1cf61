"""Which distribution packages are installed: one call of dpkg-query, no apt."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from typing import Any

from ..errors import DnnreadyError
from ..process import run
from .machine import Machine

#: Debian Policy 5.6.1; an architecture may follow.
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?\Z")
_DATABASE = "/var/lib/dpkg"
_SECONDS = 30.0


def check_names(names: Sequence[str]) -> None:
    """Raise DnnreadyError for a name that dpkg-query would take for an option or a pattern."""
    for name in names:
        if not _NAME.match(name):
            raise DnnreadyError(f"'{name}' is no name of a Debian package.", "Correct the list `packages`.")


def probe(machine: Machine, names: Sequence[str]) -> dict[str, Any]:
    """The `packages` part of the host document; without dpkg every asked package counts as missing."""
    asked = list(dict.fromkeys(names))
    program = shutil.which("dpkg-query")
    if program is None or not machine.exists(f"{_DATABASE}/status"):
        return {"manager": None, "installed": {}, "missing": asked}
    installed: dict[str, str] = {}
    if asked:
        form = "${binary:Package}\\t${Package}\\t${Version}\\t${db:Status-Status}\\n"
        command = [program, f"--admindir={machine.path(_DATABASE)}", "--show", f"--showformat={form}", *asked]
        # Exit code 1 only says that some of the names are unknown.
        done = run(command, env={**os.environ, "LC_ALL": "C.UTF-8"}, timeout=_SECONDS)
        if done.exit_code not in (0, 1):
            machine.doubt("packages", done.stderr or f"dpkg-query ended with {done.exit_code or done.signal}")
        installed = parse(done.stdout, asked)
    return {"manager": "dpkg", "installed": installed, "missing": [name for name in asked if name not in installed]}


def parse(text: str, asked: Sequence[str]) -> dict[str, str]:
    """Versions of the asked packages that are wholly installed, from the lines of dpkg-query."""
    versions: dict[str, str] = {}
    for line in text.splitlines():
        full, name, version, state = (*line.split("\t"), "", "", "", "")[:4]
        if state == "installed":
            versions.setdefault(name, version)
            versions[full] = version
    return {name: versions[name] for name in asked if name in versions}
