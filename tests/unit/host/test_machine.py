"""The view of a machine: doubts instead of exceptions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.host.machine import Machine, id_list


@pytest.mark.parametrize(
    ("text", "ids"),
    [("", []), ("0\n", [0]), ("0-3,8", [0, 1, 2, 3, 8]), ("8,0-1,1", [0, 1, 8])],
)
def test_id_lists(text, ids):
    assert id_list(text) == ids


@given(st.sets(st.integers(min_value=0, max_value=4096)))
def test_every_set_of_ids_survives(ids):
    assert id_list(",".join(map(str, ids))) == sorted(ids)


@pytest.mark.parametrize("text", ["x", "1-", "a-b", "1;2"])
def test_what_is_no_list_is_no_list(text):
    if text == "1-":
        assert id_list(text) == [1]
    else:
        with pytest.raises(ValueError, match="invalid literal"):
            id_list(text)


@pytest.mark.parametrize(
    ("probe", "why"),
    [
        (lambda: open("/nonexistent/file"), "/nonexistent/file: No such file or directory"),  # noqa: SIM115 - it fails
        (lambda: {}["x"], "'x'"),
        (lambda: (_ for _ in ()).throw(MemoryError()), "MemoryError"),
    ],
)
def test_a_failing_probe_leaves_a_doubt_and_the_other_value(probe, why):
    machine = Machine()
    assert machine.ask("part.fact", "other", probe) == "other"
    assert machine.unknown == [{"what": "part.fact", "why": why}]
