"""Files are the old ones or the new ones, never something between."""

import fcntl
import json
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready import files
from dnnready.errors import DnnreadyError


def test_a_new_file_has_its_content_and_mode(tmp_path):
    files.write_atomic(tmp_path / "a", "text", 0o640)
    assert (tmp_path / "a").read_text() == "text"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["a"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    files.write_atomic(tmp_path / "a", "old")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(DnnreadyError, match="No space left on device"):
        files.write_atomic(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_what_a_killed_writer_left_goes_and_that_of_a_living_one_stays(tmp_path):
    names = [".a.killed00.dnnready", ".a.living00.dnnready", ".a.original", ".b.killed00.dnnready"]
    for name in names:
        (tmp_path / name).touch()
    with (tmp_path / names[1]).open() as living:
        fcntl.flock(living, fcntl.LOCK_EX)
        files.write_atomic(tmp_path / "a", "text")
    assert sorted(os.listdir(tmp_path)) == sorted([*names[1:], "a"])


def test_a_missing_directory_is_a_message_that_names_the_file(tmp_path):
    with pytest.raises(DnnreadyError, match=r"Cannot write .*none/a: No such file or directory"):
        files.write_atomic(tmp_path / "none" / "a", "text")


def test_no_file_is_none_and_a_cut_file_is_an_error(tmp_path):
    assert files.read_json(tmp_path / "a") is None
    assert files.read_json(tmp_path / "a" / "b") is None
    (tmp_path / "a").write_text('{"cut": ')
    with pytest.raises(DnnreadyError, match="is not JSON"):
        files.read_json(tmp_path / "a")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=10,
)


@given(JSON)
def test_canonical_json_means_the_same_and_has_one_spelling(document):
    text = files.canonical_json(document)
    assert json.loads(text) == document
    assert files.canonical_json(json.loads(text)) == text


def test_the_order_of_keys_does_not_change_the_digest():
    assert files.canonical_json({"a": 1, "b": 2}) == files.canonical_json({"b": 2, "a": 1})


def test_digests_of_files_and_texts_agree(tmp_path):
    (tmp_path / "a").write_text("text")
    assert files.sha256_file(tmp_path / "a") == files.sha256_text("text")
