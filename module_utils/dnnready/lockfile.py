"""One run at a time per stack."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from .errors import DnnreadyError

#: In every message about a lock that somebody else holds.
AT_WORK = "another run is at work"


def boot_id() -> str:
    """What names this boot of this host; empty where /proc is not readable."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


@contextlib.contextmanager
def held(path: Path, purpose: str, what: str = "") -> Iterator[int]:
    """Hold the lock file, or say with DnnreadyError who holds it, since when, and for what.

    Gives its descriptor: a child that inherits it goes on holding the lock where this process is killed.

    `what` names what is locked, where it is not a stack.

    flock(2): the kernel lets go when the owner dies, however it dies, so a dead owner needs no taking over. The content
    only tells others who the owner is. The holder may remove the file: who opened the old one takes the new one.
    """
    descriptor = _acquire(path, what)
    try:
        owner = {"pid": os.getpid(), "boot": boot_id(), "since": time.time(), "purpose": purpose}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(owner).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _acquire(path: Path, what: str) -> int:
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise DnnreadyError(
                f"Cannot write below {path.parent}: {error.strerror} ({error.filename}).",
                "Who runs this must own the prefix: become root (host scope) or take dnnready_scope=user.",
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.exists(path) and os.stat(path).st_ino == os.fstat(descriptor).st_ino:
                return descriptor
        except OSError as error:
            text = os.pread(descriptor, 4096, 0)
            os.close(descriptor)
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise DnnreadyError(
                    f"Cannot lock {path}: {error.strerror}.", "Is its file system a network share?"
                ) from error
            raise DnnreadyError(
                _who(path, text, what), "Wait until it ends, or end that process, and run again."
            ) from error
        os.close(descriptor)


def _who(path: Path, text: bytes, what: str) -> str:
    subject = what or f"Stack {path.name.lstrip('.').removesuffix('.lock')}"
    try:
        owner = json.loads(text)
        age = max(0, round(time.time() - float(owner["since"])))
        where = "" if owner["boot"] == boot_id() else " on another host or boot"
        return f"{subject}: {AT_WORK}: process {owner['pid']}{where}, for {age} s ({owner['purpose']}). Lock: {path}."
    except (ValueError, KeyError, TypeError):
        return f"{subject}: {AT_WORK}. Lock: {path}."
