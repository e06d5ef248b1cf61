"""Why a host cannot be read, and the way out: from what ssh, sudo and the interpreter there say."""

from __future__ import annotations

import re

_LONGEST = 600
_ROOT = (
    "No root here? Give the sudo password with -K, or install for the connecting user alone with "
    "-e dnnready_scope=user."
)
_INTERPRETER = (
    "Is ansible_python_interpreter a Python 3.9 or newer that runs there? Name a real path, not a version manager."
)
_SUDO = "Set ansible_become_password for this host, or give the password with -K."
#: Words of a host that is on and lets nobody in, each with the way out. OpenSSH: sshconnect.c, sshconnect2.c.
_REFUSED = (
    (
        re.compile(r"host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|no matching host key", re.I),
        "Its key is not the one that ssh knows: is it that host? Then put its new key into known_hosts.",
    ),
    (
        re.compile(r"permission denied \(|too many authentication failures|no such identity", re.I),
        "Is ansible_user right, and is the public part of the key in its authorized_keys?",
    ),
)


def refused(said: str) -> str:
    """The way out where a host is on but lets nobody in; empty where it seems to be off."""
    return next((way_out for words, way_out in _REFUSED if words.search(said)), "")


def unreadable(name: str, said: str, *, become: bool) -> str:
    """A message of one line: the host, what was said, the way out. `become`: root was asked for."""
    shown = " ".join(said.split())[:_LONGEST]
    return f"{name} cannot be read{' as root' if become else ''}: {shown.rstrip('. ')}. {_way_out(said, become)}"


def _way_out(said: str, become: bool) -> str:
    if re.search(r"incorrect \w+ password|sorry, try again", said, re.I):
        return _SUDO
    if re.search(r"interpreter .*not found", said, re.I):
        return _INTERPRETER
    return refused(said) or (_ROOT if become else _INTERPRETER)
