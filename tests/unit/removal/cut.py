"""Kills a function at one of its file operations, as a power cut would."""

import os
import sys
from collections.abc import Callable

EVENTS = ("open", "os.mkdir", "os.rename", "os.remove", "os.chmod", "os.rmdir")


def finished(work: Callable[[], object], operations: int, events: tuple[str, ...] = EVENTS) -> bool:
    """Run `work` in a child that ends after so many file operations; whether it got through."""
    child = os.fork()
    if child == 0:
        left = operations

        def watch(event, _arguments):
            nonlocal left
            if event in events:
                left -= 1
                if left < 0:
                    os._exit(9)

        sys.addaudithook(watch)
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9)
    return code == 0
