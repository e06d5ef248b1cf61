"""What a host is asked for."""

from __future__ import annotations

import pytest

from dnnready.plan.packages import packages


def test_each_name_once_whatever_release_and_source():
    found = packages(
        {
            "a": {"system_packages": ["libgomp1", "libc6"], "packages": {"bookworm": ["x"], "trixie": ["y", "x"]}},
            "b": {"system_packages": ["libgomp1"]},
        }
    )
    assert found == ["python3-venv", "libgomp1", "libc6", "x", "y"]


@pytest.mark.parametrize(
    "definition",
    [{}, None, "text", {"packages": ["x"]}, {"packages": {"bookworm": "x"}}, {"system_packages": "x"}],
)
def test_what_the_plan_will_refuse_is_left_out(definition):
    assert packages({"a": definition}) == ["python3-venv"]
