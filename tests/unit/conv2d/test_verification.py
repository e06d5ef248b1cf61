"""The whole of a verification, with interpreters that cannot do what is asked."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dnnready.conv2d import verify
from dnnready.conv2d.verification import complete, local_host
from dnnready.errors import DnnreadyError

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "schema" / "proof-1.json").read_text())
HOST = {"cpu": {"isa": "avx2", "architecture": "x86_64", "vendor": "", "model": ""}}


def request(**change: Any) -> dict[str, Any]:
    return {
        "stack": "pytorch",
        "release": "0123456789abcdef",
        "python": sys.executable,
        "probes": ["pytorch"],
        "host": HOST,
        "timeout": 30,
        **change,
    }


def interpreter(path: Path, body: str) -> str:
    """An interpreter that does something first, or something else."""
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def proven(**change: Any) -> dict[str, Any]:
    proof = verify(request(**change))
    jsonschema.Draft202012Validator(SCHEMA).validate(proof)
    return proof


@pytest.mark.parametrize(
    ("probe", "module"), [("pytorch", "torch"), ("tensorflow", "tensorflow")], ids=["pytorch", "tensorflow"]
)
def test_an_interpreter_without_the_framework(tmp_path: Path, probe: str, module: str) -> None:
    bare = interpreter(tmp_path / "python", f'exec {sys.executable} -I -S "$@"')
    proof = proven(python=bare, probes=[probe])
    assert (proof["verdict"], proof["cause"]["code"]) == ("broken", "framework_not_installed")
    assert f"No module named '{module}'" in proof["cause"]["text"]
    assert proof["probes"][0]["process"]["exit_code"] == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("kill -ILL $$", "cpu_lacks_instructions"),
        ("kill -SEGV $$", "corrupt_install"),
        ("echo 'ImportError: libdnnl.so.2: cannot open shared object file' >&2; exit 1", "dnn_library_missing"),
        ("exit 0", "probe_failed"),
        ("cat", "probe_failed"),
        ("head -c 9000000 /dev/zero", "probe_failed"),
    ],
)
def test_interpreters_that_do_not_answer(tmp_path: Path, body: str, code: str) -> None:
    proof = proven(python=interpreter(tmp_path / "python", body))
    assert (proof["verdict"], proof["cause"]["code"]) == ("broken", code)
    assert proof["next"]


def test_an_interpreter_that_hangs(tmp_path: Path) -> None:
    proof = proven(python=interpreter(tmp_path / "python", "sleep 60"), timeout=1)
    assert proof["cause"]["code"] == "probe_timed_out"
    assert proof["probes"][0]["process"]["timed_out"]


def test_the_environment_reaches_the_probe_and_the_proof(tmp_path: Path) -> None:
    python = interpreter(tmp_path / "python", 'echo "MARK is $MARK" >&2; exit 3')
    proof = proven(python=python, environment={"MARK": 7})
    assert "MARK is 7" in proof["probes"][0]["stderr_tail"]
    assert proof["environment"] == {"MARK": "7"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"probes": []}, "no probe to run"),
        ({"probes": ["jax"]}, "no probe 'jax'"),
        ({"python": "/nowhere/python"}, "no interpreter /nowhere/python"),
        ({"python": None}, "no interpreter"),
        ({"shapes": [{"name": "x"}]}, "shapes[0]"),
    ],
)
def test_requests_that_make_no_sense(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DnnreadyError) as refused:
        verify(request(**change))
    assert message in str(refused.value)


def test_the_interpreter_of_a_release(tmp_path: Path) -> None:
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    python = interpreter(tmp_path / "venv" / "bin" / "python", "exit 3")
    assert complete(request(python=None, release_path=str(tmp_path)))["python"] == python


def test_the_environment_file_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "environment").write_text("A=b\n")
    python = interpreter(tmp_path / "python", "exit 3")
    files = proven(python=python, release_path=str(tmp_path))["fingerprint"]["files"]
    assert [entry[0] for entry in files] == [str(tmp_path / "environment")]


def test_the_cpu_is_read_where_nobody_did() -> None:
    cpu = local_host()["cpu"]
    assert cpu["architecture"]
    assert "isa" in cpu
