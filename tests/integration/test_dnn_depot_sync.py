"""dnn_depot_sync through AnsiballZ, and what happens to a device meanwhile: kills, full disks, read-only mounts."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.depot import depots, server
from tests.unit.depot.depots import DNNL, NUMPY, ONEDNN, PYTORCH, TORCH, Made, public, tree
from tests.unit.depot.server import Fault

PROJECT = Path(__file__).resolve().parents[2]
RunModule = Callable[..., dict[str, Any]]
#: One run in a process of its own, which can be killed.
RUN = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from dnnready.depot.sync import Wish, sync
from dnnready.errors import DnnreadyError
source, prefix, signer, *locks = sys.argv[2:]
try:
    result = sync(Wish(source=source, prefix=Path(prefix), signers=[signer], locks=locks, silence=5.0))
except DnnreadyError as error:
    sys.exit(str(error))
print(result["bytes_fetched"])
"""
SIZE = 4_000_000


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return depots.key(tmp_path_factory.mktemp("keys"), "depot")


@pytest.fixture
def made(tmp_path: Path, key: Path) -> Made:
    return depots.small(tmp_path / "depot", key, SIZE)


@pytest.fixture
def served(made: Made) -> Iterator[server.Depot]:
    with server.serve(made.directory) as depot:
        yield depot


def arguments(served: server.Depot, prefix: Path, key: Path, **changes: Any) -> dict[str, Any]:
    given = {"source": served.url, "prefix": str(prefix), "locks": [PYTORCH], "signers": [public(key)]}
    return {**given, "now": time.time(), **changes}


def process(served: server.Depot, prefix: Path, key: Path, *locks: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN, str(PROJECT / "module_utils"), served.url, str(prefix), public(key)]
    environment = {**os.environ, "no_proxy": "127.0.0.1"}
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment}
    return subprocess.Popen([*command, *(locks or (PYTORCH,))], **pipes)


def finished(running: subprocess.Popen[str]) -> tuple[int, str]:
    out, err = running.communicate(timeout=60)
    return running.returncode, out + err


def whole(prefix: Path, made: Made) -> bool:
    """No file has a final name that is not the file of the manifest."""
    found = (prefix / "depot").glob("wheels/*.whl")
    return all(path.read_bytes() == made.files[f"wheels/{path.name}"][0] for path in found)


@pytest.mark.every_core
def test_check_then_run_then_nothing(
    run_module: RunModule, tmp_path: Path, served: server.Depot, made: Made, key: Path
) -> None:
    made.add_uv()
    made.write()
    prefix = tmp_path / "prefix"
    given = arguments(served, prefix, key, tools=["uv"])
    said = run_module("dnn_depot_sync", given, check=True, diff=True)
    assert (said["failed"], said["changed"]) == (False, True), said
    assert not prefix.exists()
    done = run_module("dnn_depot_sync", given, diff=True)
    assert (done["failed"], done["changed"]) == (False, True), done
    assert (said["diff"], said["fetched"]) == (done["diff"], done["fetched"])
    assert [item["path"] for item in done["fetched"]][:2] == [NUMPY, TORCH]
    assert (prefix / "depot" / TORCH).read_bytes() == made.files[TORCH][0]
    assert Path(done["uv"]).read_bytes().startswith(b"#!/bin/sh")
    before = tree(prefix)
    again = run_module("dnn_depot_sync", given)
    assert (again["changed"], again["requests"], again["fetched"]) == (False, 1, [])
    assert {name for name, now in tree(prefix).items() if before.get(name) != now} <= {"depot/.lock"}


def test_a_refusal_names_the_file_and_shows_no_password(
    run_module: RunModule, tmp_path: Path, served: server.Depot, made: Made, key: Path
) -> None:
    (made.directory / TORCH).write_bytes(b"<html>" * 10000)
    place = served.url.replace("http://", "http://someone:s3cret@")
    result = run_module("dnn_depot_sync", arguments(served, tmp_path / "prefix", key, source=place))
    assert result["failed"] is True
    assert "torch" in result["msg"]
    assert "s3cret" not in str(result)


def test_a_wrong_clock_is_a_warning(run_module: RunModule, tmp_path: Path, served: server.Depot, key: Path) -> None:
    given = arguments(served, tmp_path / "prefix", key, now=1000.0)
    result = run_module("dnn_depot_sync", given, check=True)
    assert result["failed"] is False
    assert any("is wrong" in warning for warning in result["warnings"])


def test_a_second_run_costs_a_device_little(tmp_path: Path, served: server.Depot, key: Path) -> None:
    """Python, its imports, the logic and ssh-keygen; what AnsiballZ adds is the same for every module."""
    prefix = tmp_path / "prefix"
    assert finished(process(served, prefix, key))[0] == 0
    before = os.times()
    assert finished(process(served, prefix, key)) == (0, f"{(prefix / 'depot' / 'manifest.json.sig').stat().st_size}\n")
    after = os.times()
    assert after.children_user + after.children_system - before.children_user - before.children_system < 0.5


