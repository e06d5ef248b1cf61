"""The variables that a login shell has here, and the file that sets one."""

from __future__ import annotations

import glob
import os
import pwd
import re
import shlex
from collections.abc import Iterator, Mapping

from ...errors import DnnreadyError
from ...process import run

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_TIMEOUT = 20.0
#: What a shell sets for itself.
_OF_THE_SHELL = ("_", "SHLVL", "PWD", "OLDPWD")
_ASSIGNMENT = re.compile(r"^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*)$")
#: Where shells, PAM and systemd's user managers read variables, in this order.
_FILES = (
    "/etc/environment",
    "/etc/profile",
    "/etc/profile.d/*.sh",
    "/etc/bash.bashrc",
    "/etc/environment.d/*.conf",
    "~/.profile",
    "~/.bash_profile",
    "~/.bash_login",
    "~/.bashrc",
    "~/.config/environment.d/*.conf",
)


def environment() -> dict[str, str]:
    """What a program gets that is started from a login shell of this account.

    /etc/environment is PAM's and comes first. Where there is no shell that answers, this process's own environment.
    """
    account = _account()
    start = {
        "PATH": _PATH,
        "HOME": account.pw_dir,
        "USER": account.pw_name,
        "LOGNAME": account.pw_name,
        "SHELL": account.pw_shell or "/bin/sh",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        **_assignments("/etc/environment"),
    }
    shell = "/bin/bash" if os.access("/bin/bash", os.X_OK) else "/bin/sh"
    try:
        done = run([shell, "-lc", "printf '\\0\\0'; env -0"], env=start, timeout=_TIMEOUT, cwd="/")
    except DnnreadyError:
        return dict(os.environ)
    said = done.stdout.rpartition("\0\0")[2]
    variables = dict(entry.split("=", 1) for entry in said.split("\0") if "=" in entry)
    if not done.ok or "PATH" not in variables:
        return dict(os.environ)
    return {name: value for name, value in variables.items() if name not in _OF_THE_SHELL}


def origin(name: str) -> str:
    """`file:line` that sets a variable for login shells, "" where none does."""
    for path in _files():
        for number, line in enumerate(_lines(path), start=1):
            match = _ASSIGNMENT.match(line)
            if match and match.group(1) == name:
                return f"{path}:{number}"
    return ""


def name() -> str:
    """The name of this account."""
    return _account().pw_name


def _account() -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(os.geteuid())
    except KeyError:
        return pwd.struct_passwd(
            (str(os.geteuid()), "x", os.geteuid(), os.getegid(), "", os.environ.get("HOME", "/"), "")
        )


def _files() -> Iterator[str]:
    home = _account().pw_dir
    for pattern in _FILES:
        yield from sorted(glob.glob(pattern.replace("~", home, 1) if pattern.startswith("~") else pattern))


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read(1 << 20).splitlines()
    except OSError:
        return []


def _assignments(path: str) -> Mapping[str, str]:
    """Lines NAME=VALUE with or without quotes, as pam_env reads them."""
    found = {}
    for line in _lines(path):
        match = _ASSIGNMENT.match(line)
        if match:
            found[match.group(1)] = unquoted(match.group(2))
    return found


def unquoted(text: str) -> str:
    """A value without its quotes; as it is where the quotes do not close."""
    try:
        return "".join(shlex.split(text, posix=True)) if text.strip()[:1] in ("'", '"') else text.strip()
    except ValueError:
        return text.strip()
