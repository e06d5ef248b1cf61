"""Proofs of real frameworks: right, wrongly set, and sabotaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dnnready.conv2d import verify
from tests.integration.conv2d_stacks import real

pytestmark = pytest.mark.frameworks
SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs" / "schema" / "proof-1.json").read_text())


def prove(name: str, *, python: Path | None = None, **change: Any) -> dict[str, Any]:
    """The proof of a real stack."""
    stack = real(name)
    environment = {**stack.environment, **change.pop("environment", {})}
    request = {"stack": name, "python": str(python or stack.python), "probes": [name], "environment": environment}
    proof = verify({**request, **change})
    jsonschema.Draft202012Validator(SCHEMA).validate(proof)
    return proof


def convolution(proof: dict[str, Any], name: str, mode: str = "eager") -> dict[str, Any]:
    """One record of a proof."""
    records = proof["probes"][0]["convolutions"]
    return next(record for record in records if (record["name"], record["mode"]) == (name, mode))


TENSORFLOW_ON = {"TF_ENABLE_ONEDNN_OPTS": "1"}


@pytest.mark.parametrize(
    ("name", "environment"), [("onednn", {}), ("mkl", {}), ("pytorch", {}), ("tensorflow", TENSORFLOW_ON)]
)
def test_a_real_stack_is_accelerated(name: str, environment: dict[str, str]) -> None:
    proof = prove(name, environment=environment)
    assert proof["verdict"] == "accelerated", proof["cause"]
    report = proof["probes"][0]
    assert report["control"]["silent"] is True
    assert report["witnesses"]
    assert all(witness["agrees"] for witness in report["witnesses"])
    assert proof["summary"]["implementations"]
    assert proof["summary"]["isa"]
    assert proof["summary"]["max_error_ratio"] < 1


def test_the_layers_of_the_question() -> None:
    torch = convolution(prove("pytorch"), "question-2-torch-conv2d")
    assert torch["output"] == [1, 32, 26, 26]
    assert torch["implementations"] == []
    assert "no fault" in torch["why"]
    tensorflow = prove("tensorflow", environment=TENSORFLOW_ON)
    for name in ("question-1-keras-conv2d", "question-3-late-environment"):
        for mode in ("eager", "graph"):
            record = convolution(tensorflow, name, mode)
            assert record["output"] == [1, 32, 26, 26]
            assert record["implementations"]
    late = convolution(tensorflow, "question-3-late-environment")["environment_inside"]
    assert late["set"] == {"KMP_AFFINITY": "disabled"}
    assert not late["effect"]


@pytest.mark.parametrize(
    ("name", "environment", "code"),
    [
        ("pytorch", {"ONEDNN_MAX_CPU_ISA": "SSE41"}, "invalid_env_value"),
        ("onednn", {"ONEDNN_MAX_CPU_ISA": "SSE41"}, "invalid_env_value"),
        ("mkl", {"MKL_ENABLE_INSTRUCTIONS": "SSE4_2"}, "invalid_env_value"),
        ("tensorflow", {"TF_ENABLE_ONEDNN_OPTS": "0"}, "onednn_not_enabled_at_runtime"),
    ],
)
def test_a_wrong_environment_is_a_fallback(name: str, environment: dict[str, str], code: str) -> None:
    proof = prove(name, environment=environment)
    assert (proof["verdict"], proof["cause"]["code"]) == ("fallback", code)
    if code == "invalid_env_value":
        assert "=".join(*environment.items()) in proof["cause"]["text"]
    assert proof["next"]


def test_a_convolution_of_the_user_that_runs_elsewhere() -> None:
    shape = {"name": "tiny", "input": [1, 80, 16, 16], "filters": 8, "kernel": 3, "padding": 1}
    border = {**shape, "name": "border", "input": [1, 81, 16, 16]}
    proof = prove("pytorch", shapes=[shape, border])
    assert (proof["verdict"], proof["cause"]["code"]) == ("fallback", "not_dispatched")
    assert "tiny" in proof["cause"]["text"]
    assert "20,480" in proof["cause"]["text"]
    assert convolution(proof, "border")["implementations"]


def sabotaged(tmp_path: Path, name: str, code: str) -> Path:
    """The stack's interpreter, with something done to the framework before the probe comes."""
    stack = real(name)
    before = tmp_path / "before.py"
    before.write_text(
        f"{code}\nimport sys\nexec(compile(sys.stdin.read(), '<stdin>', 'exec'), {{'__name__': '__main__'}})\n"
    )
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\nexec {stack.python} {before}\n")
    python.chmod(0o755)
    return python


WRONG = """
import torch
right = torch.nn.Conv2d.forward
torch.nn.Conv2d.forward = lambda self, x: right(self, x) * 1.0001
"""
CRASH = """
import os, signal, torch
right = torch.nn.Conv2d.forward
def forward(self, x):
    if self.groups > 1:
        os.kill(os.getpid(), signal.SIGILL)
    return right(self, x)
torch.nn.Conv2d.forward = forward
"""
#: oneDNN stays on where the control switches it off.
STUCK = """
import contextlib, torch
torch.backends.mkldnn.flags = lambda enabled=False: contextlib.nullcontext()
"""
OFF = """
import torch
torch._C._set_mkldnn_enabled(False)
"""
#: Lines that no library printed, right in form and place, and silent in the control: the profiler knows better.
FORGED = """
import contextlib, torch
torch._C._set_mkldnn_enabled(False)
controls = []
@contextlib.contextmanager
def flags(enabled=False):
    controls.append(enabled)
    yield
    controls.pop()
torch.backends.mkldnn.flags = flags
right = torch.nn.Conv2d.forward
def forward(self, x):
    if not controls:
        print("onednn_verbose,v1,primitive,exec,cpu,convolution,jit:avx2,forward,src:f32::blocked:acdb::f0,,,mb1,1.0")
    return right(self, x)
torch.nn.Conv2d.forward = forward
"""
HANG = "import time; time.sleep(300)"


@pytest.mark.parametrize(
    ("code", "expected", "text"),
    [
        (WRONG, ("broken", "wrong_result"), "wrong results"),
        (CRASH, ("broken", "cpu_lacks_instructions"), "depthwise"),
        (STUCK, ("fallback", "proof_not_trusted"), "stay where it is switched off"),
        (OFF, ("fallback", "not_dispatched"), "No convolution ran through the library"),
        (FORGED, ("fallback", "proof_not_trusted"), "A second witness disagrees: profiler"),
        (HANG, ("broken", "probe_timed_out"), "did not end"),
    ],
    ids=["wrong", "crash", "stuck", "off", "forged", "hang"],
)
def test_sabotage_is_found(tmp_path: Path, code: str, expected: tuple[str, str], text: str) -> None:
    python = sabotaged(tmp_path, "pytorch", code)
    proof = prove("pytorch", python=python, timeout=5 if code is HANG else 120)
    assert (proof["verdict"], proof["cause"]["code"]) == expected
    assert text in proof["cause"]["text"]
