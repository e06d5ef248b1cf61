"""The module dnn_diagnose through AnsiballZ on this machine."""

import json
from pathlib import Path

import jsonschema
import pytest

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "schema" / "explanation-1.json"
CUDA = "step 1\nImportError: libcublas.so.11: cannot open shared object file: No such file or directory\n"


def still(result):
    """A result without the time that it took."""
    return {key: value for key, value in result.items() if key not in ("cpu_seconds", "invocation")}


def test_the_document_keeps_to_the_schema_and_nothing_changes(run_module):
    result = run_module("dnn_diagnose", {"log_text": CUDA})
    assert not result["failed"]
    assert result["changed"] is False
    assert result["cpu_seconds"] < 5
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(result["explanation"])
    first = result["explanation"]["findings"][0]
    assert (first["cause"], first["confidence"], first["line_number"]) == ("cuda_build_on_cpu_host", "medium", 2)
    assert {other["fact"] for other in first["alternatives"]} == {"gpu.devices"}


def test_check_mode_explains_the_same(run_module):
    arguments = {"log_text": CUDA}
    assert still(run_module("dnn_diagnose", arguments, check=True, diff=True)) == still(
        run_module("dnn_diagnose", arguments)
    )


@pytest.mark.every_core
def test_facts_of_the_host_decide(run_module):
    host = run_module("dnn_host_info", {"packages": []})["host"]
    for devices, cause in (([], "cuda_build_on_cpu_host"), (["GeForce"], "cuda_libraries_missing")):
        facts = {**host, "gpu": {"devices": devices, "nvidia_driver": None}}
        finding = run_module("dnn_diagnose", {"log_text": CUDA, "host": facts})["explanation"]["findings"][0]
        assert (finding["cause"], finding["alternatives"]) == (cause, [])


@pytest.mark.parametrize(
    ("log", "not_known", "healthy", "causes"),
    [
        ("", True, True, []),
        ("Epoch 1/3\nEpoch 2/3\n", True, True, []),
        ("ZeroDivisionError: division by zero", True, False, []),
        ("I tensorflow/core/util/port.cc:153] oneDNN custom operations are on.", False, True, ["benign_message"]),
        ("\x1b[31mweb-1  | Illegal instruction (core dumped)\x1b[0m\r\n", False, False, ["cpu_lacks_instructions"]),
    ],
)
def test_logs_of_all_kinds(run_module, log, not_known, healthy, causes):
    explanation = run_module("dnn_diagnose", {"log_text": log})["explanation"]
    assert (explanation["not_known"], explanation["healthy"]) == (not_known, healthy)
    assert [finding["cause"] for finding in explanation["findings"]][:1] == causes


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "No stack is installed in (no prefix)"),
        ({"log_text": "x", "host": "debian"}, "host"),
        ({"log_text": "x", "stack": "pytorch"}, "Unsupported parameters"),
    ],
)
def test_a_wrong_parameter_is_explained(run_module, arguments, words):
    result = run_module("dnn_diagnose", arguments)
    assert result["failed"]
    assert words in result["msg"]
