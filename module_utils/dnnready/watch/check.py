"""One stack, once: look; where something differs or the time has come, convolve; then say how it is.

The lock of the stack is held while files are read or written, never while something convolves: a provisioning run
never waits for a check, and what a check found out about a release that was switched meanwhile is thrown away.
"""

from __future__ import annotations

import calendar
import contextlib
import resource
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from ..conv2d import stored
from ..conv2d.row import row
from ..errors import DnnreadyError
from ..lockfile import held
from ..release.store import Store
from . import state
from .look import Look, look
from .services import Service

_KEPT = ("implementations", "isa", "isa_cpu", "threads", "framework", "onednn")
_UNKNOWN: dict[str, Any] = {
    "implementations": [],
    "isa": "",
    "isa_cpu": "",
    "threads": None,
    "framework": "",
    "onednn": "",
}
DAY = 86400.0
#: Seconds of rest for each CPU second of a convolution that was not good.
_REST = 600.0


class BusyError(Exception):
    """Another run is at work on this stack, or the machine is too busy: it is looked at next time."""


@dataclass(frozen=True)
class Asked:
    """What a check is asked to do."""

    prefix: Path
    login: Mapping[str, str] = field(default_factory=dict)
    services: Sequence[Service] = ()
    proof_every: float = DAY  #: seconds between convolutions where nothing differs
    timeout: float = 300.0  #: seconds for each run of a framework


def check(asked: Asked, stack: str, known: Mapping[str, Any], now: float) -> dict[str, Any]:
    """The entry of a stack in docs/schema/watch-1.json. `known` is its entry of the last time, {} for none.

    Raises BusyError while another run is at work on the stack.
    """
    store = Store(asked.prefix, stack)
    services = [service for service in asked.services if service.stack == stack]
    ailing = bool(known) and not known["accepted"] and known["release"] == store.linked("current")
    files = list(known["files"]) if ailing else []
    with _held(store):
        seen = look(store, asked.login, services, files)
    proven = max(state.moment(known.get("proven"), now), _created(seen.proof, now))
    due = not proven or now - proven >= _patience(asked, known)
    same = known.get("looked") == seen.digest
    if not seen.path:
        return _entry(seen, "unproven", [_missing(seen)], did="none", proven=0.0, cost=0.0, known=known, now=now)
    if same and not due:
        return {**known, "did": "none"}
    if not same and not due and seen.holds and not seen.differing and _verdict(seen) in seen.accept:
        return _entry(seen, _verdict(seen), _cut(seen), did="none", proven=proven, cost=0.0, known=known, now=now)
    from .convolve import StarvedError, convolve  # noqa: PLC0415  a diagnosis loads ten times as much as a look

    used = cpu_seconds()
    try:
        found = convolve(str(asked.prefix), seen, services, asked.timeout)
    except StarvedError as error:
        raise BusyError(f"The machine was too busy to convolve: {error}") from error
    with _held(store):
        if look(store, asked.login, services, files).digest != seen.digest:
            raise BusyError(f"{stack} changed while it was looked at")
        # A release that was tampered with keeps its proof, which does not hold: provisioning sees that.
        after = seen
        if found.proof is not None and not (seen.own_file and found.verdict in seen.accept):
            stored.store(seen.path, found.proof)
            after = look(store, asked.login, services, () if found.verdict in seen.accept else seen.files)
    entry = _entry(
        after,
        found.verdict,
        [*_cut(seen), *found.drift],
        did=found.how,
        proven=now,
        cost=cpu_seconds() - used,
        known=known,
        now=now,
    )
    return {**entry, "why": "" if seen.holds else seen.why}


def cpu_seconds() -> float:
    """Of this process and of the children that it waited for."""
    times = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in times)


def _patience(asked: Asked, known: Mapping[str, Any]) -> float:
    """Seconds until the next convolution where nothing is seen to differ.

    What was broken may be whole again without a trace, such as memory that was short: it is tried again sooner, so
    that trying takes no more than a small part of one CPU.
    """
    if known.get("drift") or not known.get("accepted", True):
        return min(asked.proof_every, float(known["cost"]) * _REST)
    return asked.proof_every


@contextlib.contextmanager
def _held(store: Store) -> Iterator[None]:
    """The lock of a stack, or BusyError where another run has it."""
    try:
        with held(store.lock, "watch"):
            yield
    except DnnreadyError as error:
        if isinstance(error.__cause__, BlockingIOError):
            raise BusyError(error.message) from error
        raise


def _missing(seen: Look) -> dict[str, Any]:
    from .convolve import missing  # noqa: PLC0415  see above

    return missing(seen)


def _cut(seen: Look) -> list[dict[str, Any]]:
    return [_missing(seen)] if seen.cut else []


def _verdict(seen: Look) -> str:
    return str((seen.proof or {}).get("verdict", ""))


def _entry(
    seen: Look,
    verdict: str,
    drift: Sequence[Mapping[str, Any]],
    *,
    did: str,
    proven: float,
    cost: float,
    known: Mapping[str, Any],
    now: float,
) -> dict[str, Any]:
    since = {(each.get("cause"), each.get("where")): each.get("since") for each in known.get("drift") or ()}
    return {
        "release": seen.release,
        "verdict": verdict,
        "accepted": verdict in seen.accept,
        **_shown(seen.proof),
        "looked": seen.digest,
        "files": list(seen.files),
        "cost": round(cost, 3),
        "proven": proven or None,
        "did": did,
        "why": "",
        "drift": [
            {**each, "since": state.moment(since.get((each["cause"], each["where"])), now) or now} for each in drift
        ],
    }


def _shown(proof: Optional[Mapping[str, Any]]) -> dict[str, Any]:
    try:
        shown = row(proof or {})
    except (KeyError, TypeError):
        return dict(_UNKNOWN)
    return {key: shown[key] for key in _KEPT}


def _created(proof: Optional[Mapping[str, Any]], now: float) -> float:
    """When the stored proof was made, in seconds since the epoch; 0 where that is not known."""
    try:
        made = time.strptime(str((proof or {}).get("created")), "%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return 0.0
    return state.moment(calendar.timegm(made), now)