@pytest.mark.parametrize("after", [0.05, 0.15, 0.3, 0.45, 0.6, 0.8, 1.0, 1.3])
def test_a_kill_at_any_moment_leaves_whole_files_and_the_next_run_ends_it(
    after: float, tmp_path: Path, served: server.Depot, made: Made, key: Path
) -> None:
    served.faults[TORCH] = Fault(times=1, stall=0.6)
    prefix = tmp_path / "prefix"
    running = process(served, prefix, key)
    time.sleep(after)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert whole(prefix, made)
    partial = sum(path.stat().st_size for path in prefix.glob("depot/incoming/*"))
    named = sum(path.stat().st_size for path in prefix.glob("depot/wheels/*.whl"))
    served.sent.clear()
    code, said = finished(process(served, prefix, key))
    assert code == 0, said
    assert {path.name for path in (prefix / "depot" / "wheels").iterdir()} == {Path(NUMPY).name, Path(TORCH).name}
    assert whole(prefix, made)
    assert served.sent[NUMPY] + served.sent[TORCH] == SIZE + SIZE // 3 - partial - named, "fetched twice"


def test_of_two_runs_at_once_one_is_told(tmp_path: Path, served: server.Depot, made: Made, key: Path) -> None:
    served.faults[NUMPY] = Fault(times=1, stall=2.0)
    prefix = tmp_path / "prefix"
    first = process(served, prefix, key)
    end = time.monotonic() + 30
    while time.monotonic() < end and not served.sent[NUMPY]:
        time.sleep(0.02)
    second = finished(process(served, prefix, key))
    assert second[0] == 1
    assert f"another run is at work: process {first.pid}" in second[1]
    assert finished(first)[0] == 0
    assert whole(prefix, made)


@contextlib.contextmanager
def mounted(path: Path, options: str) -> Iterator[None]:
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(path)], check=True)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")


@pytest.mark.root
@needs_root
def test_a_disk_that_is_too_small_is_said_before(tmp_path: Path, served: server.Depot, made: Made, key: Path) -> None:
    prefix = tmp_path / "prefix"
    with mounted(prefix, "size=5m"):
        assert finished(process(served, prefix, key, ONEDNN))[0] == 0
        code, said = finished(process(served, prefix, key, ONEDNN, PYTORCH))
        assert code == 1
        assert "are free" in said
        assert (prefix / "depot" / DNNL).read_bytes() == made.files[DNNL][0]
        subprocess.run(["mount", "-o", "remount,size=20m", str(prefix)], check=True)
        assert finished(process(served, prefix, key, ONEDNN, PYTORCH))[0] == 0
        assert whole(prefix, made)


@pytest.mark.root
@needs_root
@pytest.mark.parametrize("said", ["no inodes left", "bytes left"])
def test_a_disk_that_fills_meanwhile_is_said(
    said: str, tmp_path: Path, served: server.Depot, made: Made, key: Path
) -> None:
    prefix = tmp_path / "prefix"
    with mounted(prefix, "size=20m" if said == "bytes left" else "size=20m,nr_inodes=9"):
        if said == "bytes left":
            served.faults[NUMPY] = Fault(times=1, stall=1.0)
            running = process(served, prefix, key)
            end = time.monotonic() + 30
            while time.monotonic() < end and not served.sent[NUMPY]:
                time.sleep(0.02)
            (prefix / "ballast").write_bytes(b"x" * 17_500_000)
        else:
            for number in range(3):
                (prefix / f"ballast{number}").touch()
            running = process(served, prefix, key)
        code, told = finished(running)
        assert code == 1, told
        assert said in told
        assert whole(prefix, made)
        assert not (prefix / "depot" / "accepted.json").exists()
        for path in prefix.glob("ballast*"):
            path.unlink()
        subprocess.run(["mount", "-o", "remount,nr_inodes=100", str(prefix)], check=True)
        assert finished(process(served, prefix, key))[0] == 0
        assert whole(prefix, made)


@pytest.mark.root
@needs_root
def test_a_read_only_target_is_said(tmp_path: Path, served: server.Depot, made: Made, key: Path) -> None:
    prefix = tmp_path / "prefix"
    with mounted(prefix, "size=20m"):
        assert finished(process(served, prefix, key, ONEDNN))[0] == 0
        subprocess.run(["mount", "-o", "remount,ro", str(prefix)], check=True)
        before = tree(prefix)
        code, said = finished(process(served, prefix, key, ONEDNN, PYTORCH))
        assert (code, "Read-only file system" in said) == (1, True), said
        assert tree(prefix) == before
        subprocess.run(["mount", "-o", "remount,rw", str(prefix)], check=True)
        assert finished(process(served, prefix, key, ONEDNN, PYTORCH))[0] == 0
        assert whole(prefix, made)
