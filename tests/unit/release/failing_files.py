"""A file system that stops at a chosen step: as kill -9 does (nothing happens any more), or as a full disk does."""

from __future__ import annotations

import builtins
import contextlib
import errno
import io
import os
from collections.abc import Iterator
from typing import Any, Callable
from unittest.mock import patch

#: What changes a file system, by the names that the code and the standard library call.
_CHANGES = (
    "replace",
    "rename",
    "unlink",
    "remove",
    "mkdir",
    "rmdir",
    "symlink",
    "fsync",
    "utime",
    "ftruncate",
    "fchmod",
)
#: What needs room on the disk.
_NEED_ROOM = ("mkdir", "symlink")


class Killed(BaseException):
    """The process is gone: whatever tries to clean up behind it dies of this again."""


class Steps:
    """Counts the steps of an act; from the last one on each of them fails."""

    def __init__(self, last: int, full: bool) -> None:
        self.left, self.full = last, full

    def step(self, needs_room: bool) -> None:
        """One call that changes the file system is about to happen."""
        self.left -= 1
        if self.left > 0:
            return
        if not self.full:
            raise Killed
        if needs_room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextlib.contextmanager
def failing(last: int, *, full: bool = False) -> Iterator[Steps]:
    """Let the `last` step and all after it fail: none of them happens, or none that needs room."""
    steps = Steps(last, full)

    def changing(call: Callable[..., Any], needs_room: bool) -> Callable[..., Any]:
        def made(*given: Any, **named: Any) -> Any:
            steps.step(needs_room)
            return call(*given, **named)

        return made

    def opening(call: Callable[..., Any]) -> Callable[..., Any]:
        def made(file: Any, mode: str = "r", *given: Any, **named: Any) -> Any:
            if set(mode) & set("wax+"):
                steps.step(needs_room=True)
            return call(file, mode, *given, **named)

        return made

    def opening_low(file: Any, flags: int, *given: Any, **named: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            steps.step(needs_room=bool(flags & os.O_CREAT))
        return os_open(file, flags, *given, **named)

    os_open = os.open
    with contextlib.ExitStack() as patches:
        for name in _CHANGES:
            patches.enter_context(patch.object(os, name, changing(getattr(os, name), name in _NEED_ROOM)))
        patches.enter_context(patch.object(os, "open", opening_low))
        for module in (io, builtins):
            patches.enter_context(patch.object(module, "open", opening(open)))
        yield steps
