"""One run at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dnnready.errors import DnnreadyError
from dnnready.lockfile import held

PACKAGE = Path(__file__).resolve().parents[2] / "module_utils"
HOLDER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from dnnready.lockfile import held
with held(Path(sys.argv[2]), "building 1234"):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(path: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(PACKAGE), str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_another_run_is_told_who_is_at_work(tmp_path: Path) -> None:
    path = tmp_path / "stacks" / ".pytorch.lock"
    process = holder(path)
    try:
        with pytest.raises(DnnreadyError) as caught, held(path, "mine"):
            pytest.fail("two at once")
    finally:
        process.kill()
        process.wait()
    message = caught.value.message
    assert f"Stack pytorch: another run is at work: process {process.pid}, for 0 s (building 1234)" in message
    assert "end that process" in caught.value.hint


def test_a_dead_owner_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / ".app.lock"
    process = holder(path)
    process.kill()
    process.wait()
    with held(path, "mine"):
        assert str(os.getpid()) in path.read_text(encoding="utf-8")


def test_it_is_free_again_after_a_failure(tmp_path: Path) -> None:
    path = tmp_path / ".app.lock"
    with pytest.raises(ValueError, match="inside"), held(path, "mine"):
        raise ValueError("inside")
    with held(path, "again"):
        pass


def test_a_holder_may_remove_the_file(tmp_path: Path) -> None:
    path = tmp_path / ".app.lock"
    with held(path, "removing"):
        path.unlink()
        with held(path, "the next one has a file of its own"):
            assert path.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"pid": 1, "since": "x", "boot": ""}'])
def test_an_owner_that_says_nothing_is_still_one(tmp_path: Path, text: str) -> None:
    path = tmp_path / ".app.lock"
    process = holder(path)
    try:
        path.write_text(text, encoding="utf-8")
        with pytest.raises(DnnreadyError, match="Stack app: another run is at work"), held(path, "mine"):
            pytest.fail("two at once")
    finally:
        process.kill()
        process.wait()


def test_an_owner_on_another_boot_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / ".app.lock"
    process = holder(path)
    try:
        owner = {"pid": 7, "since": time.time() - 90, "boot": "another", "purpose": "x"}
        path.write_text(json.dumps(owner), encoding="utf-8")
        with pytest.raises(DnnreadyError, match=r"process 7 on another host or boot, for 9\d s"), held(path, "mine"):
            pytest.fail("two at once")
    finally:
        process.kill()
        process.wait()


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DnnreadyError, match="Cannot write below"), held(tmp_path / "file" / ".app.lock", "mine"):
        pytest.fail("held nothing")
