"""The image builder with stand-ins for mmdebstrap and podman that write down how they were called.

The real ones run in `make test-host`; here it is about when they run at all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BUILDER = Path(__file__).resolve().parents[3] / "roles" / "test_host" / "files" / "build_images.py"
IMAGES = {"one": {"suite": "bookworm", "packages": ["python3"], "command": ["sleep", "infinity"]}}

MMDEBSTRAP = """#!/bin/sh
echo "mmdebstrap $*" >>"$CALLS"
[ -z "$FAIL" ] || { echo "E: no such mirror" >&2; exit 1; }
for argument; do case "$argument" in *.tar.zst) echo tarball >"$argument";; esac; done
"""
# `image inspect` answers with the label that the last import gave.
PODMAN = """#!/bin/sh
echo "podman $*" >>"$CALLS"
case "$1 $2" in
  "image inspect") [ -e "$LABEL" ] || exit 1; echo "f00d $(cat "$LABEL")";;
  "image exists") exit 1;;
  "import --quiet") for argument; do case "$argument" in
    *LABEL*) echo "$argument" | sed 's/.*="//; s/"$//' >"$LABEL";; esac; done;;
esac
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with the stand-ins on its PATH."""
    for name, text in {"mmdebstrap": MMDEBSTRAP, "podman": PODMAN, "apt-config": "#!/bin/sh\n"}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("LABEL", str(tmp_path / "label"))
    monkeypatch.setenv("FAIL", "")
    return tmp_path


def build(machine: Path, *arguments: str, images: Any = None) -> tuple[int, Any, str]:
    """Run the builder; its exit status, its answer and its words."""
    command = [sys.executable, str(BUILDER), f"--cache={machine}/cache", "--mirror=http://mirror.example/debian"]
    command += [f"--images={json.dumps(images or IMAGES)}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, json.loads(done.stdout) if done.returncode == 0 else None, done.stderr


def calls(machine: Path) -> list[str]:
    """The programs that ran, without those that only look."""
    path = machine / "calls"
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return [" ".join(line.split()[:2]) for line in lines if "inspect" not in line and "exists" not in line]


def test_builds_once_and_then_leaves_it(machine: Path) -> None:
    _, first, _ = build(machine)
    assert first["changed"] and first["images"][0]["state"] == "built"
    ran = calls(machine)
    assert [line.split()[0] for line in ran] == ["mmdebstrap", "podman"]
    _, second, _ = build(machine)
    assert not second["changed"] and calls(machine) == []


def test_another_recipe_or_mirror_is_another_image(machine: Path) -> None:
    build(machine)
    calls(machine)
    other = {"one": {**IMAGES["one"], "packages": ["python3", "systemd"]}}
    assert build(machine, images=other)[1]["images"][0]["state"] == "built"
    assert build(machine, "--mirror=http://other.example/debian")[1]["images"][0]["state"] == "built"


def test_what_is_old_is_built_again(machine: Path) -> None:
    build(machine)
    tarball = next((machine / "cache").glob("*.tar.zst"))
    os.utime(tarball, (0, 0))
    calls(machine)
    assert build(machine)[1]["images"][0]["state"] == "built"
    assert calls(machine)[-1] == "podman rmi"


def test_an_image_that_podman_lost_is_imported_from_the_cache(machine: Path) -> None:
    build(machine)
    calls(machine)
    (machine / "label").unlink()
    assert build(machine)[1]["images"][0]["state"] == "imported"
    assert [line.split()[0] for line in calls(machine)] == ["podman"]


def test_a_failed_build_leaves_nothing_and_says_why(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIL", "1")
    status, _, words = build(machine)
    assert status == 1 and "E: no such mirror" in words
    assert not list((machine / "cache").glob("one-*"))
    monkeypatch.setenv("FAIL", "")
    assert build(machine)[1]["images"][0]["state"] == "built"


def test_check_says_what_would_be_done_and_does_nothing(machine: Path) -> None:
    _, answer, _ = build(machine, "--check")
    assert answer["changed"] and calls(machine) == []


def test_a_pinned_image_is_pulled_instead_of_built(machine: Path) -> None:
    registry = json.dumps({"one": "registry.example/debian@sha256:00"})
    _, answer, _ = build(machine, f"--registry={registry}")
    assert answer["images"][0]["state"] == "pulled"
    assert calls(machine) == ["podman pull", "podman tag"]


def test_two_runs_do_not_build_at_once(machine: Path) -> None:
    (machine / "mmdebstrap").write_text(MMDEBSTRAP.replace("for argument", "sleep 0.5\nfor argument", 1))
    command = [sys.executable, str(BUILDER), f"--cache={machine}/cache", "--mirror=http://mirror.example/debian"]
    command += [f"--images={json.dumps(IMAGES)}"]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    states = sorted(json.loads(run.communicate(timeout=60)[0])["images"][0]["state"] for run in runs)
    assert states == ["built", "current"]
