"""Why the interpreter of the target cannot be started at all."""

from __future__ import annotations

import os
import platform

from . import elf_file
from .tags import machine


def not_started(python: str, message: str) -> tuple[str, str]:
    """(what is wrong, in words, the cause) of an interpreter that execve(2) refused."""
    real = os.path.realpath(python)
    if not os.path.exists(real):
        if os.path.islink(python):
            return f"{python} leads to {real}, which does not exist", "interpreter_missing"
        return f"{python} does not exist", "interpreter_missing"
    try:
        elf = elf_file.read(real)
    except (OSError, elf_file.ElfError):
        return _refused(python, message)
    here = machine(platform.machine())
    if elf.machine not in (here, {"x86_64": "i386", "aarch64": "arm"}.get(here)):
        return f"{real} is for {elf.machine}, this host is {here}", "wrong_architecture"
    if elf.interpreter and not os.path.exists(elf.interpreter):
        cause = "musl_libc" if elf.musl or "ld-linux" in elf.interpreter else "wrong_architecture"
        return f"{real} is started by {elf.interpreter}, which this host does not have", cause
    return _refused(python, message)


def _refused(python: str, message: str) -> tuple[str, str]:
    if "Permission denied" in message:
        if os.access(python, os.X_OK):
            return f"{message} A folder above it, a mount without exec or a policy forbids it", "selinux_or_noexec"
        return f"{python} is not executable for this user", "files_not_readable"
    return message, "interpreter_missing"
