import pytest
from hypothesis import given
from hypothesis import strategies as some

from dnnready.errors import DnnreadyError
from dnnready.plan.rings import rings

NAMES = [f"h{number:02}" for number in range(20)]
GROUPS = {"all": NAMES, "canary": ["h07"], "early": ["h03", "h05", "h07"], "empty": []}


def made(wishes, hosts=NAMES, classes=None):
    return [(ring["name"], ring["hosts"]) for ring in rings(hosts, wishes, GROUPS, classes or {})]


@pytest.mark.parametrize(
    ("wishes", "sizes"),
    [
        ([1, "10%", "100%"], [1, 2, 17]),
        (["1", "10 %".replace(" ", ""), "100%"], [1, 2, 17]),
        ([], [20]),
        (["50%"], [10, 10]),
        ([1, 9], [1, 9, 9, 1]),
        ([30], [20]),
        (["1%"], [1] * 20),
        (["12.5%", "100%"], [2, 18]),
        (["canary", "early", "100%"], [1, 2, 17]),
        (["canary"], [1, 19]),
        (["empty", "canary", "early"], [1, 2, 17]),
        (["all"], [20]),
    ],
)
def test_sizes(wishes, sizes):
    assert [len(hosts) for _, hosts in made(wishes)] == sizes


def test_what_is_left_after_a_group_is_the_rest():
    assert made(["canary", "early"])[1:] == [
        ("early", ["h03", "h05"]),
        ("rest", [name for name in NAMES if name not in GROUPS["early"]]),
    ]


def test_nothing_to_do_is_no_ring():
    assert made([1, "100%"], hosts=[]) == []


def test_a_ring_meets_as_many_classes_as_it_can():
    classes = {name: "old" if number < 15 else "new" if number < 18 else "arm" for number, name in enumerate(NAMES)}
    (_, first), (_, second), *_ = made([1, 2, "100%"], classes=classes)
    assert (first, second) == (["h00"], ["h15", "h18"])


@pytest.mark.parametrize("wish", [0, -1, "0%", "101%", "10 percent", "", None, True, "nowhere", 1.5])
def test_a_wish_without_sense_is_named(wish):
    with pytest.raises(DnnreadyError, match=r"dnnready_rings has .*no group of the inventory"):
        made([1, wish])


_WISH = some.one_of(
    some.integers(1, 30), some.integers(1, 100).map(lambda number: f"{number}%"), some.sampled_from(list(GROUPS))
)


@given(
    hosts=some.lists(some.sampled_from(NAMES), unique=True),
    wishes=some.lists(_WISH, max_size=5),
    classes=some.dictionaries(some.sampled_from(NAMES), some.sampled_from("abc")),
)
def test_every_host_is_in_one_ring(hosts, wishes, classes):
    found = made(wishes, hosts, classes)
    assert sorted(host for _, ring in found for host in ring) == sorted(hosts)
    assert all(ring for _, ring in found)
