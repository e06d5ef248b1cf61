"""The lines for the journal."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.watch.journal import lines
from tests.unit.watch.sample import RELEASE, document, drift, entry


@pytest.mark.parametrize(
    ("changed", "priority"),
    [
        ({}, 6),
        ({"did": "quick"}, 6),
        ({"did": "full", "why": "the kernel is another one"}, 5),
        ({"verdict": "fallback"}, 6),
        ({"verdict": "fallback", "accepted": False}, 4),
        ({"drift": [drift()]}, 4),
        ({"verdict": "broken", "accepted": False, "drift": [drift()]}, 3),
        ({"verdict": "unproven", "accepted": False, "drift": [drift("release_not_current")]}, 3),
    ],
)
def test_the_priority_says_how_bad_it_is(changed, priority):
    ((found, line),) = lines(document(onednn=entry(**changed)))
    assert found == priority
    said = entry(**changed)
    assert line.startswith(f"stack=onednn verdict={said['verdict']} drift=")


def test_what_a_person_needs_is_in_the_line():
    ((_, line),) = lines(document(onednn=entry(drift=[drift()])))
    assert f"drift=isa_below_cpu proof=none release={RELEASE}: login shells: A=1. Take it away." in line


def test_who_is_at_work_is_no_alarm():
    busy = {**document(onednn=entry(drift=[drift()])), "skipped": {"onednn": "another run is at work."}}
    assert list(lines(busy)) == [
        (6, "stack=onednn outcome=skipped: another run is at work. It is looked at next time.")
    ]


def test_nothing_is_installed():
    assert [priority for priority, _ in lines(document())] == [5]


@given(st.text(), st.text())
def test_one_line_whatever_is_in_it(evidence, remedy):
    ((_, line),) = lines(document(onednn=entry(drift=[drift(evidence=[evidence], remedy=remedy)])))
    assert len(line.splitlines()) == 1
    assert re.match(r"stack=\S+ verdict=\S+ drift=\S+ proof=\S+ release=\S+: ", line)
