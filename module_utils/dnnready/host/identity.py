"""Which machine this is, and which prefix on it: two names of an inventory may lead to one."""

from __future__ import annotations

import os

from ..files import sha256_text

_BOOT = "/proc/sys/kernel/random/boot_id"
_MACHINE = "/etc/machine-id"
_DIGITS = 16


def machine_identity(prefix: str) -> str:
    """16 hexadecimal digits, the same for every name of a prefix on this machine, or container, until it starts anew.

    Images that were copied share their machine-id, containers share a boot: all of it together tells them apart.
    """
    root = os.stat("/")
    said = (_read(_BOOT), _read(_MACHINE), str(root.st_dev), str(root.st_ino), os.uname().nodename, prefix)
    return sha256_text("\0".join(said))[:_DIGITS]


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except (OSError, UnicodeDecodeError):
        return ""
