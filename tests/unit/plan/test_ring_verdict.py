import pytest

from dnnready.plan.ring_verdict import judge, switched

TEN = [f"h{number}" for number in range(10)]


@pytest.mark.parametrize(
    ("hosts", "failed", "lost", "wishes", "stop"),
    [
        (TEN, {}, [], (10, ""), False),
        (TEN, {"h1": "x"}, [], (10, ""), False),
        (TEN, {"h1": "x", "h2": "y"}, [], (10, ""), True),
        (TEN, {"h1": "x"}, ["h2"], (10, ""), True),
        (TEN, {"h1": "x"}, ["h1"], (10, ""), False),
        (TEN, {}, ["h2"], (0, ""), True),
        (TEN, dict.fromkeys(TEN, "x"), [], (100, ""), False),
        (["h1"], {"h1": "x"}, [], (10, ""), True),
        (["h1"], {}, ["h1"], (10, ""), True),
        (["h1"], {}, [], (0, ""), False),
        (TEN, {}, [], (10, "exit 1 too slow"), True),
        (TEN, {"other": "x"}, ["another"], (0, ""), False),
    ],
)
def test_when_a_ring_is_the_last_one(hosts, failed, lost, wishes, stop):
    limit, check = wishes
    verdict = judge(hosts, failed, lost, limit=limit, check=check)
    assert verdict["stop"] is stop
    assert bool(verdict["why"]) is stop


def test_what_it_says():
    verdict = judge(TEN, {"h1": "disk full"}, ["h2"], limit=10)
    assert verdict == {
        "failed": {"h1": "disk full"},
        "lost": ["h2"],
        "stop": True,
        "why": "2 of 10 hosts failed, more than 10%",
    }
    assert judge(TEN, {}, [], limit=10, check="exit 1 too slow")["why"] == "dnnready_ring_check: exit 1 too slow"


def entry(identifier, current):
    return {"id": identifier, "current": current}


@pytest.mark.parametrize(
    ("stacks", "proven", "ways"),
    [
        ({"a": entry("new", "old")}, ["a"], {"a": "old"}),
        ({"a": entry("new", "old")}, [], {}),
        ({"a": entry("new", "new")}, ["a"], {}),  # proven again, not switched
        ({"a": entry("new", "")}, ["a"], {}),  # the first release
        ({"a": entry("new", None)}, ["a"], {}),
        ({"a": entry("new", "old"), "b": entry("new", "old")}, ["b"], {"b": "old"}),
        ({}, ["a"], {}),
    ],
)
def test_the_way_back_is_what_was_current_before(stacks, proven, ways):
    assert switched(stacks, proven) == ways
