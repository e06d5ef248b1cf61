"""The kill test's own logic: it counts calls rightly, chooses points that are there, and sees what is lost."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.faults.kill import judge, points
from tests.faults.kill.operations import Operation
from tests.faults.kill.payload import with_arguments
from tests.faults.kill.points import Point, Traced

OLD, NEW = "a" * 16, "b" * 16
TRACE = """\
100 write(1</dev/null>, "payload", 7) = 7
100 mkdir("/world/prefix/stacks", 0777) = 0
101 write(3</world/prefix/x>, "y", 1) = 1
101 write(3</world/prefix/x>, "y", 1 <unfinished ...>
100 fsync(4</world/prefix/stacks>) = 0
101 <... write resumed>) = 1
101 +++ exited with 0 +++
100 rename("/world/prefix/a", "/world/prefix/b") = 0
100 write(1<pipe:[7]>, "{}", 2) = 2
100 +++ exited with 0 +++
"""


def test_a_trace_is_counted_by_process() -> None:
    traced = points.read(TRACE, "/world/prefix", 1.5)
    assert traced == Traced(("write", "mkdir", "fsync", "rename", "write"), 1, 3, {"write": 2}, 1.5)


def test_points_are_those_that_concern_the_prefix_and_the_one_after() -> None:
    traced = points.read(TRACE, "/world/prefix", 1.5)
    chosen = points.choose("build", [(0, "plain", traced)], 40, points.dice_of(1))
    calls = [str(point) for point in chosen if point.kind == "call"]
    assert calls == [f"build:0:plain:call:{call}" for call in ("mkdir.1", "fsync.1", "rename.1", "write.2")]
    assert len(chosen) == 40
    assert all(0 < point.number < 1.5 for point in chosen if point.kind == "time")


def test_a_child_is_killed_where_the_module_does_not_come_to() -> None:
    traced = Traced(("write", "write"), 0, 1, {"write": 5, "rename": 1}, 1.0)
    chosen = points.choose("build", [(0, "plain", traced)], 100, points.dice_of(1))
    children = {(point.call, int(point.number)) for point in chosen if point.kind == "child"}
    assert children == {("write", 3), ("write", 4), ("write", 5), ("rename", 1)}


@pytest.mark.parametrize("wanted", [1, 4, 7, 30])
def test_the_same_seed_chooses_the_same_points(wanted: int) -> None:
    traced = [(0, "plain", Traced(("mkdir",) * 50, 3, 40, {"write": 90}, 2.0))]
    first, second = (points.choose("build", traced, wanted, points.dice_of(7)) for _ in range(2))
    assert first == second
    assert len(first) == wanted
    assert len(set(first)) == wanted


@pytest.mark.parametrize("text", ["build:0:plain:call:rename.3", "playbook:0:plain:time:2.15"])
def test_a_point_is_what_it_says(text: str) -> None:
    assert str(points.parse(text)) == text


@pytest.mark.parametrize("text", ["build", "build:0:plain:never:1", "build:x:plain:call:rename.3"])
def test_what_is_no_point_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        points.parse(text)


def test_a_module_gets_other_arguments_and_keeps_what_ansible_says() -> None:
    given = 'x\nparams=\'{"ANSIBLE_MODULE_ARGS": {"state": "looked", "_ansible_diff": false}}\',\ny\n'
    changed = with_arguments(given, {"path": "it's"})
    assert "looked" not in changed
    assert "_ansible_diff" in changed
    compile(f"f({changed.splitlines()[1]})", "payload", "exec")
    assert with_arguments(changed, {"state": "looked"}).count("it's") == 0


def look(*releases: str, current: str, finished: bool = True) -> dict[str, Any]:
    """What `look.py` sees of a host whose current release convolves."""
    files = {"stacks/onednn": "dir", "stacks/onednn/current": f"-> releases/{current}"}
    documents: dict[str, Any] = {}
    for release in releases:
        place = f"stacks/onednn/releases/{release}"
        files |= {place: "dir", f"{place}/venv/lib/libdnnl.so.3": "d1", f"{place}/manifest.json": release}
        documents[f"{place}/manifest.json"] = {"state": "installed" if finished or release == OLD else "building"}
    proof = {"verdict": "accelerated", "release": current, "summary": {"implementations": ["jit:avx2"]}}
    return {"files": files, "documents": documents, "verify": {"status": 0, "proofs": [proof], "errors": ""}}


BUILD = Operation("build", "old", (), (OLD,), OLD)
BEFORE, AFTER = look(OLD, current=OLD), look(OLD, NEW, current=OLD)


def killed(seen: dict[str, Any]) -> list[str]:
    return judge.after_kill(BUILD, seen, BEFORE, AFTER)


def test_what_is_as_before_or_as_after_or_unfinished_survived() -> None:
    assert killed(BEFORE) == []
    assert killed(AFTER) == []
    unfinished = look(OLD, NEW, current=OLD, finished=False)
    del unfinished["files"][f"stacks/onednn/releases/{NEW}/venv/lib/libdnnl.so.3"]
    unfinished["files"]["stacks/onednn/.current.77"] = f"-> releases/{NEW}"
    assert killed(unfinished) == []
    assert judge.after_rerun(BUILD, AFTER, AFTER) == []


def test_a_whole_wheel_that_is_only_there_for_a_moment_survived_and_a_part_of_it_did_not() -> None:
    after = copy.deepcopy(AFTER)
    after["documents"]["depot/manifest.json"] = {"files": [{"path": "wheels/uv.whl", "sha256": "aa"}]}
    for content, problems in (("aa", 0), ("bb", 1)):
        seen = copy.deepcopy(BEFORE)
        seen["files"]["depot/wheels/uv.whl"] = content
        assert len(judge.after_kill(BUILD, seen, BEFORE, after)) == problems


def broken(kind: str) -> dict[str, Any]:
    """A host on which something was lost."""
    seen = copy.deepcopy(AFTER)
    library = f"stacks/onednn/releases/{NEW}/venv/lib/libdnnl.so.3"
    if kind == "current leads elsewhere":
        seen["files"]["stacks/onednn/current"] = f"-> releases/{NEW}"
    elif kind == "current is gone":
        del seen["files"]["stacks/onednn/current"]
    elif kind == "it does not run":
        seen["verify"].update(status=2, proofs=[])
    elif kind == "another implementation ran":
        seen["verify"]["proofs"][0]["verdict"] = "fallback"
    elif kind == "a library is cut":
        seen["files"][library] = "d2"
    elif kind == "a library is missing":
        del seen["files"][library]
    elif kind == "a document is cut":
        seen["documents"][f"stacks/onednn/releases/{NEW}/manifest.json"] = None
        seen["files"]["stacks/onednn/switch.json"] = "d3"
        seen["documents"]["stacks/onednn/switch.json"] = None
    elif kind == "something else is there":
        seen["files"]["depot/wheels/x.whl"] = "d4"
    return seen


LOSSES = [
    "current leads elsewhere",
    "current is gone",
    "it does not run",
    "another implementation ran",
    "a library is cut",
    "a library is missing",
    "a document is cut",
    "something else is there",
]


@pytest.mark.parametrize("kind", LOSSES)
def test_what_is_lost_is_seen(kind: str) -> None:
    assert killed(broken(kind)) != []
    assert judge.after_rerun(BUILD, broken(kind), AFTER) != []


def test_what_a_rerun_leaves_behind_is_seen() -> None:
    seen = copy.deepcopy(AFTER)
    seen["files"]["stacks/onednn/.current.77"] = f"-> releases/{NEW}"
    assert judge.after_rerun(BUILD, seen, AFTER) == ["left behind: stacks/onednn/.current.77"]


def test_a_point_of_a_child_is_told_from_one_of_the_module() -> None:
    assert str(Point("build", 0, "overlay", "child", 90, "openat")) == "build:0:overlay:child:openat.90"
