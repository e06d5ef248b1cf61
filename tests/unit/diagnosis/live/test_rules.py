"""What the observations say about each other."""

import pytest

from dnnready.diagnosis.causes import CAUSES
from dnnready.diagnosis.probe import Case, Observation, Suspicion
from dnnready.diagnosis.rules import RULES, factor
from dnnready.diagnosis.target import Target


def case(**observations):
    return Case(Target("python", "x"), {}, observations)


GOMP = "/x/torch/lib/libgomp.so.1"
FINE = Observation(said="in order")


def seen(cause, weight=0.96, **facts):
    return Observation(suspicions=(Suspicion(cause, weight, ["x"], facts.pop("details", {})),), facts=facts)


@pytest.mark.parametrize(
    ("cause", "observations", "expected"),
    [
        ("corrupt_install", {}, 1.0),
        ("corrupt_install", {"records": FINE, "convolution": Observation(facts={"signal": "SIGSEGV"})}, 1.0),
        ("corrupt_install", {"records": FINE, "convolution": Observation(facts={"signal": ""})}, 0.8),
        (
            "corrupt_install",
            {"records": FINE, "hashes": FINE, "convolution": Observation(facts={"signal": "SIGSEGV"})},
            0.6,
        ),
        ("corrupt_install", {"records": seen("corrupt_install", missing=["/x/libdnnl.so.3"])}, 0.85),
        ("dnn_library_missing", {"records": seen("corrupt_install", missing=["/x/libdnnl.so.3"])}, 1.5),
        ("dnn_library_missing", {"records": seen("corrupt_install", missing=["/x/libdnnl.so.3", "/x/a.py"])}, 1.0),
        ("mkl_library_missing", {"records": seen("corrupt_install", missing=["/x/libmkl_core.so.2"])}, 1.5),
        (
            "openmp_runtime_missing",
            {"records": seen("corrupt_install", missing=[GOMP], details={"library": GOMP})},
            1.3,
        ),
        ("onednn_primitive_error", {"surroundings": seen("selinux_or_noexec")}, 0.7),
        ("thread_limit", {"surroundings": FINE}, 0.6),
        ("thread_limit", {"surroundings": seen("thread_limit")}, 1.0),
        ("cpu_lacks_instructions", {"processor": FINE}, 0.7),
        ("cpu_lacks_instructions", {"processor": FINE, "convolution": Observation(facts={"signal": "SIGILL"})}, 1.0),
        ("extension_abi_mismatch", {"records": seen("corrupt_install", 0.97)}, 0.85),
        ("extension_abi_mismatch", {"records": seen("corrupt_install", 0.6)}, 1.0),
    ],
)
def test_the_weight_of_a_cause(cause, observations, expected):
    assert factor(cause, case(**observations)) == pytest.approx(expected)


def test_rules_speak_of_known_causes():
    assert {cause for rule in RULES for cause in rule.causes} <= set(CAUSES)
    assert all(rule.because for rule in RULES)
