"""How far a build is, as a document and in words."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from dnnready.release import progress as module
from dnnready.release.lock import describe
from dnnready.release.progress import Progress, words

LOCK = describe(
    "# dnnready: download_bytes=300\n"
    + "".join(f"# {name}-1.0-py3-none-any.whl 100\n{name}==1.0 --hash=sha256:{'a' * 64}\n" for name in ("a", "b", "c"))
)


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({}, ""),
        ({"phase": "preparing", "total": 42, "done": 0, "seconds": 3}, "preparing, 3 s"),
        (
            {
                "phase": "downloading",
                "done": 12,
                "total": 42,
                "bytes": 310_000_000,
                "total_bytes": 552_000_000,
                "seconds": 35,
            },
            "downloading 12 of 42 wheels, 310 of 552 MB, 35 s",
        ),
        (
            {"phase": "downloading", "done": 1, "total": 2, "bytes": 5_000_000, "total_bytes": None, "seconds": 2},
            "downloading 1 of 2 wheels, 5 MB, 2 s",
        ),
        (
            {"phase": "downloading", "done": 1, "total": 2, "bytes": None, "total_bytes": 300, "seconds": 2},
            "downloading 1 of 2 wheels, 2 s",
        ),
        ({"phase": "seeding", "total": 2, "done": 0, "seconds": 2}, "seeding, 2 s"),
        ({"phase": "installing", "done": 12, "total": 42, "seconds": 70}, "installing 12 of 42 wheels, 70 s"),
        ({"phase": "finishing", "total": 0, "seconds": 71}, "finishing, 71 s"),
    ],
)
def test_words(document: dict[str, Any], text: str) -> None:
    assert words(document) == text


def test_a_build_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY", 0.02)
    path, temporary, packages = tmp_path / "progress.json", tmp_path / "tmp", tmp_path / "site-packages"
    temporary.mkdir()
    (packages / "pip-23.0.dist-info").mkdir(parents=True)

    def told(key: str, value: Any) -> dict[str, Any]:
        for _ in range(200):
            document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if document[key] == value:
                return document
            time.sleep(0.01)
        pytest.fail(f"{key} is {document[key]}, not {value}")

    with Progress(path, LOCK) as progress:
        assert told("phase", "preparing")["total"] == 3
        (packages / "pip-23.0.dist-info").rmdir()
        progress.watch(temporary, packages)
        for line in (
            "Looking in links: /wheels",
            "Collecting a==1.0 (from -r requirements.txt (line 1))",
            "  Downloading a-1.0-py3-none-any.whl.metadata (1 kB)",
            "  Downloading a-1.0-py3-none-any.whl (0.1 kB)",
            "Processing /wheels/b-1.0-py3-none-any.whl",
            "Collecting c==1.0",
        ):
            progress.line(line)
        assert told("done", 1)["bytes"] == 100
        assert told("package", "c")["phase"] == "downloading"
        (temporary / "c.whl").write_bytes(b"x" * 250)
        assert told("bytes", 250)["total_bytes"] == 300
        progress.line("Installing collected packages: a, b, c")
        (packages / "a-1.0.dist-info").mkdir()
        assert told("done", 1)["phase"] == "installing"
        assert told("bytes", 300)
    assert not path.exists()


def test_a_build_with_uv_is_followed_without_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY", 0.02)
    path, packages, unpacked = tmp_path / "progress.json", tmp_path / "site-packages", tmp_path / "archive-v0"
    (packages / "a-1.0.dist-info").mkdir(parents=True)
    (unpacked / "one").mkdir(parents=True)
    with Progress(path, LOCK) as progress:
        progress.watch(tmp_path, packages, unpacked)
        time.sleep(0.2)
        document = json.loads(path.read_text(encoding="utf-8"))
        assert words(document) == "downloading 1 of 2 wheels, 0 s"
        progress.line("Prepared 2 packages in 1.2s")
        (packages / "b-1.0.dist-info").mkdir()
        time.sleep(0.2)
        assert words(json.loads(path.read_text(encoding="utf-8"))) == "installing 1 of 2 wheels, 0 s"


def test_a_directory_that_is_gone_stops_nothing(tmp_path: Path) -> None:
    with Progress(tmp_path / "gone" / "progress.json", LOCK) as progress:
        progress.watch(tmp_path / "none", tmp_path / "none")
        progress.phase("finishing")
