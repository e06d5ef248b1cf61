"""The wheelhouse, filled by the real pip from a directory of wheels made here."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

TOOL = Path(__file__).resolve().parents[3] / "tools" / "wheelhouse.py"
WHEEL = "sample-1.0-cp313-cp313-manylinux_2_17_x86_64.whl"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index of one wheel for another Python than this one, and a lock that names it."""
    index = tmp_path / "index"
    index.mkdir()
    metadata = "sample-1.0.dist-info"
    with zipfile.ZipFile(index / WHEEL, "w") as archive:
        archive.writestr(f"{metadata}/METADATA", "Metadata-Version: 2.1\nName: sample\nVersion: 1.0\n")
        archive.writestr(f"{metadata}/WHEEL", "Wheel-Version: 1.0\nTag: cp313-cp313-manylinux_2_17_x86_64\n")
        archive.writestr(f"{metadata}/RECORD", "")
    digest = hashlib.sha256((index / WHEEL).read_bytes()).hexdigest()
    (tmp_path / "locks" / "sample").mkdir(parents=True)
    (tmp_path / "locks" / "sample" / "cp313-x86_64.txt").write_text(
        f"# dnnready: python=cp313 architecture=x86_64\n# {WHEEL} 1\nsample==1.0 --hash=sha256:{digest}\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    return tmp_path


def fill(place: Path, name: str = "sample/cp313-x86_64") -> tuple[int, Any, str]:
    """Run the tool; its exit status, its answer and its words."""
    command = [sys.executable, str(TOOL), "--into", str(place / "wheels"), "--directory", str(place / "locks"), name]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, json.loads(done.stdout) if done.returncode == 0 else None, done.stderr


def test_fetches_what_is_missing_for_a_python_that_is_not_here(place: Path) -> None:
    assert fill(place)[1] == {"changed": True, "fetched": {"sample/cp313-x86_64": 1}}
    assert [path.name for path in (place / "wheels").glob("*.whl")] == [WHEEL]
    assert fill(place)[1]["changed"] is False


def test_fetches_a_damaged_wheel_again(place: Path) -> None:
    fill(place)
    wheel = place / "wheels" / WHEEL
    whole = wheel.read_bytes()
    wheel.write_bytes(b"damaged")
    assert fill(place)[1]["changed"] is True
    assert wheel.read_bytes() == whole


def test_a_wheel_with_another_hash_never_appears(place: Path) -> None:
    lock = place / "locks" / "sample" / "cp313-x86_64.txt"
    lock.write_text(lock.read_text().replace("sha256:", "sha256:" + "0" * 64, 1)[:-65] + "\n")
    status, _, words = fill(place)
    assert status == 1 and "sample" in words and "DO NOT MATCH" in words
    assert not list((place / "wheels").glob("*.whl"))


def test_a_lock_that_is_not_there_names_the_command_that_makes_it(place: Path) -> None:
    status, _, words = fill(place, "sample/cp399-x86_64")
    assert status == 1 and "make lock" in words
