"""What the log alone cannot tell apart, and what a fact of the host says."""

import json
from pathlib import Path

import pytest

from dnnready.diagnosis.causes import CAUSES
from dnnready.diagnosis.explain import explain
from dnnready.diagnosis.facts import Facts
from dnnready.diagnosis.ties import SEPARATORS
from dnnready.host.x86 import BITS

HOST_SCHEMA = Path(__file__).resolve().parents[3] / "docs" / "schema" / "host-1.json"
#: What probes of an installation learn, beside the host document.
OF_AN_INSTALLATION = {"loader", "record", "packages"}

AVX = "The TensorFlow library was compiled to use AVX instructions, but these aren't available on your machine."
CUDA = "ImportError: libcublas.so.11: cannot open shared object file: No such file or directory"
CUDNN = "ImportError: libcudnn.so.8: cannot open shared object file: No such file or directory"
SEGMENT = "ImportError: /srv/venv/lib/libtorch_cpu.so: failed to map segment from shared object"
REFUSED = "ERROR: torch-2.2.0-cp311-cp311-manylinux2014_x86_64.whl is not a supported wheel on this platform."
NO_WHEEL = "ERROR: No matching distribution found for tensorflow==2.16"
THREAD = "RuntimeError: can't start new thread"
STACK = "ImportError: a.so: cannot enable executable stack as shared object requires"
PRIMITIVE = "RuntimeError: could not initialize a memory descriptor"
DEVICE = "Cannot assign a device for operation a: it was explicitly assigned to /device:GPU:0"


def host(**facts):
    """A host document with some facts."""
    return {"cpu": {"architecture": "x86_64", "flags": ["avx", "avx2"], "emulated": False}, **facts}


GPU, NO_GPU = {"gpu": {"devices": ["GeForce"]}}, {"gpu": {"devices": []}}
MUSL = {"libc": {"name": "musl", "version": "1.2.5"}}


@pytest.mark.parametrize(
    ("message", "facts", "cause"),
    [
        (AVX, None, "cpu_lacks_instructions"),
        (AVX, {"cpu": {"architecture": "x86_64", "flags": [], "emulated": True}}, "emulation_limits"),
        (AVX, {"cpu": {"architecture": "x86_64", "flags": [], "emulated": False}}, "cpu_lacks_instructions"),
        (CUDA, NO_GPU, "cuda_build_on_cpu_host"),
        (CUDA, GPU, "cuda_libraries_missing"),
        (CUDNN, NO_GPU, "cuda_build_on_cpu_host"),
        (CUDNN, GPU, "cudnn_not_found_or_mismatch"),
        (DEVICE, NO_GPU, "cuda_build_on_cpu_host"),
        (DEVICE, GPU, "model_or_input_error"),
        (SEGMENT, None, "selinux_or_noexec"),
        (SEGMENT, {"disk": {"target": {"noexec": True}}}, "selinux_or_noexec"),
        (REFUSED, MUSL, "musl_libc"),
        (NO_WHEEL, None, "python_version_no_wheel"),
        (NO_WHEEL, MUSL, "musl_libc"),
        (THREAD, {"virtualization": {"container": ""}}, "thread_limit"),
        (THREAD, {"virtualization": {"container": "docker"}}, "seccomp_blocks_threads"),
        (STACK, {"libc": {"name": "glibc", "version": "2.41"}}, "exec_stack"),
        (STACK, {"libc": {"name": "glibc", "version": "2.36"}, "wx": {"allowed": False}}, "selinux_or_noexec"),
        (PRIMITIVE, {"wx": {"allowed": False}}, "selinux_or_noexec"),
    ],
)
def test_a_fact_decides(message, facts, cause):
    assert explain(message, host(**facts) if facts else None).findings[0].cause == cause


def test_what_is_not_known_is_asked_and_what_is_known_is_not():
    open_ones = explain(CUDA).findings[0].alternatives
    assert ("cuda_libraries_missing", "gpu.devices") in {(other.cause, other.fact) for other in open_ones}
    assert explain(CUDA, host(**NO_GPU)).findings[0].alternatives == ()
    assert explain(CUDA, host(**NO_GPU)).findings[0].confidence == "high"


def test_every_pair_is_of_causes_and_asks():
    for pair, (fact, question) in SEPARATORS.items():
        assert len(pair) == 2
        assert pair <= set(CAUSES)
        assert fact
        assert question.endswith("?")


def test_every_fact_is_one_of_the_host_document():
    schema = json.loads(HOST_SCHEMA.read_text())

    def inner(place):
        """What an array or an optional object holds."""
        while "$ref" in place:
            place = schema["$defs"][place["$ref"].rsplit("/", 1)[-1]]
        place = place.get("items", place)
        return next((choice for choice in place.get("oneOf", ()) if choice.get("type") == "object"), place)

    for fact, _ in SEPARATORS.values():
        if fact not in OF_AN_INSTALLATION:
            place = schema
            for name in fact.split("."):
                assert name in inner(place)["properties"], fact
                place = inner(place)["properties"][name]


def test_flags_that_are_asked_for_are_those_that_the_host_document_lists():
    assert Facts(host()).flag("avx2") is True
    assert Facts(host()).flag("avx512f") is False
    assert Facts(host()).flag("neon") is None
    assert Facts({}).flag("avx2") is None
    assert set(BITS) >= Facts.FLAGS


@pytest.mark.parametrize("facts", [{}, {"cpu": None}, {"libc": "x"}, {"gpu": {"devices": None}}, {"disk": []}])
def test_a_host_that_is_not_known_or_strange_decides_nothing(facts):
    for message in (AVX, CUDA, SEGMENT, REFUSED, THREAD):
        assert explain(message, facts).findings[0].cause == explain(message).findings[0].cause
