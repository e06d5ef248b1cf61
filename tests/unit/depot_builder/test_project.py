"""The project's archive: the same bytes for the same content, later directories over earlier ones."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from dnnready.depot_builder.project import archive
from dnnready.errors import DnnreadyError


def members(content: bytes) -> dict[str, tuple[int, str, bytes]]:
    found = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        for one in tar:
            stream = tar.extractfile(one) if one.isreg() else None
            found[one.name] = (one.mode, one.linkname, stream.read() if stream else b"")
    return found


def filled(directory: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one commit, and a change that is not committed."""
    directory = filled(tmp_path / "checkout", {"site.yml": "committed", "tools/run.sh": "#!/bin/sh\n"})
    (directory / "tools" / "run.sh").chmod(0o755)
    os.symlink("site.yml", directory / "link.yml")
    git = ["git", "-C", str(directory), "-c", "user.name=x", "-c", "user.email=x@example.net"]
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message=one"]):
        subprocess.run([*git, *words], check=True)
    filled(directory, {"site.yml": "changed", "new.yml": "new"})
    return directory


def test_of_a_checkout_its_head_counts(checkout: Path) -> None:
    made = archive("dnnready", [checkout])
    head = subprocess.run(["git", "-C", checkout, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert made.version == head.stdout.strip()
    assert made.entry.path == "project/dnnready.tar.gz"
    assert members(made.content) == {
        "link.yml": (0o644, "site.yml", b""),
        "site.yml": (0o644, "", b"committed"),
        "tools/run.sh": (0o755, "", b"#!/bin/sh\n"),
    }


def test_a_later_directory_lies_over_an_earlier_one(checkout: Path, tmp_path: Path) -> None:
    own = filled(tmp_path / "own", {"site.yml": "own", "inventories/mine.yml": "all:", "__pycache__/x.pyc": ""})
    found = members(archive("dnnready", [checkout, own]).content)
    assert found["site.yml"][2] == b"own"
    assert "inventories/mine.yml" in found
    assert not [name for name in found if "pyc" in name]


def test_the_same_content_is_the_same_archive(tmp_path: Path) -> None:
    one = archive("a", [filled(tmp_path / "one", {"b": "1", "a": "2"})])
    os.utime(tmp_path / "one" / "a", (1, 1))
    (tmp_path / "two").mkdir()
    two = archive("a", [filled(tmp_path / "two", {"a": "2", "b": "1"})])
    assert one == two
    assert len(one.version) == 16


@pytest.mark.parametrize("name", ["", "../x", "Upper", "a/b"])
def test_a_name_that_is_a_path_is_refused(name: str, tmp_path: Path) -> None:
    made = archive(name, [filled(tmp_path / "one", {"a": "1"})])
    with pytest.raises(DnnreadyError, match="no name of a project"):
        _ = made.entry


def test_nothing_to_pack_is_said(tmp_path: Path) -> None:
    with pytest.raises(DnnreadyError, match="no files"):
        archive("a", [tmp_path])
    with pytest.raises(DnnreadyError, match="no directory"):
        archive("a", [tmp_path / "absent"])
