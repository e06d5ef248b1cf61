"""The module conv2d_verify through AnsiballZ; what it proves of frameworks is in test_conv2d_frameworks.py."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.integration.conv2d_stacks import real

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs" / "schema" / "proof-1.json").read_text())
RUN = json.loads((ROOT / "docs" / "schema" / "run-1.json").read_text())
Module = Callable[..., dict[str, Any]]


def release_at(path: Path, body: str) -> Path:
    """A directory that looks like a release, with an interpreter that does as the body says."""
    python = path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n{body}\n")
    python.chmod(0o755)
    spec = {"id": "0123456789abcdef", "probes": ["pytorch"], "options": {}, "shapes": []}
    (path / "manifest.json").write_text(
        json.dumps({"schema": "dnnready/manifest/1", "state": "installed", "spec": spec})
    )
    (path / "environment").write_text("OMP_NUM_THREADS=1\n")
    return path


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A release whose interpreter has no framework."""
    return release_at(tmp_path / "release", f'exec {sys.executable} -I -S "$@"')


def valid(result: dict[str, Any]) -> dict[str, Any]:
    """Hold a result to the schemas."""
    assert not result["failed"], result
    jsonschema.Draft202012Validator({**RUN["$defs"]["row"], "$defs": RUN["$defs"]}).validate(result["dnnready_rows"][0])
    if "proof" in result:
        jsonschema.Draft202012Validator(SCHEMA).validate(result["proof"])
        assert result["verdict"] == result["proof"]["verdict"] == result["dnnready_rows"][0]["verdict"]
        assert result["cpu_seconds"] >= result["summary"]["cpu_seconds"] or result["reused"]
    return result


def test_a_release_that_does_not_work_is_a_result(run_module: Module, bare: Path) -> None:
    result = valid(run_module("conv2d_verify", {"stack": "mine", "path": str(bare)}, diff=True))
    assert result["verdict"] == "broken"
    assert result["cause"]["code"] == "framework_not_installed"
    assert result["changed"]
    assert "framework_not_installed" in json.dumps(result["diff"])
    kept = json.loads((bare / "proof.json").read_text())
    assert kept == result["proof"]
    assert kept["release"] == "0123456789abcdef"
    assert kept["environment"] == {"OMP_NUM_THREADS": "1"}


def test_saying_the_same_again_is_no_change(run_module: Module, bare: Path) -> None:
    first = valid(run_module("conv2d_verify", {"stack": "mine", "path": str(bare)}))
    second = valid(run_module("conv2d_verify", {"stack": "mine", "path": str(bare)}, diff=True))
    assert (first["changed"], second["changed"]) == (True, False)
    assert not second.get("diff")
    assert second["dnnready_rows"][0]["changed"] is False


@pytest.mark.every_core
def test_check_mode_looks_and_stores_nothing(run_module: Module, bare: Path) -> None:
    before = sorted(path.name for path in bare.rglob("*"))
    result = valid(run_module("conv2d_verify", {"stack": "mine", "path": str(bare)}, check=True))
    assert (result["verdict"], result["changed"]) == ("broken", True)
    assert sorted(path.name for path in bare.rglob("*")) == before


def test_nothing_is_stored_where_that_is_not_wanted(run_module: Module, bare: Path) -> None:
    result = valid(run_module("conv2d_verify", {"stack": "mine", "path": str(bare), "store": False}))
    assert not result["changed"]
    assert not (bare / "proof.json").exists()


def test_a_broken_proof_is_never_reused(run_module: Module, bare: Path) -> None:
    arguments = {"stack": "mine", "path": str(bare), "reuse": True}
    assert not valid(run_module("conv2d_verify", arguments))["reused"]
    assert not valid(run_module("conv2d_verify", arguments))["reused"]


@pytest.mark.parametrize(
    ("release", "check", "verdict"),
    [("", False, "unproven"), ("", True, "unproven"), ("abc", True, "planned"), ("abc", False, "unproven")],
)
def test_no_release(run_module: Module, tmp_path: Path, release: str, check: bool, verdict: str) -> None:
    arguments = {"stack": "mine", "path": str(tmp_path / "current"), "release": release}
    result = valid(run_module("conv2d_verify", arguments, check=check))
    assert (result["verdict"], result["changed"]) == (verdict, False)
    assert bool(result["next"]) is (verdict == "unproven")


def test_a_link_is_resolved_before_anything_runs(run_module: Module, bare: Path) -> None:
    link = bare.parent / "current"
    link.symlink_to(bare.name)
    result = valid(run_module("conv2d_verify", {"stack": "mine", "path": str(link)}))
    assert [entry[0] for entry in result["proof"]["fingerprint"]["files"]] == [str(bare / "environment")]


def test_a_hang_is_ended(run_module: Module, tmp_path: Path) -> None:
    release = release_at(tmp_path / "release", "sleep 120")
    result = valid(run_module("conv2d_verify", {"stack": "mine", "path": str(release), "timeout": 1}))
    assert result["cause"]["code"] == "probe_timed_out"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"probes": ["jax"]}, "probes must be one or more of"),
        ({"python": "/nowhere/python"}, "There is no interpreter /nowhere/python."),
        ({"shapes": [{"name": "x", "input": [1, 2], "filters": 1, "kernel": 1}]}, "shapes[0]: input is [1, 2]."),
    ],
)
@pytest.mark.every_core
def test_what_is_refused(run_module: Module, bare: Path, arguments: dict[str, Any], message: str) -> None:
    result = run_module("conv2d_verify", {"stack": "mine", "path": str(bare), **arguments})
    assert result["failed"]
    assert message in result["msg"]


@pytest.mark.frameworks
def test_an_unchanged_stack_is_not_proven_twice(run_module: Module, tmp_path: Path) -> None:
    stack = real("pytorch")

    def prove(**environment: str) -> dict[str, Any]:
        arguments = {"stack": "pytorch", "path": str(tmp_path), "python": str(stack.python), "probes": ["pytorch"]}
        variables = {**stack.environment, **environment}
        return valid(run_module("conv2d_verify", {**arguments, "environment": variables, "reuse": True}))

    first, second, third = prove(), prove(), prove(OMP_NUM_THREADS="1")
    assert first["verdict"] == "accelerated", first["cause"]
    assert [result["reused"] for result in (first, second, third)] == [False, True, False]
    assert [result["changed"] for result in (first, second)] == [True, False]
    assert second["proof"] == first["proof"]
    assert second["cpu_seconds"] < 1.5
