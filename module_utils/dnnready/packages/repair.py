"""Ends what an interrupted dpkg began, unless another one is still at work."""

from __future__ import annotations

import time

from . import dpkg, trouble

_LOCKED = ("is locked by another process", "was locked by another process")


def settle(what: str, lock_timeout: float, timeout: float) -> bool:
    """Have dpkg in order; returns whether it had to be repaired. Waits `lock_timeout` seconds for another one.

    Raises DnnreadyError, beginning with `what`, where dpkg cannot be repaired.
    """
    until = time.monotonic() + lock_timeout
    while dpkg.interrupted(dpkg.status()):
        done = dpkg.repair(timeout)
        if done.ok:
            return True
        if time.monotonic() > until or not any(word in done.stderr for word in _LOCKED):
            raise trouble.explain(done, what)
        time.sleep(1)
    return False
