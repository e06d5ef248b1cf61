"""What healing builds releases again from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dnnready.errors import DnnreadyError
from dnnready.plan.sources import sources


def entry(identifier: str, path: object = "", index: str = "") -> dict[str, Any]:
    return {"spec": {"id": identifier}, "requirements_path": str(path), "definition": {"index_url": index}}


def test_the_lock_goes_with_its_own_release_alone(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("a==1\n")
    plan = {
        "stacks": {
            "same": entry("1", lock, "https://index.example/cpu"),
            "other": entry("2", lock),
            "new": entry("3", lock),
            "distribution": entry("4"),
            "blocked": {"spec": None, "requirements_path": "", "definition": {"required": True}},
        }
    }
    stacks = {name: {"current": current} for name, current in (("same", "1"), ("other", "9"), ("distribution", "4"))}
    assert sources(plan, stacks) == {
        "same": {"index_url": "https://index.example/cpu", "requirements": "a==1\n"},
        "other": {"index_url": ""},
        "new": {"index_url": ""},
        "distribution": {"index_url": ""},
    }


def test_a_lock_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(DnnreadyError, match=r"gone\.txt"):
        sources({"stacks": {"a": entry("1", tmp_path / "gone.txt")}}, {"a": {"current": "1"}})
