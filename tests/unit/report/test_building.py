"""How far builds are, read from files that may be anything."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from dnnready.release.progress import Progress
from dnnready.report.building import building

FULL = {
    "phase": "downloading",
    "done": 12,
    "total": 42,
    "bytes": 310_000_000,
    "total_bytes": 552_400_000,
    "package": "torch",
}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (FULL, "downloading 12 of 42 wheels, 310 of 552 MB (torch)"),
        ({**FULL, "total_bytes": None, "package": ""}, "downloading 12 of 42 wheels, 310 MB"),
        ({**FULL, "total": 0}, "downloading 310 of 552 MB (torch)"),
        ({**FULL, "phase": "installing"}, "installing 12 of 42 wheels (torch)"),
        ({"phase": "preparing"}, "preparing"),
        ({"phase": "x\x1b[2J\n", "done": "many", "total": -1}, "x[2J"),
        ({}, "building"),
    ],
)
def test_words(document: dict[str, Any], words: str, tmp_path: Path) -> None:
    (tmp_path / "stacks" / "s").mkdir(parents=True)
    (tmp_path / "stacks" / "s" / "progress.json").write_text(json.dumps(document), encoding="utf-8")
    assert building(str(tmp_path)) == {"s": words}


@pytest.mark.parametrize("text", ["", "[]", "{", "5"])
def test_what_is_no_progress(text: str, tmp_path: Path) -> None:
    (tmp_path / "stacks" / "s").mkdir(parents=True)
    (tmp_path / "stacks" / "s" / "progress.json").write_text(text, encoding="utf-8")
    assert building(str(tmp_path)) == {}


def test_what_a_killed_build_left_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "stacks" / "s" / "progress.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(FULL), encoding="utf-8")
    os.utime(path, (1, 1))
    assert building(str(tmp_path)) == {}
    assert building(str(tmp_path / "nowhere")) == {}


def test_it_reads_what_a_build_writes(tmp_path: Path) -> None:
    path = tmp_path / "stacks" / "s" / "progress.json"
    path.parent.mkdir(parents=True)
    with Progress(path, None) as progress:
        assert building(str(tmp_path)) == {"s": "preparing"}
        progress.phase("finishing")
        assert building(str(tmp_path)) == {"s": "finishing"}
    assert building(str(tmp_path)) == {}
