"""What was made outside the prefix is noted before it is made, whoever writes at the same time."""

import json
import os
import stat
import threading
from functools import partial
from pathlib import Path

import jsonschema
import pytest

from dnnready import footprint
from dnnready.errors import DnnreadyError
from tests.unit.removal.cut import finished

SCHEMA = json.loads((Path(__file__).resolve().parents[3] / "docs" / "schema" / "footprint-1.json").read_text())


def package(name, version="", **more):
    return {
        "name": name,
        "version": version,
        "manual": True,
        "when": "2026-01-02T03:04:05Z",
        "stack": "onednn",
        "purge": True,
        **more,
    }


def test_the_prefix_appears_with_its_note(tmp_path):
    prefix = tmp_path / "share" / "state" / "dnnready"
    made = footprint.make(prefix, ["bin"])
    assert made == [str(tmp_path / "share"), str(tmp_path / "share/state"), str(prefix), str(prefix / "bin")]
    assert footprint.read(prefix)["directories"] == made[:3]
    assert stat.S_IMODE(prefix.stat().st_mode) == 0o755
    assert os.listdir(tmp_path) == ["share"]
    assert footprint.make(prefix, ["bin"]) == []


def test_a_prefix_that_was_there_is_not_noted(tmp_path):
    footprint.make(tmp_path, ["bin"])
    assert footprint.read(tmp_path)["directories"] == []


def test_a_filled_prefix_of_an_earlier_version_counts_as_made(tmp_path):
    (tmp_path / "stacks").mkdir()
    footprint.note(tmp_path, files=["/etc/profile.d/x.sh"])
    assert footprint.read(tmp_path)["directories"] == [str(tmp_path)]


def test_notes_are_merged_and_the_first_word_counts(tmp_path):
    footprint.note(tmp_path, packages=[package("b1")], files=["/etc/a"], directories=["/etc/x"])
    footprint.note(
        tmp_path, packages=[package("b1", "1.0", stack="mkl"), package("a1", "2")], files=["/etc/a", "/etc/b"]
    )
    document = footprint.read(tmp_path)
    assert document["packages"] == [package("a1", "2"), package("b1", "1.0")]
    assert document["files"] == ["/etc/a", "/etc/b"]
    jsonschema.validate(document, SCHEMA)
    footprint.forget(tmp_path, ["a1"])
    assert [one["name"] for one in footprint.read(tmp_path)["packages"]] == ["b1"]


def test_nothing_to_note_makes_nothing(tmp_path):
    footprint.note(tmp_path / "prefix")
    assert not (tmp_path / "prefix").exists()


def test_writers_at_the_same_time_lose_nothing(tmp_path):
    threads = [
        threading.Thread(target=footprint.note, args=(tmp_path / "prefix",), kwargs={"files": [f"/etc/{number}"]})
        for number in range(24)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(footprint.read(tmp_path / "prefix")["files"]) == 24
    assert sorted(os.listdir(tmp_path)) == ["prefix"]


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": "dnnready/footprint/2"}'])
def test_a_file_that_is_no_footprint_is_not_guessed_about(tmp_path, text):
    (tmp_path / footprint.NAME).write_text(text)
    with pytest.raises(DnnreadyError):
        footprint.read(tmp_path)


def test_a_cut_at_any_call_of_the_system_leaves_the_note_or_nothing(tmp_path):
    """The process ends before each of its file operations in turn: a prefix is never there without its note."""
    for cut in range(200):
        root = tmp_path / str(cut)
        root.mkdir()
        prefix = root / "share" / "dnnready"
        through = finished(partial(footprint.note, prefix, files=["/etc/a"]), cut)
        if prefix.exists():
            assert str(prefix) in footprint.read(prefix)["directories"]
        if through:
            break
    assert 5 < cut < 199
