"""`dnnready verify` with the real probes, in releases that have no framework: what is broken must be seen."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest


def with_manifest(release: Path, probe: str) -> Path:
    manifest = {"spec": {"id": release.name, "stack": release.parent.parent.name, "probes": [probe], "options": {}}}
    (release / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return release


def test_a_release_without_its_framework_is_broken(device: Any) -> None:
    release = with_manifest(device.release("pytorch", "r1"), "pytorch")
    done = device.run("verify", env={"COLUMNS": "200"})
    assert done.returncode == 1
    assert done.stdout.startswith("dnnready: 1 stack on 1 host: 1 broken\n")
    assert "No module named 'torch'" in done.stdout
    assert not (release / "proof.json").exists()


def test_store_and_json(device: Any) -> None:
    release = with_manifest(device.release("pytorch", "r1"), "pytorch")
    done = device.run("verify", "--store", "--json", "pytorch")
    assert done.returncode == 1
    (proof,) = json.loads(done.stdout)
    assert (proof["schema"], proof["stack"], proof["release"], proof["verdict"]) == (
        "dnnready/proof/1",
        "pytorch",
        "r1",
        "broken",
    )
    assert json.loads((release / "proof.json").read_text(encoding="utf-8")) == proof


def test_what_cannot_be_looked_at_does_not_hide_the_rest(device: Any) -> None:
    device.release("a-no-probe", "r1")
    with_manifest(device.release("pytorch", "r1"), "pytorch")
    done = device.run("verify", env={"COLUMNS": "200"})
    assert done.returncode == 2
    assert (
        done.stderr
        == "dnnready: a-no-probe: There is no probe to run. Known probes: onednn, mkl, pytorch, tensorflow.\n"
    )
    assert done.stdout.startswith("dnnready: 2 stacks on 1 host: 1 unproven, 1 broken\n")


def test_a_proof_that_cannot_be_stored_is_said_and_shown(device: Any) -> None:
    release = with_manifest(device.release("pytorch", "r1"), "pytorch")
    (release / "proof.json").mkdir()
    done = device.run("verify", "--store")
    assert done.returncode == 2
    assert f"dnnready: pytorch: Cannot write {release}/proof.json" in done.stderr
    assert "1 broken" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT])
def test_an_interrupt_ends_the_probe_too(number: int, device: Any) -> None:
    release = with_manifest(device.release("pytorch", "r1"), "pytorch")
    pid_file = release / "pid"
    hang = f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    (torch := next((release / "venv" / "lib").glob("python3*/site-packages")) / "torch").mkdir()
    (torch / "__init__.py").write_text(hang, encoding="utf-8")
    child = subprocess.Popen(
        # A shell's background job ignores interrupts, and its children do too.
        ["/usr/bin/env", "--default-signal=INT", device.prefix / "bin" / "dnnready", "verify"],
        stderr=subprocess.PIPE,
        text=True,
        env={},
    )
    probe = _wait_for(pid_file)
    child.send_signal(number)
    assert child.communicate(timeout=30)[1].strip() == ""
    assert child.returncode == 130
    deadline = time.monotonic() + 10
    while os.path.exists(f"/proc/{probe}") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not os.path.exists(f"/proc/{probe}")


def _wait_for(path: Path) -> int:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if path.exists() and path.read_text(encoding="utf-8"):
            return int(path.read_text(encoding="utf-8"))
        time.sleep(0.05)
    pytest.fail("the probe did not start")
