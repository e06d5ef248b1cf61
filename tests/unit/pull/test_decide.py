"""When a host looks, runs, rests and waits: truth tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.pull.decide import REST, RUN, WAIT, attempt, failed, look, pause, waiting
from dnnready.pull.state import Applied, Failures, State

NOW = 1_800_000_000.0
MOST = 86400.0
APPLIED = Applied("aa", "settings", NOW - 60, {"onednn": "0" * 16})
FAILED = Failures(2, NOW + 60, "it fails", "bb", "settings")


@pytest.mark.parametrize(
    ("count", "seconds"), [(1, 600), (2, 1200), (3, 2400), (7, 38400), (8, 76800), (9, 86400), (5000, 86400)]
)
def test_each_failure_doubles_the_pause_up_to_the_most(count: int, seconds: int) -> None:
    assert pause(count, 600, 86400) == seconds


@given(st.integers(1, 10_000), st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_pause_is_never_longer_than_the_most_and_never_shorter_than_before(count: int, first: int, most: int) -> None:
    assert 0 < pause(count, first, most) <= most
    assert pause(count, first, most) <= pause(count + 1, first, most)


@pytest.mark.parametrize(
    ("before", "revision", "digest", "count"),
    [
        (None, "bb", "settings", 1),
        (FAILED, "bb", "settings", 3),
        (FAILED, "cc", "settings", 1),
        (FAILED, "bb", "others", 1),
        (replace(FAILED, revision="", digest=""), "", "", 3),
    ],
)
def test_failures_of_one_revision_with_one_set_of_settings_are_counted(
    before: Any, revision: str, digest: str, count: int
) -> None:
    found = failed(before, NOW, "why", (600.0, MOST), revision=revision, digest=digest)
    assert (found.count, found.until, found.why) == (count, NOW + pause(count, 600, MOST), "why")


@pytest.mark.parametrize(
    ("failures", "expected"),
    [
        (None, False),
        (FAILED, True),
        (replace(FAILED, until=NOW), False),
        (replace(FAILED, until=NOW - 1), False),
        (replace(FAILED, until=NOW + MOST), True),
        (replace(FAILED, until=NOW + MOST + 1), False),  # a clock was set back since
    ],
)
def test_waiting(failures: Any, expected: bool) -> None:
    assert waiting(failures, NOW, MOST) is expected


@pytest.mark.parametrize(
    ("unreachable", "hurry", "what"),
    [(None, False, RUN), (FAILED, False, WAIT), (FAILED, True, RUN), (replace(FAILED, until=NOW), False, RUN)],
)
def test_a_source_that_did_not_answer_is_left_alone(unreachable: Any, hurry: bool, what: str) -> None:
    assert look(State(unreachable=unreachable), NOW, MOST, hurry=hurry).what == what


@pytest.mark.parametrize(
    ("changes", "asked", "what", "why"),
    [
        ({}, {}, REST, "still holds"),
        ({"applied": None}, {}, RUN, "nothing was applied yet"),
        ({}, {"revision": "cc"}, RUN, "it is new; aa was applied"),
        ({}, {"digest": "others"}, RUN, "settings"),
        ({}, {"differs": "onednn: the kernel is another one"}, RUN, "the kernel is another one"),
        ({}, {"hurry": True}, RUN, "asked"),
        ({}, {"repeat": 60.0}, RUN, "long ago"),
        ({"applied": replace(APPLIED, at=NOW + 1)}, {}, RUN, "long ago"),  # of a clock that was set back
        ({"failed": FAILED}, {"revision": "bb"}, WAIT, "it fails (tried 2 times)"),
        ({"failed": replace(FAILED, count=1)}, {"revision": "bb"}, WAIT, "tried once"),
        ({"failed": FAILED}, {"revision": "bb", "hurry": True}, RUN, "asked"),
        ({"failed": FAILED}, {"revision": "bb", "digest": "others"}, RUN, "it is new"),
        ({"failed": replace(FAILED, until=NOW)}, {"revision": "bb"}, RUN, "it is new"),
        ({"failed": FAILED}, {"revision": "cc"}, RUN, "it is new"),
        ({"failed": FAILED}, {}, REST, "still holds"),
    ],
)
def test_what_is_done_with_a_revision(changes: Any, asked: Any, what: str, why: str) -> None:
    state = State(**{"applied": APPLIED, **changes})
    given_values: dict[str, Any] = {
        "revision": "aa",
        "digest": "settings",
        "now": NOW,
        "most": MOST,
        "repeat": 3600.0,
        "differs": "",
        "hurry": False,
        **asked,
    }
    decision = attempt(state, given_values.pop("revision"), given_values.pop("digest"), **given_values)
    assert (decision.what, why in decision.why) == (what, True), decision
