"""The switch of `current`, as a transaction: it becomes final, or everything is as it was.

`switch.json` says what was, `current` moves, conv2d is proven through it, the user's own check succeeds, units run
again, `switch.json` goes: from then on it is final. Whatever happens before that, an error, a signal or a power cut,
leads back, at once or with the next run (leftovers.py).
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any, Callable, Optional

from ..errors import DnnreadyError
from . import health, rejection, unfinished
from .health import Gate
from .rejection import RejectedError
from .store import Store, flush
from .unfinished import Unfinished

_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
#: Proves a release through `current`: store, id, accepted verdicts, seconds.
Prove = Callable[[Store, str, Sequence[str], float], dict[str, Any]]


class _Ended(BaseException):
    """A signal asks for the end; no `except Exception` below may swallow that."""


def switch(store: Store, to: str, accept: Sequence[str], gate: Gate, prove: Prove) -> dict[str, Any]:
    """Make a proven release current, or raise DnnreadyError with `current` as it was; the proof through `current`.

    Whoever calls this holds the lock of the stack, has cleaned it, and has checked the stored proof.
    """
    try:
        flush(store.release(to))
    except OSError as error:
        raise DnnreadyError(f"Cannot write release {to} to the disk: {error.strerror}. Nothing moved.") from error
    with _signals() as deaf:
        before: Optional[Unfinished] = None
        restarted: list[str] = []
        try:
            before = unfinished.begin(store, to, gate.restart, f"making {to} current")
            _keep_previous(store, before)
            store.point("current", to)
            proof = prove(store, to, accept, gate.proof_timeout)
            health.check(store, to, gate)
            for unit in gate.restart:
                restarted.append(unit)
                health.restart([unit], gate.timeout)
            deaf()  # from here on it is final
            unfinished.end(store)
        except BaseException as error:
            deaf()
            before = (
                before or unfinished.read(store) or Unfinished(store.linked("current"), store.linked("previous"), to)
            )
            raise _back(store, before, error, restarted, gate.timeout) from error
    rejection.forget(store, to)
    return proof


def _keep_previous(store: Store, before: Unfinished) -> None:
    """`previous` names what was current, as long as one can go back to it."""
    if before.current and store.finished(before.current):
        store.point("previous", before.current)
    elif before.previous == before.to:
        store.unpoint("previous")


def _back(
    store: Store, before: Unfinished, error: BaseException, restarted: Sequence[str], timeout: float
) -> BaseException:
    """Put everything back; what is to be raised."""
    now = f"Current is {before.current or 'no release'}, as before."
    try:
        unfinished.put_back(store, before)
        if isinstance(error, RejectedError):
            rejection.write(store, before.to, error)
        troubles = health.restart_again(restarted, timeout) if before.current else []
        unfinished.end(store)
    except (DnnreadyError, OSError) as trouble:
        now = f"And current could not go back ({trouble}); the next run tries again."
        troubles = []
    said = "; ".join(troubles)
    end = f"{now} {said}".strip()
    what = f"The switch of {store.stack} to release {before.to}"
    if isinstance(error, RejectedError):
        return DnnreadyError(f"{what} failed: {error.message} {end}", f"See {store.rejection(before.to)}.")
    if isinstance(error, _Ended):
        return DnnreadyError(f"{what} was ended by {error}. {end}", "Run again.")
    if isinstance(error, DnnreadyError):
        return DnnreadyError(f"{what} failed: {error.message} {end}", error.hint)
    return error


@contextlib.contextmanager
def _signals() -> Iterator[Callable[[], None]]:
    """Signals that would end this process raise instead, until the given function makes it deaf to them."""
    listening = True

    def hear(number: int, _frame: Optional[FrameType]) -> None:
        nonlocal listening
        if listening:
            listening = False
            raise _Ended(signal.Signals(number).name)

    def deaf() -> None:
        nonlocal listening
        listening = False

    if threading.current_thread() is not threading.main_thread():
        yield deaf
        return
    old = {number: signal.getsignal(number) for number in _SIGNALS}
    heard = [number for number, handler in old.items() if handler not in (signal.SIG_IGN, None)]  # as with nohup
    for number in heard:
        signal.signal(number, hear)
    try:
        yield deaf
    finally:
        for number in heard:
            signal.signal(number, old[number])
