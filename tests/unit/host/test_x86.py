"""CPUID, the levels of the psABI, and what oneDNN dispatches to."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.host import x86

ALL_STATE = (1 << 64) - 1
V2 = {"cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"}
V3 = V2 | {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"}
V4 = V3 | {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
ICE_LAKE = V4 | {"avx512_vnni"}
COOPER_LAKE = ICE_LAKE | {"avx512_bf16"}
SAPPHIRE_RAPIDS = COOPER_LAKE | {"avx512_fp16", "avx_vnni", "amx_tile", "amx_int8", "amx_bf16"}
GRANITE_RAPIDS = SAPPHIRE_RAPIDS | {"amx_fp16"}
DIAMOND_RAPIDS = GRANITE_RAPIDS | {"avx_vnni_int8", "avx_ne_convert", "avx10", "avx10_2", "apx_f", "movrs"}
DIAMOND_RAPIDS |= {"amx_avx512", "amx_movrs", "amx_fp8"}
ALDER_LAKE = V3 | {"avx_vnni"}
LUNAR_LAKE = ALDER_LAKE | {"avx_vnni_int8", "avx_ne_convert"}


def cpuid(flags):
    """The registers of a CPU that has these flags."""
    leaves = {f"{leaf:x}.{subleaf}": [0, 0, 0, 0] for leaf, subleaf in ((1, 0), (7, 0), (7, 1), (0x1E, 1), (0x24, 0))}
    leaves["0.0"] = [0x24, *struct.unpack("<III", b"Genu" + b"ntel" + b"ineI")]
    leaves["80000000.0"] = [0x80000004, 0, 0, 0]
    leaves["80000001.0"] = [0, 0, 0, 0]
    leaves["7.0"][x86.EAX] = 1
    for number, text in enumerate((b"Some CPU\0", b"", b"")):
        leaves[f"{0x80000002 + number:x}.0"] = list(struct.unpack("<4I", text.ljust(16, b"\0")))
    for flag in flags:
        where = x86.BITS[flag]
        leaves[where.leaf][where.register] |= 2 if where.bit < 0 else 1 << where.bit
    return leaves


@pytest.mark.parametrize(
    ("flags", "level", "isa"),
    [
        (set(), "x86-64-v1", ""),
        (V2 - {"sse4_1"}, "x86-64-v1", ""),
        (V2, "x86-64-v2", "sse41"),
        (V2 | {"avx", "f16c"}, "x86-64-v2", "avx"),
        (V3, "x86-64-v3", "avx2"),
        (V3 - {"movbe"}, "x86-64-v2", "avx2"),
        (ALDER_LAKE, "x86-64-v3", "avx2_vnni"),
        (LUNAR_LAKE, "x86-64-v3", "avx2_vnni_2"),
        (LUNAR_LAKE - {"avx_ne_convert"}, "x86-64-v3", "avx2_vnni"),
        (V4, "x86-64-v4", "avx512_core"),
        (V4 - {"avx512cd"}, "x86-64-v3", "avx512_core"),
        (V4 - {"avx512dq"}, "x86-64-v3", "avx2"),
        (ICE_LAKE, "x86-64-v4", "avx512_core_vnni"),
        (COOPER_LAKE, "x86-64-v4", "avx512_core_bf16"),
        (SAPPHIRE_RAPIDS, "x86-64-v4", "avx512_core_amx"),
        (SAPPHIRE_RAPIDS - {"amx_int8"}, "x86-64-v4", "avx512_core_fp16"),
        (SAPPHIRE_RAPIDS - {"avx_vnni"}, "x86-64-v4", "avx512_core_bf16"),
        (GRANITE_RAPIDS, "x86-64-v4", "avx512_core_amx_fp16"),
        (DIAMOND_RAPIDS, "x86-64-v4", "avx10_2_amx_2"),
        (DIAMOND_RAPIDS - {"amx_fp8"}, "x86-64-v4", "avx10_2"),
        (DIAMOND_RAPIDS - {"apx_f"}, "x86-64-v4", "avx512_core_amx_fp16"),
    ],
)
def test_level_and_isa(flags, level, isa):
    found = x86.flags_of_cpuid(cpuid(flags), ALL_STATE)
    assert set(found) == flags
    assert (x86.level(found), x86.isa(found, True)) == (level, isa)


def test_amx_counts_only_with_the_kernels_permission():
    assert x86.isa(SAPPHIRE_RAPIDS, False) == "avx512_core_fp16"
    assert x86.isa(SAPPHIRE_RAPIDS, None) == "avx512_core_amx"


@pytest.mark.parametrize(
    ("xcr0", "isa"),
    [
        (0x0, "sse41"),  # no OSXSAVE: the kernel saves no wide registers
        (0x3, "sse41"),
        (0x7, "avx2_vnni"),
        (0xE7, "avx512_core_fp16"),
        (0x600E7, "avx512_core_amx"),
    ],
)
def test_the_kernel_must_save_the_registers(xcr0, isa):
    assert x86.isa(x86.flags_of_cpuid(cpuid(SAPPHIRE_RAPIDS), xcr0), True) == isa


def test_leaves_beyond_the_highest_are_not_believed():
    # Intel CPUs answer them with another leaf's registers.
    leaves = cpuid(SAPPHIRE_RAPIDS)
    leaves["0.0"][x86.EAX] = 1
    assert set(x86.flags_of_cpuid(leaves, ALL_STATE)) == V2 | {"avx", "f16c", "fma", "abm", "movbe"}
    leaves = cpuid(SAPPHIRE_RAPIDS)
    leaves["7.0"][x86.EAX] = 0
    assert "avx_vnni" not in x86.flags_of_cpuid(leaves, ALL_STATE)
    leaves["80000000.0"][x86.EAX] = 0
    assert "abm" not in x86.flags_of_cpuid(leaves, ALL_STATE)
    assert x86.model(leaves) == ""


def test_avx10_counts_from_version_2():
    leaves = cpuid(DIAMOND_RAPIDS)
    leaves["24.0"][x86.EBX] = 1
    assert "avx10_2" not in x86.flags_of_cpuid(leaves, ALL_STATE)


def test_names():
    leaves = cpuid(V3)
    assert (x86.vendor(leaves), x86.model(leaves), x86.hypervisor(leaves)) == ("GenuineIntel", "Some CPU", "")
    leaves["1.0"][x86.ECX] |= 1 << 31
    leaves["40000000.0"] = [0, *struct.unpack("<III", b"KVMKVMKVM\0\0\0")]
    assert x86.hypervisor(leaves) == "KVMKVMKVM"


@given(st.sets(st.sampled_from(sorted(x86.BITS))), st.sets(st.sampled_from(sorted(x86.BITS))))
def test_more_flags_never_lower_the_level_or_lose_the_isa(flags, more):
    order = [name for name, _ in x86.ISAS][::-1]
    levels = ["x86-64-v1", *(name for name, _ in x86.LEVELS)]
    assert levels.index(x86.level(flags | more)) >= levels.index(x86.level(flags))
    if x86.isa(flags, True):
        assert order.index(x86.isa(flags | more, True)) >= order.index(x86.isa(flags, True))
