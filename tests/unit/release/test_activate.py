"""Who may become current, what is kept, what the fact file says."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dnnready.errors import DnnreadyError
from dnnready.release import activate, facts
from dnnready.release.store import Store
from tests.unit.release.specs import build, finish, prove, set_environment, spec, through_current

ACCEPTED = ["accelerated"]
SPECS = [spec(options={"number": number}) for number in range(5)]
IDS = [one["id"] for one in SPECS]
make_current = partial(activate.activate, prove=through_current)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, "app")


@pytest.fixture
def fact(store: Store) -> Path:
    return facts.path_of(store.prefix, "")


def read(fact: Path) -> dict[str, Any]:
    """The fact file as a playbook sees it."""
    document: dict[str, Any] = json.loads(fact.read_text(encoding="utf-8"))
    return document


def test_a_proven_release_becomes_current(store: Store, fact: Path) -> None:
    finish(store, SPECS[0])
    assert make_current(store, IDS[0], ACCEPTED, 0, fact).changed
    assert store.linked("current") == IDS[0]
    assert store.linked("previous") == ""
    told = read(fact)["stacks"]["app"]
    assert (told["release"], told["verdict"], told["isa"]) == (IDS[0], "accelerated", "avx2")
    assert fact.stat().st_mode & 0o777 == 0o644


def test_everyone_may_read_the_fact_whatever_the_umask(store: Store, fact: Path) -> None:
    finish(store, SPECS[0])
    before = os.umask(0o077)
    try:
        make_current(store, IDS[0], ACCEPTED, 0, fact)
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(before)
    assert fact.parent.stat().st_mode & 0o777 == 0o755


def test_twice_is_no_change(store: Store, fact: Path) -> None:
    finish(store, SPECS[0])
    make_current(store, IDS[0], ACCEPTED, 0, fact)
    before = fact.read_text(encoding="utf-8")
    assert not activate.decide(store, IDS[0], 0, fact).changed
    assert not make_current(store, IDS[0], ACCEPTED, 0, fact).changed
    assert fact.read_text(encoding="utf-8") == before
    assert store.linked("previous") == ""


def test_previous_is_what_was_current_before(store: Store, fact: Path) -> None:
    for number in (0, 1):
        finish(store, SPECS[number])
        make_current(store, IDS[number], ACCEPTED, 0, fact)
    assert (store.linked("current"), store.linked("previous")) == (IDS[1], IDS[0])
    make_current(store, IDS[0], ACCEPTED, 0, fact)
    assert (store.linked("current"), store.linked("previous")) == (IDS[0], IDS[1])
    assert sorted(store.identifiers()) == sorted(IDS[:2])


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (lambda store: store.root, "is not built"),
        (lambda store: build(store, SPECS[1], "building"), "is not built"),
        (lambda store: build(store, SPECS[1]), "has no proof"),
        (lambda store: (finish(store, SPECS[1]), prove(store, SPECS[1], "fallback")), "is 'fallback', not accelerated"),
        (lambda store: (finish(store, SPECS[1]), prove(store, SPECS[1], "broken")), "is 'broken', not accelerated"),
    ],
)
def test_without_an_accepted_proof_current_stays(store: Store, fact: Path, prepare: Any, reason: str) -> None:
    finish(store, SPECS[0])
    make_current(store, IDS[0], ACCEPTED, 0, fact)
    prepare(store)
    with pytest.raises(DnnreadyError, match=reason) as caught:
        make_current(store, IDS[1], ACCEPTED, 0, fact)
    assert f"Current stays {IDS[0]}" in caught.value.message
    assert store.linked("current") == IDS[0]
    assert read(fact)["stacks"]["app"]["release"] == IDS[0]


def test_the_proof_of_another_release_does_not_count(store: Store, fact: Path) -> None:
    finish(store, SPECS[0])
    build(store, SPECS[1])
    set_environment(store, SPECS[1])
    (store.release(IDS[0]) / "proof.json").rename(store.release(IDS[1]) / "proof.json")
    with pytest.raises(DnnreadyError, match="has no proof"):
        make_current(store, IDS[1], ACCEPTED, 0, fact)


@pytest.mark.parametrize(("keep", "kept"), [(0, {4, 3}), (1, {4, 3, 2}), (2, {4, 3, 2, 1}), (9, {4, 3, 2, 1, 0})])
def test_current_previous_and_the_newest_are_kept(store: Store, fact: Path, keep: int, kept: set[int]) -> None:
    for number, one in enumerate(SPECS):
        finish(store, one)
        os.utime(store.release(IDS[number]) / "manifest.json", (1000 + number, 1000 + number))
    store.point("current", IDS[3])
    planned = activate.decide(store, IDS[4], keep, fact).superfluous
    removed = make_current(store, IDS[4], ACCEPTED, keep, fact).superfluous
    assert planned == removed
    assert {IDS.index(one) for one in store.identifiers()} == kept
    assert {IDS.index(one) for one in removed} == set(range(5)) - kept


def test_the_fact_file_follows_a_new_proof_and_keeps_the_time(store: Store, fact: Path) -> None:
    finish(store, SPECS[0])
    make_current(store, IDS[0], ACCEPTED, 0, fact)
    os.utime(store.root / "current", (1000, 1000), follow_symlinks=False)
    prove(store, SPECS[0], "fallback")
    assert activate.decide(store, IDS[0], 0, fact).facts_changed
    make_current(store, IDS[0], [*ACCEPTED, "fallback"], 0, fact)
    told = read(fact)["stacks"]["app"]
    assert (told["verdict"], told["since"]) == ("fallback", "1970-01-01T00:16:40Z")


def test_a_stack_goes_without_trace_and_others_stay(store: Store, fact: Path) -> None:
    other = Store(store.prefix, "other")
    theirs = spec("other")
    for one, wanted in ((store, SPECS[0]), (other, theirs)):
        finish(one, wanted)
        make_current(one, wanted["id"], ACCEPTED, 0, fact)
    assert activate.exists(store, fact)
    activate.remove(store, fact)
    assert not activate.exists(store, fact)
    assert list(read(fact)["stacks"]) == ["other"]
    assert sorted(path.name for path in (store.prefix / "stacks").iterdir()) == [".other.lock", "other"]
    activate.remove(other, fact)
    assert not fact.exists()
    assert list((store.prefix / "stacks").iterdir()) == []


def test_a_removal_that_was_cut_goes_on(store: Store, fact: Path) -> None:
    finish(store, SPECS[0])
    make_current(store, IDS[0], ACCEPTED, 0, fact)
    (store.root / "current").unlink()  # the first thing that a removal does
    assert activate.exists(store, fact)
    activate.remove(store, fact)
    assert not store.root.exists()
    assert not fact.exists()
