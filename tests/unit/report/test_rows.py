"""Rows are taken from anything and leave in one shape."""

from __future__ import annotations

from typing import Any

import pytest

from dnnready.report.rows import one_line, read_row

EMPTY: dict[str, Any] = {
    "stack": "s",
    "release": "",
    "verdict": "unproven",
    "implementations": [],
    "isa": "",
    "isa_cpu": "",
    "threads": None,
    "framework": "",
    "onednn": "",
    "cpu_seconds": None,
    "changed": False,
    "cause": None,
    "next": "",
    "vouched_by": "",
}


@pytest.mark.parametrize("raw", [None, 1, "pytorch", [], {}, {"verdict": "accelerated"}, {"stack": ""}, {"stack": {}}])
def test_no_row(raw: Any) -> None:
    assert read_row(raw) is None


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("verdict", "accelerated", "accelerated"),
        ("verdict", "excellent", "unproven"),
        ("verdict", ["accelerated"], "unproven"),
        ("implementations", ["a", "", None, "b"], ["a", "b"]),
        ("implementations", "jit:avx2", []),
        ("threads", 2, 2),
        ("threads", 0, None),
        ("threads", "2", None),
        ("threads", True, None),
        ("cpu_seconds", 1.5, 1.5),
        ("cpu_seconds", -1, None),
        ("cpu_seconds", float("nan"), None),
        ("framework", None, ""),
        ("framework", "torch\n2", "torch 2"),
        ("changed", True, True),
        ("changed", "no", False),
        ("cause", {"code": "x", "text": "y", "more": 1}, {"code": "x", "text": "y"}),
        ("cause", {"code": "", "text": None}, None),
        ("cause", "plain words", {"code": "", "text": "plain words"}),
        ("cause", [], None),
        ("next", 5, "5"),
        ("vouched_by", "edge\n01\x1b", "edge 01"),
        ("vouched_by", ["edge-01"], ""),
    ],
)
def test_one_key(key: str, value: Any, expected: Any) -> None:
    assert read_row({"stack": "s", key: value}) == {**EMPTY, key: expected}


def test_one_line() -> None:
    assert one_line(" a\n\tb\x00\x1b[0m c ") == "a b[0m c"
