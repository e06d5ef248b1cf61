"""What bounds a part of a bundle: bytes of a text, seconds of a look."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import stat
import threading
import time
from collections.abc import Iterator
from typing import Any

CUT = "[... cut ...]\n"
_SOON = 0.001


class OutOfTime(Exception):  # noqa: N818 - it is no error of the program
    """A part took longer than it may."""


@contextlib.contextmanager
def seconds(limit: float) -> Iterator[None]:
    """Raise OutOfTime after so many seconds; one within another ends no later than that one.

    Only the main thread can be interrupted; elsewhere nothing happens.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_number: int, _frame: Any) -> None:
        raise OutOfTime(f"it took longer than {limit:.0f} seconds")

    started = time.monotonic()
    outer = signal.setitimer(signal.ITIMER_REAL, 0)[0]
    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, max(min(limit, outer or limit), _SOON))
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if outer:
            signal.setitimer(signal.ITIMER_REAL, max(outer - (time.monotonic() - started), _SOON))


def shorten(text: str, limit: int) -> tuple[str, bool]:
    """At most `limit` bytes of a text as UTF-8, and whether its middle was cut; in whole lines where it has lines."""
    data = text.encode("utf-8", "replace")
    if len(data) <= limit:
        return text, False
    room = max(limit - len(CUT), 0)
    head, tail = data[: room * 3 // 4], data[len(data) - room // 4 :]
    head = head[: head.rfind(b"\n") + 1] or head
    tail = tail.partition(b"\n")[2] or tail
    kept = head.decode("utf-8", "ignore") + CUT + tail.decode("utf-8", "ignore")
    return kept[:limit] if len(kept) > limit else kept, True


def read(path: str, limit: int) -> tuple[str, bool]:
    """The last `limit` bytes of a regular file in whole lines, and whether there is more. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file", path)
    with os.fdopen(descriptor, "rb") as stream:
        more = status.st_size > limit
        if more:
            stream.seek(-limit, os.SEEK_END)
            stream.readline()
        # Files of /proc say that they are empty, so the size says nothing of them.
        data = stream.read(limit + 1)
    return data[:limit].decode("utf-8", "replace"), more or len(data) > limit


def whole_lines(output: str) -> str:
    """The output of a child without the half a line that follows where process.run cut it."""
    head, cut, tail = output.partition("\n" + CUT)
    return f"{head}\n{CUT}{tail.partition(chr(10))[2]}" if cut else output
