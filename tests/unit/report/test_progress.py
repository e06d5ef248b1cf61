"""Progress lines: rare, about steps, and gone when the step is."""

from __future__ import annotations

import pytest

from dnnready.report.progress import Progress


def mentioned(progress: Progress, until: int) -> list[int]:
    return [second for second in range(until) if progress.due(second)]


def test_times() -> None:
    progress = Progress()
    progress.start("a", "Build", 0)
    assert mentioned(progress, 200) == [10, 30, 60, 120, 180]


def test_a_late_look_does_not_pile_up() -> None:
    progress = Progress()
    progress.start("a", "Build", 0)
    assert len(progress.due(100)) == 1
    assert progress.due(101) == []
    assert progress.due(120) == ["dnnready: 2 min 00 s: Build: a"]


def test_short_steps_are_silent() -> None:
    progress = Progress()
    for second in range(0, 90, 9):
        progress.start("a", "Build", second)
        assert progress.due(second + 9) == []
        progress.end("a")
    assert progress.due(1000) == []


def test_one_line_per_step_names_the_slow_hosts() -> None:
    progress = Progress()
    for number, host in enumerate("abcde"):
        progress.start(host, "Build\nit", number)
    progress.start("f", "Prove", 0)
    progress.start("late", "Build\nit", 13)
    progress.end("b")
    assert progress.due(15) == ["dnnready: 15 s: Build it: a, c, d and 1 more", "dnnready: 15 s: Prove: f"]


def test_the_same_step_of_a_later_host_starts_anew() -> None:
    progress = Progress()
    progress.start("a", "Build", 0)
    assert progress.due(65) == ["dnnready: 1 min 05 s: Build: a"]
    progress.end("a")
    progress.start("b", "Build", 70)
    assert progress.due(75) == []
    assert progress.due(80) == ["dnnready: 10 s: Build: b"]


@pytest.mark.parametrize("host", ["unknown", ""])
def test_the_end_of_what_never_began(host: str) -> None:
    Progress().end(host)
