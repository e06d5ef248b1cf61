"""`dnnready environment`: every format says the same to its own reader."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

VARIABLES = {"GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=1:glibc.x=2", "OMP_NUM_THREADS": "2", "PERCENT": "50%"}
TEXT = "".join(f"{name}={value}\n" for name, value in VARIABLES.items())


@pytest.fixture
def printed(device: Any) -> Any:
    device.release("s", "r1", TEXT)

    def text(*arguments: str) -> str:
        done = device.run("environment", "s", *arguments)
        assert (done.returncode, done.stderr) == (0, "")
        return str(done.stdout)

    return text


def test_sh_exports(printed: Any) -> None:
    for arguments in ((), ("--format", "sh")):
        script = printed(*arguments) + "exec env"
        done = subprocess.run(["/bin/sh", "-c", script], env={}, capture_output=True, text=True, check=True)
        assert set(TEXT.splitlines()) <= set(done.stdout.splitlines())


def test_docker_has_bare_lines(printed: Any) -> None:
    lines = printed("--format", "docker").splitlines()
    assert [line for line in lines if not line.startswith("#")] == TEXT.splitlines()


def test_systemd_is_a_drop_in(printed: Any) -> None:
    text = printed("--format", "systemd")
    assert "[Service]\n" in text
    assert 'Environment="OMP_NUM_THREADS=2"\n' in text
    assert 'Environment="PERCENT=50%%"\n' in text


def test_json(printed: Any) -> None:
    assert json.loads(printed("--format", "json")) == VARIABLES


def test_a_file_that_was_changed_by_hand_is_refused(device: Any) -> None:
    device.release("s", "r1", "OMP_NUM_THREADS=$(nproc)\n")
    for arguments in (("environment", "s"), ("run", "s", "--", "true")):
        done = device.run(*arguments)
        assert done.returncode == 2
        assert done.stderr.startswith("dnnready: Line 1 of the environment, ")
