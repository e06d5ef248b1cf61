"""The explanation as a whole."""

import json
from pathlib import Path

import jsonschema
import pytest

from dnnready.diagnosis.explain import explain
from dnnready.diagnosis.shown import text

from .examples import healthy, reports

SCHEMA = json.loads((Path(__file__).resolve().parents[3] / "docs/schema/explanation-1.json").read_text())

TENSORFLOW_START = """\
2024-03-01 10:00:00.000001: I tensorflow/core/util/port.cc:113] oneDNN custom operations are on. You may see slightly \
different numerical results
2024-03-01 10:00:00.000002: E external/local_xla/xla/stream_executor/cuda/cuda_dnn.cc:9261] Unable to register cuDNN \
factory: Attempting to register factory for plugin cuDNN when one has already been registered
2024-03-01 10:00:00.000003: I tensorflow/core/platform/cpu_feature_guard.cc:182] This TensorFlow binary is optimized \
to use available CPU instructions in performance-critical operations.
To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow with the appropriate flags.
2024-03-01 10:00:00.000004: W tensorflow/compiler/tf2tensorrt/utils/py_utils.cc:38] TF-TRT Warning: Could not find \
TensorRT
"""


@pytest.mark.parametrize(
    "case", reports("develop", "heldout", "fresh", "fresh2", "fresh3"), ids=lambda case: case["id"]
)
def test_the_document_keeps_to_its_schema(case):
    jsonschema.Draft202012Validator(SCHEMA).validate(explain(case["log"]).document())


def test_an_empty_log():
    for log in ("", b"", "\n\n", "\x1b[0m"):
        explanation = explain(log)
        assert explanation.not_known
        assert explanation.healthy
    assert explain("").lines == 0
    assert explain("a\nb\n").lines == 2


@pytest.mark.parametrize(
    ("log", "ending"),
    [
        ("Segmentation fault (core dumped)", "SIGSEGV"),
        ('Traceback (most recent call last):\n  File "a.py", line 3\nValueError: bad thing', "ValueError"),
        ("KeyError: 'conv2d'", "KeyError"),
        ("run.sh: line 3:  1234 Aborted                 python a.py", "SIGABRT"),
    ],
)
def test_what_is_not_known_is_not_guessed(log, ending):
    explanation = explain(log)
    assert explanation.not_known
    assert explanation.ending == ending
    assert not explanation.healthy
    assert text(explanation).startswith(f"Not known: the log ends in {ending}")


def test_a_start_of_tensorflow_is_harmless():
    explanation = explain(TENSORFLOW_START)
    assert [finding.cause for finding in explanation.findings] == ["benign_message"]
    assert explanation.healthy
    assert {hit.line_number for hit in explanation.harmless} >= {1, 2, 3, 5}


def test_harmless_lines_before_a_failure_that_is_not_known_explain_nothing():
    explanation = explain(TENSORFLOW_START + "Traceback (most recent call last):\nZeroDivisionError: division by zero")
    assert explanation.not_known
    assert explanation.harmless
    assert explanation.ending == "ZeroDivisionError"


def test_harmless_lines_before_a_failure_do_not_hide_it():
    log = f"{TENSORFLOW_START}ImportError: libgomp.so.1: cannot open shared object file: No such file or directory"
    explanation = explain(log)
    assert explanation.findings[0].cause == "openmp_runtime_missing"
    assert explanation.findings[0].confidence == "high"
    assert explanation.findings[0].line_number == 6
    assert explanation.findings[0].line.startswith("ImportError: libgomp.so.1")
    assert len(explanation.harmless) >= 4


def test_the_model_is_at_fault_and_not_the_host():
    finding = explain(
        "RuntimeError: Given groups=1, weight of size [64, 3, 3, 3], expected input[1, 1, 8, 8]"
    ).findings[0]
    assert (finding.cause, finding.where) == ("model_or_input_error", "model")
    assert "your model or program, not the host" in text(explain(finding.line))


def test_the_error_that_ended_it_beats_an_earlier_warning():
    warning = "UserWarning: Failed to initialize NumPy: _ARRAY_API not found"
    error = "OSError: [Errno 28] No space left on device"
    assert explain(f"{warning}\n{error}").findings[0].cause == "no_disk_space"
    assert {finding.cause for finding in explain(f"{warning}\n{error}").findings} == {"no_disk_space", "numpy_abi"}


def test_a_message_a_thousand_times_is_one_finding():
    line = "OpenBLAS blas_thread_init: pthread_create failed for thread {} of 64: Resource temporarily unavailable\n"
    explanation = explain("".join(line.format(number) for number in range(1000)))
    assert [finding.cause for finding in explanation.findings] == ["thread_limit"]
    assert len(explanation.findings[0].evidence) == 5


def test_the_last_words_of_a_long_log_are_heard():
    noise = "".join(
        f"step {number}: could not create the perfect thing yet, error {number / 7}\n" for number in range(60000)
    )
    explanation = explain(f"{noise}OSError: libgomp.so.1: cannot open shared object file: No such file or directory\n")
    assert explanation.findings[0].cause == "openmp_runtime_missing"
    assert explanation.findings[0].line_number == 60001


def test_the_text_for_people():
    words = text(explain("x\nImportError: libcublas.so.11: cannot open shared object file: No such file or directory"))
    assert words.startswith("1. cuda_build_on_cpu_host (confidence medium)\n   line 2: ImportError: libcublas.so.11")
    assert "   Do: Install the CPU build" in words
    assert "Or cuda_libraries_missing: Is there a GPU? (host fact gpu.devices)" in words
    assert max(map(len, words.splitlines())) < 190


def test_text_and_document_of_healthy_logs():
    for log in healthy().values():
        explanation = explain(log)
        jsonschema.Draft202012Validator(SCHEMA).validate(explanation.document())
        assert text(explanation)
