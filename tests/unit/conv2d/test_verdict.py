"""The verdict, as a truth table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.conv2d.causes import Cause
from dnnready.conv2d.verdict import Convolution, Evidence, judge, worst

THROUGH = Convolution("3x3", implementations=("jit:avx2",))
ELSEWHERE = Convolution("3x3")
TINY = Convolution("tiny", required=False, reason="too small; that is no fault.")
GOOD = Evidence(convolutions=(THROUGH, TINY), isa="avx2", isa_cpu="avx2")
SIGILL = Cause("cpu_lacks_instructions", "SIGILL", "")


def also(*convolutions: Convolution) -> dict[str, Any]:
    return {"convolutions": (THROUGH, *convolutions)}


TABLE: list[tuple[str, dict[str, Any], str, str]] = [
    ("everything right", {}, "accelerated", ""),
    ("informational shapes may run elsewhere", also(TINY), "accelerated", ""),
    (
        "an informational shape may fail",
        also(replace(TINY, error="RuntimeError: no bf16", right=None)),
        "accelerated",
        "",
    ),
    ("the probe did not end well", {"failure": SIGILL}, "broken", "cpu_lacks_instructions"),
    ("a required shape failed", also(replace(ELSEWHERE, error="ValueError: no", right=None)), "broken", "probe_failed"),
    (
        "its message is known",
        also(replace(ELSEWHERE, error="RuntimeError: could not create a primitive", right=None)),
        "broken",
        "onednn_primitive_error",
    ),
    ("a required shape is wrong", also(replace(THROUGH, right=False)), "broken", "wrong_result"),
    ("an informational shape is wrong", also(replace(TINY, right=False)), "broken", "wrong_result"),
    ("wrong and elsewhere is broken", also(replace(ELSEWHERE, right=False)), "broken", "wrong_result"),
    ("nothing required ran", {"convolutions": (TINY,)}, "broken", "probe_failed"),
    ("nothing ran", {"convolutions": ()}, "broken", "probe_failed"),
    ("all elsewhere", {"convolutions": (ELSEWHERE,)}, "fallback", "not_dispatched"),
    ("one elsewhere", also(ELSEWHERE), "fallback", "not_dispatched"),
    ("switched off", {"convolutions": (ELSEWHERE,), "enabled": False}, "fallback", "onednn_not_enabled_at_runtime"),
    (
        "switched off on purpose is still the truth",
        {"convolutions": (ELSEWHERE,), "enabled": False, "option": "off"},
        "fallback",
        "onednn_not_enabled_at_runtime",
    ),
    ("on, and still elsewhere", {"convolutions": (ELSEWHERE,), "enabled": True}, "fallback", "not_dispatched"),
    ("plain C++", also(replace(THROUGH, implementations=("ref:any",))), "fallback", "reference_implementation"),
    (
        "partly plain C++",
        also(replace(THROUGH, implementations=("jit:avx2", "ref"))),
        "fallback",
        "reference_implementation",
    ),
    (
        "im2col with a JIT multiplication counts",
        also(replace(THROUGH, implementations=("x64:gemm:jit",))),
        "accelerated",
        "",
    ),
    ("Arm Compute Library counts", also(replace(THROUGH, implementations=("indirect_gemm:acl",))), "accelerated", ""),
    ("narrower than the CPU", {"isa": "sse41"}, "fallback", "isa_below_cpu"),
    (
        "limited by a variable",
        {"isa": "sse41", "cap": ("ONEDNN_MAX_CPU_ISA", "SSE41")},
        "fallback",
        "invalid_env_value",
    ),
    ("a limit that takes nothing", {"cap": ("ONEDNN_MAX_CPU_ISA", "AVX512_CORE")}, "accelerated", ""),
    (
        "a limit within the same width",
        {"isa": "avx512_core", "isa_cpu": "avx512_core_amx", "cap": ("ONEDNN_MAX_CPU_ISA", "AVX512_CORE")},
        "fallback",
        "invalid_env_value",
    ),
    ("an old library on a new CPU", {"isa": "avx512_core_bf16", "isa_cpu": "avx512_core_amx"}, "accelerated", ""),
    ("a newer name of the same", {"isa": "avx10_1_512_amx", "isa_cpu": "avx512_core_amx"}, "accelerated", ""),
    ("the CPU is not known", {"isa": "sse41", "isa_cpu": ""}, "accelerated", ""),
    ("the library does not say", {"isa": ""}, "accelerated", ""),
    (
        "it does not say, and is limited",
        {"isa": "", "cap": ("MKL_ENABLE_INSTRUCTIONS", "SSE4_2")},
        "fallback",
        "invalid_env_value",
    ),
    ("MKL chooses for itself", {"isa": "avx2", "isa_cpu": "avx512_core", "own_choice": True}, "accelerated", ""),
    ("one kernel named lower", also(replace(THROUGH, implementations=("jit_dw:sse41",))), "accelerated", ""),
    ("lines that stay without the library", {"silent": False}, "fallback", "proof_not_trusted"),
    ("no control", {"silent": None}, "fallback", "proof_not_trusted"),
    ("a witness that disagrees", {"contradictions": ("profiler: aten::thnn_conv2d",)}, "fallback", "proof_not_trusted"),
    (
        "broken beats everything",
        {"failure": SIGILL, "silent": False, "isa": "sse41"},
        "broken",
        "cpu_lacks_instructions",
    ),
    ("elsewhere explains more than the limit", also(ELSEWHERE) | {"isa": "sse41"}, "fallback", "not_dispatched"),
]


@pytest.mark.parametrize(("change", "verdict", "code"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_truth_table(change: dict[str, Any], verdict: str, code: str) -> None:
    found, cause = judge(replace(GOOD, **change))
    assert (found, cause.code if cause else "") == (verdict, code)
    if cause and cause is not SIGILL:
        assert cause.text
        assert cause.next


def test_the_cause_says_which_variable_and_what_to_do() -> None:
    _, cause = judge(replace(GOOD, isa="sse41", cap=("DNNL_MAX_CPU_ISA", "SSE41")))
    assert cause is not None
    assert "DNNL_MAX_CPU_ISA=SSE41" in cause.text
    assert "avx2" in cause.text
    assert "DNNL_MAX_CPU_ISA" in cause.next


@pytest.mark.parametrize(("isa", "hint"), [("asimd", True), ("avx2", False)])
def test_plain_cpp_on_arm_has_a_usual_reason(isa: str, hint: bool) -> None:
    plain = replace(THROUGH, implementations=("gemm:ref",))
    _, cause = judge(replace(GOOD, convolutions=(plain,), isa=isa, isa_cpu=isa))
    assert cause is not None
    assert ("Arm Compute Library" in cause.text) is hint


def test_the_cause_names_the_users_choice() -> None:
    _, cause = judge(replace(GOOD, convolutions=(ELSEWHERE,), enabled=False, option="auto"))
    assert cause is not None
    assert "onednn_convolution: auto" in cause.text


@pytest.mark.parametrize(
    ("verdicts", "result"),
    [
        (["accelerated"], "accelerated"),
        (["accelerated", "fallback"], "fallback"),
        (["broken", "accelerated", "fallback"], "broken"),
    ],
)
def test_a_stack_is_as_good_as_its_worst_probe(verdicts: list[str], result: str) -> None:
    assert worst(verdicts) == result


ANY = st.builds(
    Evidence,
    convolutions=st.lists(
        st.builds(
            Convolution,
            name=st.just("a"),
            required=st.booleans(),
            error=st.sampled_from(["", "RuntimeError: no"]),
            right=st.sampled_from([True, False, None]),
            implementations=st.sampled_from([(), ("jit:avx2",), ("ref:any",)]),
        ),
        max_size=4,
    ).map(tuple),
    silent=st.sampled_from([True, False, None]),
    contradictions=st.sampled_from([(), ("no",)]),
    isa=st.sampled_from(["", "sse41", "avx2"]),
    isa_cpu=st.sampled_from(["", "avx2", "avx512_core"]),
    enabled=st.sampled_from([True, False, None]),
)


@given(ANY)
def test_what_accelerated_means(evidence: Evidence) -> None:
    verdict, cause = judge(evidence)
    assert (cause is None) is (verdict == "accelerated")
    if verdict == "accelerated":
        required = [convolution for convolution in evidence.convolutions if convolution.required]
        assert required
        assert all(convolution.implementations and not convolution.error for convolution in required)
        assert all(convolution.right is not False for convolution in evidence.convolutions)
        assert evidence.silent
        assert not evidence.contradictions
