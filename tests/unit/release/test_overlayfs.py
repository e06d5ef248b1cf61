"""A directory of an image's lower layer cannot be renamed (EXDEV), and is moved all the same."""

import errno
import os

import pytest

from dnnready.release import store

REPLACE = os.replace


@pytest.fixture
def layered(monkeypatch, tmp_path):
    """A release as overlayfs treats it: its own directory cannot be renamed, a copy can."""
    lower = tmp_path / "release"
    (lower / "venv").mkdir(parents=True)
    (lower / "venv" / "file").write_text("content")
    (lower / "venv" / "link").symlink_to("file")
    (lower / "manifest.json").write_text("{}")

    def replace(source, target):
        if str(source) == str(lower):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        REPLACE(source, target)

    monkeypatch.setattr(store.os, "replace", replace)
    return lower


def test_it_is_moved_whole(layered):
    aside = layered.with_name("aside")
    store.move(layered, aside)
    assert not layered.exists()
    assert (aside / "venv" / "file").read_text() == "content"
    assert os.readlink(aside / "venv" / "link") == "file"
    assert sorted(path.name for path in aside.parent.iterdir()) == ["aside"]


def test_it_is_removed(layered, tmp_path):
    store.Store(tmp_path, "onednn").remove(layered)
    assert list(tmp_path.iterdir()) == []


def test_another_error_is_not_hidden(monkeypatch, tmp_path):
    def replace(_source, _target):
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(store.os, "replace", replace)
    with pytest.raises(PermissionError):
        store.move(tmp_path, tmp_path.with_name("other"))
