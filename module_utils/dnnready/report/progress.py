"""Says which hosts are still busy with which step, rarely enough to read."""

from __future__ import annotations

from typing import Optional

from .rows import one_line

#: Seconds after which a step is mentioned; then once a minute.
FIRST, SECOND, EVERY = 10.0, 30.0, 60.0
NAMED_HOSTS = 3


class Progress:
    """The steps that run now. All times are seconds of one monotonic clock, given by the caller."""

    def __init__(self) -> None:
        self._running: dict[str, tuple[str, float]] = {}
        self._mentioned: dict[str, float] = {}  # step: age at which it was mentioned last

    def start(self, host: str, step: str, now: float) -> None:
        """A host begins a step; it does one at a time."""
        self._running[host] = (step, now)

    def end(self, host: str) -> None:
        """A host ended its step."""
        step, _ = self._running.pop(host, ("", 0.0))
        if all(other != step for other, _ in self._running.values()):
            self._mentioned.pop(step, None)

    @property
    def running(self) -> list[str]:
        """The hosts that are in the middle of a step."""
        return list(self._running)

    def due(self, now: float) -> list[str]:
        """One line for each step that is to be mentioned now."""
        lines = []
        for step in dict.fromkeys(step for step, _ in list(self._running.values())):
            started = {host: since for host, (other, since) in list(self._running.items()) if other == step}
            if not started:
                continue
            age = now - min(started.values())
            if age >= _next(self._mentioned.get(step)):
                self._mentioned[step] = age
                slow = sorted(
                    (host for host in started if now - started[host] >= FIRST), key=lambda host: started[host]
                )
                lines.append(f"dnnready: {_duration(age)}: {one_line(step)}: {_names(slow)}")
        return lines


def _next(last: Optional[float]) -> float:
    if last is None:
        return FIRST
    return SECOND if last < SECOND else (last // EVERY + 1) * EVERY


def _names(hosts: list[str]) -> str:
    names = ", ".join(one_line(host) for host in hosts[:NAMED_HOSTS])
    more = len(hosts) - NAMED_HOSTS
    return f"{names} and {more} more" if more > 0 else names


def _duration(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole} s" if whole < EVERY else f"{whole // 60} min {whole % 60:02d} s"
