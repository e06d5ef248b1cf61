"""What an archive may do: fill its own directory, and nothing else."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.pull.archive import unpack
from dnnready.pull.trouble import FailedError


def packed(path: Path, members: list[tuple[str, bytes, str, int]]) -> Path:
    """A tar file of (name, type, where it leads, mode)."""
    with tarfile.open(path, "w") as tar:
        for name, kind, link, mode in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.mode = kind, link, mode
            member.size = 4 if kind == tarfile.REGTYPE else 0
            tar.addfile(member, io.BytesIO(b"text"))
    return path


FILE, DIRECTORY, LINK = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE


def test_files_directories_and_links(tmp_path: Path) -> None:
    target = tmp_path / "tree"
    target.mkdir()
    members = [
        ("./", DIRECTORY, "", 0o700),
        ("roles", DIRECTORY, "", 0o700),
        ("roles/run.sh", FILE, "", 0o4755),
        ("site.yml", FILE, "", 0o600),
        ("a/b/c.yml", FILE, "", 0o666),
        ("a/b/link.yml", LINK, "../../site.yml", 0o777),
    ]
    unpack(packed(tmp_path / "x.tar", members), target)
    assert {
        str(path.relative_to(target)): path.stat().st_mode & 0o7777 for path in target.rglob("*") if path.is_file()
    } == {
        "roles/run.sh": 0o755,
        "site.yml": 0o644,
        "a/b/c.yml": 0o644,
        "a/b/link.yml": 0o644,
    }
    assert (target / "a/b/link.yml").read_text() == "text"


@pytest.mark.parametrize(
    "members",
    [
        [("/etc/x", FILE, "", 0o644)],
        [("../x", FILE, "", 0o644)],
        [("a/../../x", FILE, "", 0o644)],
        [("x", LINK, "/etc/passwd", 0o777)],
        [("x", LINK, "../y", 0o777)],
        [("a/x", LINK, "../../y", 0o777)],
        [("a", DIRECTORY, "", 0o755), ("l", LINK, "a", 0o777), ("l/x", FILE, "", 0o644)],
        [("a", FILE, "", 0o644), ("a", FILE, "", 0o644)],
        [("x", tarfile.LNKTYPE, "y", 0o644)],
        [("x", tarfile.CHRTYPE, "", 0o644)],
        [("x", tarfile.FIFOTYPE, "", 0o644)],
    ],
)
def test_what_leads_elsewhere_is_refused(tmp_path: Path, members: list[tuple[str, bytes, str, int]]) -> None:
    target = tmp_path / "one" / "tree"
    target.mkdir(parents=True)
    with pytest.raises(FailedError, match="archive"):
        unpack(packed(tmp_path / "x.tar", members), target)
    assert [path for path in tmp_path.rglob("x") if target not in path.parents] == []


@given(st.binary(max_size=600))
def test_bytes_that_are_no_archive_are_said(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    directory = tmp_path_factory.mktemp("garbage")
    (directory / "x.tar").write_bytes(b"x" + content)
    with pytest.raises(FailedError, match="no archive"):
        unpack(directory / "x.tar", directory)


def test_an_archive_that_is_cut_is_said(tmp_path: Path) -> None:
    whole = packed(tmp_path / "x.tar", [("a", FILE, "", 0o644), ("b", FILE, "", 0o644)])
    whole.write_bytes(whole.read_bytes()[:700])
    (tmp_path / "tree").mkdir()
    with pytest.raises(FailedError):
        unpack(whole, tmp_path / "tree")
