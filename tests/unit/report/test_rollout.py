import pytest

from dnnready.report.rollout import Rollout, render, unfinished, untouched

PLANNED = {
    "hosts": ["a", "b", "c", "d"],
    "sizes": [1, 2, 1],
    "rings": [{"name": "1", "hosts": ["a"]}, {"name": "early", "hosts": ["b", "c"]}, {"name": "100%", "hosts": ["d"]}],
    "off": {"x": "Connection refused"},
    "duplicates": {"e": "d"},
}


def judged(hosts, *, stop=False, failed=None, lost=(), why=""):
    return {"ring": {"hosts": hosts, "stop": stop, "why": why, "failed": failed or {}, "lost": list(lost)}}


@pytest.fixture
def rollout():
    gathered = Rollout()
    gathered.add("a", {"ansible_facts": {"dnnready_rollout": PLANNED}})
    gathered.add("a", judged(["a"]))
    return gathered


def stopped(rollout):
    rollout.add(
        "b", judged(["b", "c"], stop=True, failed={"c": "not\nproven"}, why="1 of 2 hosts failed, more than 10%")
    )
    rollout.add("b", {"rolled_back": True, "stack": "onednn"})
    return rollout.document({}, [])


def test_no_rings_is_no_rollout():
    assert Rollout().document({}, []) is None


def test_the_ring_that_stopped(rollout):
    first, second, third = stopped(rollout)["rings"]
    assert (first["outcome"], second["outcome"], third["outcome"]) == ("done", "stopped", "untouched")
    assert second["failed"] == {"c": "not proven"}
    assert second["taken_back"] == {"b": ["onednn"]}


def test_what_is_left_for_the_next_run(rollout):
    assert unfinished(stopped(rollout), ["z"]) == ["b", "c", "d", "x", "z"]


def test_the_lines(rollout):
    assert render(stopped(rollout)).splitlines() == [
        "Rings: 3, for 4 hosts with something to do",
        "  1  1, a: done",
        "  2  early, b, c: stopped, because 1 of 2 hosts failed, more than 10%; failed: c; taken back: b",
        "  3  100%, d: not touched",
        "Off: x. The next run completes them.",
        "e is d under another name, and was left to it.",
    ]


def test_a_rollback_that_somebody_asked_for_is_none_of_a_ring(rollout):
    rollout.add("b", judged(["b", "c"]))
    rollout.add("b", {"rolled_back": True, "stack": "onednn"})
    assert rollout.document({}, [])["rings"][1]["taken_back"] == {}


def test_a_host_that_was_lost(rollout):
    rollout.add("b", judged(["b", "c"], lost=["c"]))
    document = rollout.document({}, [])
    assert "no longer answering: c" in render(document)
    assert "c" in unfinished(document, [])


@pytest.mark.parametrize(
    ("planned", "text"),
    [
        ({**PLANNED, "rings": [], "off": {}, "duplicates": {}}, ""),
        ({**PLANNED, "rings": PLANNED["rings"][:1], "off": {}, "duplicates": {}}, ""),
        ({**PLANNED, "rings": [], "duplicates": {}}, "Off: x. The next run completes them."),
    ],
)
def test_a_machine_alone_needs_no_lines(planned, text):
    gathered = Rollout()
    gathered.add("a", {"ansible_facts": {"dnnready_rollout": planned}})
    gathered.add("a", judged(["a"]))
    assert render(gathered.document({}, [])) == text


def test_many_names_are_counted():
    many = [f"h{number:03}" for number in range(500)]
    gathered = Rollout()
    planned = {**PLANNED, "rings": [{"name": "100%", "hosts": many}]}
    gathered.add("a", {"ansible_facts": {"dnnready_rollout": planned}})
    assert "h011 and 488 more: not touched" in render(gathered.document({}, []))


def begun(rollout, *hosts):
    rollout.begin_play()
    for host in hosts:
        rollout.begin(host)
    return rollout


@pytest.mark.parametrize(
    ("failed", "unreachable", "why", "lost"),
    [
        ({}, ["b", "c"], "2 of 2 hosts failed before it was judged", ["b", "c"]),
        ({"b": "interrupted"}, ["c"], "2 of 2 hosts failed before it was judged", ["c"]),
        ({"b": "interrupted", "c": "interrupted"}, [], "2 of 2 hosts failed before it was judged", []),
    ],
)
def test_a_ring_that_nobody_could_judge_was_touched(rollout, failed, unreachable, why, lost):
    document = begun(rollout, "b", "c").document(failed, unreachable)
    assert [ring["outcome"] for ring in document["rings"]] == ["done", "stopped", "untouched"]
    ring = document["rings"][1]
    assert (ring["why"], ring["failed"], ring["lost"]) == (why, failed, lost)
    assert unfinished(document, []) == ["b", "c", "d", "x"]


def test_what_a_host_does_before_the_rings_are_planned_begins_none():
    gathered = Rollout()
    gathered.begin_play()
    gathered.begin("a")
    gathered.add("a", {"ansible_facts": {"dnnready_rollout": PLANNED}})
    gathered.begin("d")
    assert gathered.unjudged() == []
    assert begun(gathered, "a").unjudged() == ["a"]


def test_a_ring_that_goes_on_has_no_verdict_yet(rollout):
    assert begun(rollout, "b").document({}, ["x"])["rings"][1]["outcome"] == "untouched"


def test_hosts_that_no_ring_came_to(rollout):
    assert untouched(stopped(rollout)) == ["d"]
    assert untouched(None) == []
