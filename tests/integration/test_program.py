"""The program: built by the lookup on the controller, and working on stacks that were really provisioned."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dnnready
from dnnready.archive import build

PROJECT = Path(__file__).resolve().parents[2]
PACKAGE = Path(dnnready.__file__).parent


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """A copy of what the lookup needs, read-only, and unchanged at the end."""
    copy = tmp_path / "checkout"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PROJECT / "lookup_plugins", copy / "lookup_plugins", ignore=ignored)
    shutil.copytree(PACKAGE, copy / "module_utils" / "dnnready", ignore=ignored)
    before = {path: path.stat().st_mtime_ns for path in copy.rglob("*")}
    for path in before:
        path.chmod(0o555)
    yield copy
    assert {path: path.stat().st_mtime_ns for path in copy.rglob("*")} == before
    for path in before:
        path.chmod(0o755)


def look_up(run_playbook: Any, checkout: Path, cache: Path, arguments: str = "") -> dict[str, Any]:
    """What the lookup returned, with the bytes of the file while the run lasted."""
    tasks = [
        {"ansible.builtin.set_fact": {"program": "{{ lookup('dnnready_program'" + arguments + ") }}"}},
        {"ansible.builtin.command": "sha256sum {{ program.path }}", "register": "sum", "changed_when": False},
        {"ansible.builtin.command": "{{ program.path }} --version", "register": "shown", "changed_when": False},
        {
            "ansible.builtin.debug": {
                "msg": "=={{ program | combine({'sum': sum.stdout, 'shown': shown.stdout}) | to_json }}=="
            }
        },
    ]
    env = {
        "XDG_CACHE_HOME": str(cache),
        "ANSIBLE_LOOKUP_PLUGINS": str(checkout / "lookup_plugins"),
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = run_playbook([{"hosts": "all", "gather_facts": False, "tasks": tasks}], env=env)
    assert done.rc == 0, done.stdout + done.stderr
    message = next(line for line in done.stdout.splitlines() if '"msg": "==' in line)
    text = json.loads("{" + message.strip().rstrip(",") + "}")["msg"].strip("=")
    found: dict[str, Any] = json.loads(text)
    return found


def test_lookup_keeps_the_program_by_its_content(run_playbook: Any, checkout: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    found = look_up(run_playbook, checkout, cache)
    assert found["sha256"] == hashlib.sha256(build(checkout / "module_utils" / "dnnready", "python3")).hexdigest()
    assert found["path"] == f"{cache}/dnnready/program/{found['sha256']}/dnnready"
    assert found["sum"].split()[0] == found["sha256"]
    assert found["shown"] == f"dnnready {dnnready.__version__}"

    path = Path(found["path"])
    inode = path.stat().st_ino
    assert look_up(run_playbook, checkout, cache) == found
    assert path.stat().st_ino == inode
    path.write_bytes(b"cut")
    assert look_up(run_playbook, checkout, cache) == found


def test_lookup_for_one_interpreter(run_playbook: Any, checkout: Path, tmp_path: Path) -> None:
    found = look_up(run_playbook, checkout, tmp_path / "cache", ", interpreter=ansible_playbook_python")
    assert Path(found["path"]).read_bytes().startswith(b"#!/")


def test_lookup_without_a_cache(run_playbook: Any, checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    found = look_up(run_playbook, checkout, tmp_path / "file" / "cache")
    assert found["sum"].split()[0] == found["sha256"]
    assert not Path(found["path"]).exists()  # Ansible's own temporary directory is gone with the run


def test_lookup_takes_no_terms(run_playbook: Any, tmp_path: Path) -> None:
    task = {"ansible.builtin.debug": {"msg": "{{ lookup('dnnready_program', 'x') }}"}}
    done = run_playbook(
        [{"hosts": "all", "gather_facts": False, "tasks": [task]}], env={"XDG_CACHE_HOME": str(tmp_path)}
    )
    assert done.rc != 0
    assert "takes no terms" in done.stdout + done.stderr


def test_documentation(ansible_bin: Path, ansible_environment: dict[str, str]) -> None:
    done = subprocess.run(
        [ansible_bin / "ansible-doc", "-t", "lookup", "dnnready_program"],
        env=ansible_environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "interpreter" in done.stdout


@pytest.fixture(scope="module")
def provisioned() -> Path:
    """The prefix that `make test-stacks` provisioned."""
    name = os.environ.get("DNNREADY_TEST_PREFIX", "")
    if not name:
        pytest.skip("DNNREADY_TEST_PREFIX names no prefix with provisioned stacks: make test-stacks makes one")
    assert (Path(name) / "bin" / "dnnready").is_file(), f"no program in {name}"
    return Path(name)


def on_device(prefix: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(prefix / "bin" / "dnnready"), *arguments]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(Path.home()), "COLUMNS": "200"}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=900, check=False)


@pytest.mark.frameworks
def test_status_and_verify_agree_on_provisioned_stacks(provisioned: Path) -> None:
    status = on_device(provisioned, "status", "--json")
    assert status.returncode == 0, status.stdout + status.stderr
    entries = json.loads(status.stdout)["stacks"]
    assert entries
    proofs = json.loads(on_device(provisioned, "verify", "--json").stdout)
    assert {proof["stack"]: proof["verdict"] for proof in proofs} == {
        entry["stack"]: entry["row"]["verdict"] for entry in entries
    }
    for proof in proofs:
        assert proof["fingerprint"]["files"]


#: The layers of the question, on the frameworks that a stack has.
LAYERS = {
    "pytorch": "import torch; print(list(torch.nn.Conv2d(3, 32, kernel_size=3)(torch.zeros(1, 3, 28, 28)).shape))",
    "tensorflow": "import tensorflow as tf; "
    "layer = tf.keras.layers.Conv2D(filters=32, kernel_size=3, activation='relu'); "
    "print(layer(tf.zeros([1, 28, 28, 3])).shape.as_list())",
}
SHAPES = {"pytorch": [1, 32, 26, 26], "tensorflow": [1, 26, 26, 32]}


@pytest.mark.frameworks
def test_run_in_provisioned_stacks(provisioned: Path) -> None:
    stacks = [path.name for path in sorted((provisioned / "stacks").iterdir()) if path.name in LAYERS]
    assert stacks
    for stack in stacks:
        done = on_device(provisioned, "run", stack, "--", "python", "-c", LAYERS[stack])
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout.splitlines()[-1]) == SHAPES[stack]
