"""How wheels are asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.depot_builder.wheels import Source, batches, platforms
from dnnready.release.lock import Requirement


@pytest.mark.parametrize(("tag", "python"), [("any", "3.9"), ("cp39", "3.9"), ("cp311", "3.11"), ("cp313", "3.13")])
def test_the_python_that_pip_chooses_for(tag, python):
    assert Source(tag, "x86_64").python == python


def test_platforms_are_those_of_glibc_2_28_and_older():
    found = platforms("aarch64")
    assert found[0] == "manylinux_2_28_aarch64"
    assert "manylinux_2_29_aarch64" not in found
    assert {"manylinux2014_aarch64", "manylinux_2_17_aarch64"} <= set(found)


@given(st.lists(st.one_of(st.none(), st.integers(0, 100)), max_size=30), st.integers(1, 120))
def test_batches_hold_everything_once_and_little_each(sizes, most):
    requirements = [Requirement(f"p{number}", "1", (), size=size) for number, size in enumerate(sizes)]
    found = list(batches(requirements, most))
    assert sorted(one.name for batch in found for one in batch) == sorted(one.name for one in requirements)
    for batch in found:
        assert len(batch) == 1 or sum(one.size or 0 for one in batch) <= most
