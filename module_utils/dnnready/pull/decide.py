"""What a pull does, from what it knows. Pure: no file is read and no clock asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from .state import Applied, Failures, State

RUN, REST, WAIT = "run", "rest", "wait"


@dataclass(frozen=True)
class Decision:
    """What to do, and why."""

    what: str  #: run, rest, wait
    why: str


def pause(count: int, first: float, most: float) -> float:
    """Seconds to wait after so many failures in a row: doubled each time, up to the most."""
    return float(min(first * 2.0 ** min(count - 1, 60), most))


def failed(
    before: Optional[Failures],
    now: float,
    why: str,
    limits: tuple[float, float],
    *,
    revision: str = "",
    digest: str = "",
) -> Failures:
    """The failures with one more; of another revision, or with other settings, it is the first."""
    same = before is not None and (before.revision, before.digest) == (revision, digest)
    count = before.count + 1 if before is not None and same else 1
    return Failures(count, now + pause(count, *limits), why, revision, digest)


def waiting(failures: Optional[Failures], now: float, most: float) -> bool:
    """Whether it is too early. A time further away than the longest pause is of a clock that was set back."""
    return failures is not None and now < failures.until <= now + most


def look(state: State, now: float, most: float, *, hurry: bool) -> Decision:
    """Whether to ask the source."""
    if not hurry and state.unreachable is not None and waiting(state.unreachable, now, most):
        return Decision(WAIT, f"{state.unreachable.why} ({_times(state.unreachable)})")
    return Decision(RUN, "")


def attempt(
    state: State, revision: str, digest: str, now: float, *, most: float, repeat: float, differs: str, hurry: bool
) -> Decision:
    """Whether to run a revision. `differs` is what is not as the last run left it; empty where all is."""
    if hurry:
        return Decision(RUN, "it was asked for")
    tried = state.failed
    if tried is not None and (tried.revision, tried.digest) == (revision, digest) and waiting(tried, now, most):
        return Decision(WAIT, f"{tried.why} ({_times(tried)})")
    why = _reason(state.applied, revision, digest, differs, now=now, repeat=repeat)
    return Decision(RUN, why) if why else Decision(REST, "it is applied, and this host still holds")


def _reason(applied: Optional[Applied], revision: str, digest: str, differs: str, *, now: float, repeat: float) -> str:
    """Why a revision is to be run; empty where it need not be."""
    if applied is None:
        return "nothing was applied yet"
    if applied.revision != revision:
        return f"it is new; {applied.revision[:12]} was applied before"
    if applied.digest != digest:
        return "the settings are others"
    return differs or ("" if 0 <= now - applied.at < repeat else "the last run is long ago")


def _times(failures: Failures) -> str:
    return f"tried {failures.count} times" if failures.count > 1 else "tried once"
