"""Names of instruction sets: headers, implementations, order, limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.conv2d import isa
from dnnready.host.x86 import ISAS


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Intel 64", ""),
        ("Intel SSE4.1", "sse41"),
        ("Intel AVX", "avx"),
        ("Intel AVX2", "avx2"),
        ("Intel AVX2 with Intel DL Boost", "avx2_vnni"),
        ("Intel AVX2 with Intel DL Boost, float16 and bfloat16 support", "avx2_vnni_2"),
        ("Intel AVX-512 with AVX512BW, AVX512VL, and AVX512DQ extensions", "avx512_core"),
        ("Intel AVX-512 with Intel DL Boost", "avx512_core_vnni"),
        ("Intel AVX-512 with Intel DL Boost and bfloat16 support", "avx512_core_bf16"),
        ("Intel AVX-512 with Intel DL Boost and bfloat16 support on Ymm/Zmm", "avx512_core_bf16"),
        ("Intel AVX-512 with float16, Intel DL Boost and bfloat16 support ", "avx512_core_fp16"),
        ("Intel AVX 10.1", "avx512_core_fp16"),
        (
            "Intel AVX-512 with Intel DL Boost and bfloat16 support"
            " and Intel AMX with bfloat16 and 8-bit integer support",
            "avx512_core_amx",
        ),
        ("Intel AVX10.1 and Intel AMX with bfloat16 and 8-bit integer support", "avx512_core_amx"),
        ("Intel AVX10.1 and Intel AMX with bfloat16, float16 and 8-bit integer support", "avx512_core_amx_fp16"),
        ("Intel AVX10.2", "avx10_2"),
        ("Intel AVX10.2 and Intel AMX with float8, float16, bfloat16 and 8-bit integer support", "avx10_2_amx_2"),
        ("Intel(R) Architecture processors", ""),
        ("Intel(R) Advanced Vector Extensions 2 (Intel(R) AVX2) enabled processors", "avx2"),
        ("Intel(R) Advanced Vector Extensions 512 (Intel(R) AVX-512) enabled processors", "avx512_core"),
        ("AArch64 (with Advanced SIMD & floating-point)", "asimd"),
        ("AArch64 SVE (256 bits)", "sve_256"),
        ("", ""),
    ],
)
def test_headers(text: str, name: str) -> None:
    assert isa.of_header(text) == name


@pytest.mark.parametrize(
    ("implementation", "name"),
    [
        ("jit:avx2", "avx2"),
        ("jit_dw:sse41", "sse41"),
        ("jit:avx512_common", "avx512_core"),
        ("brg_conv_fwd:avx512_core", "avx512_core"),
        ("brg_conv_fwd:avx10_1_512_amx", "avx512_core_amx"),
        ("brgconv:avx512_core_amx_bf16", "avx512_core_amx"),
        ("x64:gemm:jit", ""),
        ("indirect_gemm:acl", ""),
        ("brgconv:sve_512", "sve_512"),
        ("ref:any", ""),
        ("mkl:sgemm", ""),
        ("", ""),
    ],
)
def test_implementations(implementation: str, name: str) -> None:
    assert isa.of_implementation(implementation) == name


@pytest.mark.parametrize(
    ("implementation", "plain"),
    [
        ("ref:any", True),
        ("ref", True),
        ("gemm:ref", True),
        ("ref_fused_convolution:any", True),
        ("jit:avx2", False),
        ("x64:gemm:jit", False),
        ("wino:acl", False),
        ("mkl:sgemm", False),
    ],
)
def test_plain_cpp(implementation: str, plain: bool) -> None:
    assert isa.is_reference(implementation) is plain


@pytest.mark.parametrize(("name", "arm"), [("asimd", True), ("sve_512", True), ("avx2", False), ("", False)])
def test_families(name: str, arm: bool) -> None:
    assert isa.is_arm(name) is arm


@pytest.mark.parametrize(
    ("first", "second", "below", "narrower"),
    [
        ("sse41", "avx2", True, True),
        ("avx2", "avx2", False, False),
        ("avx2_vnni", "avx2", False, False),
        ("avx2", "avx2_vnni_2", True, False),
        ("avx2_vnni_2", "avx512_core", True, True),
        ("avx512_core", "avx512_core_amx", True, False),
        ("avx10_1_512_amx", "avx512_core_amx", False, False),
        ("avx512_core_amx", "avx10_2_512", True, False),
        ("asimd", "sve_256", True, True),
        ("sve_512", "sve_256", False, False),
        ("avx2", "asimd", None, None),
        ("", "avx2", None, None),
        ("avx2", "", None, None),
        ("rvv", "avx2", None, None),
    ],
)
def test_order(first: str, second: str, below: bool | None, narrower: bool | None) -> None:
    assert isa.lower(first, second) is below
    assert isa.lower_vector(first, second) is narrower


def test_every_isa_of_the_host_document_is_known_and_ordered() -> None:
    names = [name for name, _ in ISAS]
    assert [isa.name(name) for name in names] == names
    assert all(isa.lower(low, high) for high, low in zip(names, names[1:]))
    assert all(isa.vector(name) for name in names)


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_words(first: str, second: str) -> None:
    assert isa.name(isa.of_header(first)) == isa.of_header(first)
    assert isa.lower(first, second) in (True, False, None)
    isa.of_implementation(first)


@pytest.mark.parametrize(
    ("probe", "environment", "limit"),
    [
        ("pytorch", {}, None),
        ("pytorch", {"ONEDNN_MAX_CPU_ISA": "AVX2"}, ("ONEDNN_MAX_CPU_ISA", "AVX2")),
        ("pytorch", {"ONEDNN_MAX_CPU_ISA": "sse41"}, ("ONEDNN_MAX_CPU_ISA", "sse41")),
        ("pytorch", {"DNNL_MAX_CPU_ISA": "AVX"}, ("DNNL_MAX_CPU_ISA", "AVX")),
        ("pytorch", {"ONEDNN_MAX_CPU_ISA": "DEFAULT", "DNNL_MAX_CPU_ISA": "AVX"}, None),
        ("pytorch", {"ONEDNN_MAX_CPU_ISA": "AVX9000"}, None),
        ("pytorch", {"MKL_ENABLE_INSTRUCTIONS": "AVX2"}, None),
        ("mkl", {"MKL_ENABLE_INSTRUCTIONS": "AVX2"}, ("MKL_ENABLE_INSTRUCTIONS", "AVX2")),
        ("mkl", {"MKL_ENABLE_INSTRUCTIONS": "fast"}, None),
        ("mkl", {"ONEDNN_MAX_CPU_ISA": "AVX2"}, None),
    ],
)
def test_limits(probe: str, environment: dict[str, str], limit: tuple[str, str] | None) -> None:
    assert isa.cap(probe, environment) == limit
