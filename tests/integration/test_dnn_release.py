"""The module dnn_release and its action plugin, run by Ansible for real, with wheels of a few bytes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dnnready.release.lock import digest
from dnnready.release.store import Store
from tests.integration.conv2d_stacks import real
from tests.integration.tiny_index import serve
from tests.unit.release.specs import prove, set_environment, spec
from tests.unit.release.tiny_wheels import lock_of, make_wheel

PROJECT = Path(__file__).resolve().parents[2]
TAG = f"cp{sys.version_info[0]}{sys.version_info[1]}"
Module = Callable[..., dict[str, Any]]


class Host:
    """A prefix, the wheels that pip finds, and the parameters that a playbook would give."""

    def __init__(self, directory: Path) -> None:
        self.prefix, self.wheels = directory / "prefix", directory / "wheels"
        self.text = lock_of(make_wheel(self.wheels, "tiny"))
        # The oneDNN of this machine, so that a switch has something to prove.
        self.variables = real("onednn").environment
        self.spec = self.planned()
        self.store = Store(self.prefix, "app")
        self.environment = {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "PIP_CACHE_DIR": str(directory / "cache"),
            "ANSIBLE_ASYNC_DIR": str(directory / "async"),
        }
        self.jobs = directory / "async"

    def planned(self) -> dict[str, Any]:
        """The spec of the lock as it is now."""
        return spec(
            python=sys.executable,
            tag=TAG,
            lock_sha256=digest(self.text),
            probes=["onednn"],
            environment=self.variables,
        )

    def arguments(self, state: str, **more: Any) -> dict[str, Any]:
        """The parameters of a state."""
        own: dict[str, dict[str, Any]] = {
            "looked": {"releases": [self.spec]},
            "installed": {"release": self.spec, "requirements": self.text},
            "active": {"release": self.spec},
            "absent": {"stack": "app"},
        }
        return {"state": state, "prefix": str(self.prefix), **own[state], **more}


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_a_release_from_nothing_to_current_and_gone_again(run_module: Module, host: Host) -> None:
    def run(state: str, **more: Any) -> dict[str, Any]:
        result = run_module("dnn_release", host.arguments(state), env=host.environment, **more)
        assert not result["failed"], result
        return result

    def needs() -> list[str]:
        looked = run("looked")
        assert not looked["changed"]
        assert looked["dnnready_rows"] == [looked["stacks"]["app"]["row"]]
        found: list[str] = looked["stacks"]["app"]["needs"]
        return found

    assert needs() == ["installed", "environment", "proof", "active"]
    planned = run("installed", check=True, diff=True)
    assert planned["changed"]
    assert planned["diff"][0]["after"] == "tiny==1.0\n"
    assert planned["manifest"] is None
    assert run("active", check=True)["changed"]
    assert not host.prefix.exists()

    built = run("installed", diff=True)
    assert built["changed"]
    assert built["diff"] == planned["diff"]
    assert built["path"] == str(host.store.release(host.spec["id"]))
    assert built["manifest"]["state"] == "installed"
    assert not {"ansible_job_id", "started", "finished", "results_file"} & set(built)
    assert list(host.jobs.iterdir()) == []
    assert not run("installed")["changed"]
    assert not run("installed", check=True)["changed"]

    assert needs() == ["environment", "proof", "active"]
    set_environment(host.store, host.spec)
    prove(host.store, host.spec)
    assert needs() == ["active"]
    switch = run("active", check=True, diff=True)
    assert switch["changed"]
    assert host.store.linked("current") == ""
    switched = run("active", diff=True)
    assert switched["changed"]
    assert [part["before_header"] for part in switched["diff"]] == [part["before_header"] for part in switch["diff"]]
    assert switched["previous"] == ""
    assert not run("active")["changed"]
    assert needs() == []

    assert run("absent", check=True)["changed"]
    assert host.store.linked("current") == host.spec["id"]
    assert run("absent", diff=True)["diff"][0]["before"] == f"{host.spec['id']}\n"
    assert not run("absent")["changed"]
    assert not host.store.root.exists()


def test_a_failure_is_the_modules_own_and_the_next_run_heals(run_module: Module, host: Host) -> None:
    wheel = make_wheel(host.wheels, "tiny", content={"changed.py": b""})
    result = run_module("dnn_release", host.arguments("installed"), env=host.environment)
    assert result["failed"]
    assert "a file is not the one that was locked" in result["problem"]
    assert "make lock" in result["hint"]
    assert result["msg"] == f"{result['problem']} {result['hint']}"
    assert list(host.jobs.iterdir()) == []
    assert host.store.identifiers() == []
    host.text = lock_of(wheel)
    host.spec = host.planned()
    assert run_module("dnn_release", host.arguments("installed"), env=host.environment)["changed"]


@pytest.mark.parametrize(
    ("state", "changes", "reason"),
    [
        ("installed", {"prefix": "relative"}, "relative"),
        ("installed", {"release": {"stack": "../x"}}, "Release spec"),
        ("installed", {"requirements": "tiny"}, "not pinned"),
        (
            "installed",
            {"requirements": f"tiny==1.0 --hash=sha256:{'0' * 64}"},
            "not those that its release was planned",
        ),
        ("active", {}, "is not built"),
        ("looked", {"releases": [{"stack": "app"}]}, "Release spec"),
        ("absent", {"stack": "../../etc"}, "No place for stack"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything(
    run_module: Module, host: Host, state: str, changes: dict[str, Any], reason: str
) -> None:
    result = run_module("dnn_release", {**host.arguments(state), **changes}, env=host.environment)
    assert result["failed"]
    assert reason in result["msg"]
    assert not host.prefix.exists()


def test_without_an_accepted_proof_nothing_becomes_current(run_module: Module, host: Host) -> None:
    run_module("dnn_release", host.arguments("installed"), env=host.environment)
    set_environment(host.store, host.spec)
    prove(host.store, host.spec, "fallback")
    for check in (True, False):
        result = run_module("dnn_release", host.arguments("active"), check=check)
        assert result["failed"]
        assert "is 'fallback', not accelerated" in result["msg"]
    assert host.store.linked("current") == ""
    accepted = host.arguments("active", accept=["accelerated", "fallback"])
    assert run_module("dnn_release", accepted)["changed"]


@pytest.mark.every_core
def test_async_of_the_users_own_works_as_with_any_module(run_module: Module, host: Host) -> None:
    result = run_module(
        "dnn_release", host.arguments("installed"), env=host.environment, keywords={"async": 300, "poll": 1}
    )
    assert result["changed"]
    assert result["manifest"]["state"] == "installed"


@pytest.mark.every_core
def test_a_home_other_than_that_of_the_passwd_file(run_module: Module, host: Host, tmp_path: Path) -> None:
    """As `sudo` without -H, or a container, leaves it: the build is watched where it really runs."""
    home = tmp_path / "home"
    home.mkdir()
    environment = {name: value for name, value in host.environment.items() if name != "ANSIBLE_ASYNC_DIR"}
    result = run_module("dnn_release", host.arguments("installed"), env={**environment, "HOME": str(home)})
    assert result["changed"]
    assert not list((home / ".ansible_async").iterdir())


@pytest.mark.every_core
def test_progress_is_told_where_someone_watches(
    ansible_bin: Path, ansible_environment: dict[str, str], host: Host, tmp_path: Path
) -> None:
    big = make_wheel(host.wheels, "big", content={"big.bin": os.urandom(4 << 20)})
    text = lock_of(big, header=f"# dnnready: python=any architecture=any download_bytes={big.path.stat().st_size}")
    wanted = spec(python=sys.executable, tag=TAG, lock_sha256=digest(text), probes=[])
    task = {"dnn_release": host.arguments("installed", release=wanted, requirements=text)}
    playbook = tmp_path / "playbook.yml"
    playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]), encoding="utf-8")
    variables = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    argv = [str(ansible_bin / "ansible-playbook"), str(playbook), "-i", "device,", "-e", json.dumps(variables)]
    with serve(host.wheels, seconds=14) as slow:
        environment = {**ansible_environment, **host.environment, "PIP_INDEX_URL": slow.url}
        for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS"):
            environment.pop(name, None)
        code, shown = _at_a_terminal(argv, environment)
    assert code == 0, shown
    lines = [line for line in shown.splitlines() if line.startswith("dnnready: device: app: ")]
    assert any("downloading 0 of 1 wheels" in line and "of 4 MB" in line for line in lines), shown
    assert len(lines) <= 6, shown


def _at_a_terminal(argv: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """Run a program as a person would, in the project's directory; its exit code and what the terminal showed."""
    parent, child = pty.openpty()
    process = subprocess.Popen(argv, cwd=PROJECT, env=environment, stdin=child, stdout=child, stderr=child)
    os.close(child)
    shown, end = b"", time.monotonic() + 300
    while time.monotonic() < end:
        try:
            piece = os.read(parent, 1 << 16)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        shown += piece
    os.close(parent)
    return process.wait(10), shown.decode("utf-8", "replace").replace("\r", "")
