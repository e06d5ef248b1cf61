"""What a stack still needs, for every state it can be in."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dnnready.release import facts
from dnnready.release.look import look
from dnnready.release.store import Store
from tests.unit.release.specs import build, finish, prove, set_environment, spec

ALL = ["installed", "environment", "proof", "active"]
WANTED = spec()
OTHER = spec(options={"number": 2})
Step = Callable[[Store], Any]


def activate(store: Store) -> None:
    """What the switch leaves."""
    store.point("current", WANTED["id"])
    facts.write(facts.path_of(store.prefix, ""), facts.render(store.prefix))


def spoil(name: str, text: str) -> Step:
    """Write something else into a file of the release."""
    return lambda store: (store.release(WANTED["id"]) / name).write_text(text, encoding="utf-8")


def remove(name: str) -> Step:
    """Take a file out of the release."""
    return lambda store: (store.release(WANTED["id"]) / name).unlink()


def other_is_current(store: Store) -> None:
    """Another release is current, and the fact file says so."""
    finish(store, OTHER)
    store.point("current", OTHER["id"])
    facts.write(facts.path_of(store.prefix, ""), facts.render(store.prefix))


def touch_interpreter(store: Store) -> None:
    """A file that the proof had loaded is another one now."""
    os.utime(store.release(WANTED["id"]) / "venv" / "bin" / "python", (1, 1))


DONE: list[Step] = [lambda store: finish(store, WANTED), activate]


@pytest.mark.parametrize(
    ("steps", "state", "needs", "why"),
    [
        ([], "absent", ALL, "is not built"),
        ([lambda store: build(store, WANTED, "building")], "building", ALL, "was left unfinished"),
        ([lambda store: build(store, WANTED)], "installed", ALL[1:], "environment file"),
        (
            [lambda store: build(store, WANTED), lambda store: set_environment(store, WANTED)],
            "installed",
            ALL[2:],
            "there is no proof",
        ),
        ([lambda store: finish(store, WANTED)], "verified", ALL[3:], "no release is current"),
        ([lambda store: finish(store, WANTED), other_is_current], "verified", ALL[3:], f"{OTHER['id']} is current"),
        (DONE, "active", [], ""),
        ([*DONE, remove("venv/bin/python")], "active", ALL, "interpreter of release"),
        ([*DONE, remove("environment")], "active", ALL[1:], "environment file"),
        ([*DONE, spoil("environment", "OMP_NUM_THREADS=99\n")], "active", ALL[1:], "environment file"),
        ([*DONE, remove("proof.json")], "active", ALL[2:], "there is no proof"),
        ([*DONE, spoil("proof.json", "{")], "active", ALL[2:], "there is no proof"),
        ([*DONE, touch_interpreter], "active", ALL[2:], "was replaced"),
        ([*DONE, lambda store: prove(store, WANTED, "fallback")], "active", ALL[2:], "its verdict was fallback"),
        ([*DONE, lambda store: prove(store, WANTED, "broken")], "active", ALL[2:], "broken"),
        ([*DONE, remove("manifest.json")], "building", ALL, "was left unfinished"),
        (
            [*DONE, lambda store: (store.prefix / "facts.d" / "dnnready.fact").unlink()],
            "active",
            ALL[3:],
            "not up to date",
        ),
    ],
)
def test_needs(tmp_path: Path, steps: list[Step], state: str, needs: list[str], why: str) -> None:
    store = Store(tmp_path, "app")
    for step in steps:
        step(store)
    found = look(tmp_path, [WANTED], {}, facts.path_of(tmp_path, ""))["app"]
    assert (found["state"], found["needs"]) == (state, needs)
    assert why in found["why"]
    assert bool(found["why"]) == bool(needs)
    assert found["row"]["verdict"] == ("unproven" if needs else "accelerated")
    assert found["current"] == store.linked("current")


def test_a_verdict_that_is_accepted_here_needs_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path, "app")
    finish(store, WANTED)
    prove(store, WANTED, "fallback")
    activate(store)
    fact = facts.path_of(tmp_path, "")
    assert look(tmp_path, [WANTED], {"app": ["accelerated", "fallback"]}, fact)["app"]["needs"] == []
    assert look(tmp_path, [WANTED], {"other": ["fallback"]}, fact)["app"]["needs"] == ["proof", "active"]


def test_who_needs_nothing_may_vouch_where_that_is_asked(tmp_path: Path) -> None:
    store, fact = Store(tmp_path, "app"), facts.path_of(tmp_path, "")
    finish(store, WANTED)
    activate(store)
    path = store.release(WANTED["id"]) / "proof.json"
    proof = json.loads(path.read_text())
    path.write_text(json.dumps({**proof, "attestation": {"release": WANTED["id"]}}))
    assert "attestation" not in look(tmp_path, [WANTED], {}, fact)["app"]
    assert look(tmp_path, [WANTED], {}, fact, vouching=True)["app"]["attestation"] == {"release": WANTED["id"]}
    assert look(tmp_path, [WANTED], {}, fact, vouching=True, force=True)["app"]["attestation"] is None
    path.write_text(json.dumps(proof))
    assert look(tmp_path, [WANTED], {}, fact, vouching=True)["app"]["attestation"] is None
    path.unlink()
    assert look(tmp_path, [WANTED], {}, fact, vouching=True)["app"]["attestation"] is None


def test_force_needs_everything(tmp_path: Path) -> None:
    store = Store(tmp_path, "app")
    finish(store, WANTED)
    activate(store)
    assert look(tmp_path, [WANTED], {}, facts.path_of(tmp_path, ""), force=True)["app"]["needs"] == ALL


def test_looking_changes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path, "app")
    build(store, WANTED, "building")
    before = sorted((str(path), path.lstat().st_mtime_ns) for path in tmp_path.rglob("*"))
    look(tmp_path, [WANTED, spec("never-built")], {}, facts.path_of(tmp_path, ""))
    assert sorted((str(path), path.lstat().st_mtime_ns) for path in tmp_path.rglob("*")) == before
