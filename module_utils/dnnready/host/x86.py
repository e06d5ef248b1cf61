"""x86-64: feature flags, the level of the psABI, and the ISA that oneDNN dispatches to.

Flags carry the names of /proc/cpuinfo. Bits: Intel SDM volume 2A (CPUID). What oneDNN asks for each ISA: its
`mayiuse` in src/cpu/x64/cpu_isa_traits.hpp (read at 3.4 to 3.14), whose detection is Xbyak's.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Optional

EAX, EBX, ECX, EDX = range(4)
#: State that the kernel must save for the registers of a feature, as bits of XCR0.
_SSE_AVX, _AVX512, _TILES, _APX = 0x6, 0xE6, 0x60000, 0x80000


class Bit(NamedTuple):
    """Where CPUID tells of a feature, and the state in XCR0 that it needs."""

    leaf: str
    register: int
    bit: int
    state: int = 0


BITS: dict[str, Bit] = {
    "cx16": Bit("1.0", ECX, 13),
    "lahf_lm": Bit("80000001.0", ECX, 0),
    "popcnt": Bit("1.0", ECX, 23),
    "pni": Bit("1.0", ECX, 0),
    "ssse3": Bit("1.0", ECX, 9),
    "sse4_1": Bit("1.0", ECX, 19),
    "sse4_2": Bit("1.0", ECX, 20),
    "abm": Bit("80000001.0", ECX, 5),
    "movbe": Bit("1.0", ECX, 22),
    "bmi1": Bit("7.0", EBX, 3),
    "bmi2": Bit("7.0", EBX, 8),
    "avx": Bit("1.0", ECX, 28, _SSE_AVX),
    "f16c": Bit("1.0", ECX, 29, _SSE_AVX),
    "fma": Bit("1.0", ECX, 12, _SSE_AVX),
    "avx2": Bit("7.0", EBX, 5, _SSE_AVX),
    "avx_vnni": Bit("7.1", EAX, 4, _SSE_AVX),
    "avx_vnni_int8": Bit("7.1", EDX, 4, _SSE_AVX),
    "avx_ne_convert": Bit("7.1", EDX, 5, _SSE_AVX),
    "avx512f": Bit("7.0", EBX, 16, _AVX512),
    "avx512cd": Bit("7.0", EBX, 28, _AVX512),
    "avx512bw": Bit("7.0", EBX, 30, _AVX512),
    "avx512dq": Bit("7.0", EBX, 17, _AVX512),
    "avx512vl": Bit("7.0", EBX, 31, _AVX512),
    "avx512_vnni": Bit("7.0", ECX, 11, _AVX512),
    "avx512_bf16": Bit("7.1", EAX, 5, _AVX512),
    "avx512_fp16": Bit("7.0", EDX, 23, _AVX512),
    "avx10": Bit("7.1", EDX, 19, _AVX512),
    "amx_tile": Bit("7.0", EDX, 24, _TILES),
    "amx_int8": Bit("7.0", EDX, 25, _TILES),
    "amx_bf16": Bit("7.0", EDX, 22, _TILES),
    "amx_fp16": Bit("7.1", EAX, 21, _TILES),
    "amx_avx512": Bit("1e.1", EAX, 7, _TILES),
    "amx_movrs": Bit("1e.1", EAX, 8, _TILES),
    "amx_fp8": Bit("1e.1", EAX, 4, _TILES),
    "movrs": Bit("7.1", EAX, 31),
    "apx_f": Bit("7.1", EDX, 21, _APX),
    # Not a bit: the version number of AVX10 is 2 or higher (leaf 24h).
    "avx10_2": Bit("24.0", EBX, -1, _AVX512),
}

#: System V psABI for x86-64, table 3.1; level 1 is what every x86-64 CPU has.
LEVELS: tuple[tuple[str, frozenset[str]], ...] = (
    ("x86-64-v2", frozenset({"cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"})),
    ("x86-64-v3", frozenset({"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"})),
    ("x86-64-v4", frozenset({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"})),
)

_AVX2_VNNI_2 = frozenset({"avx2", "avx_vnni", "avx_vnni_int8", "avx_ne_convert"})
_AVX512_CORE = frozenset({"avx512f", "avx512bw", "avx512vl", "avx512dq"})
_FP16 = _AVX512_CORE | {"avx512_vnni", "avx512_bf16", "avx512_fp16", "avx2", "avx_vnni"}
_AMX = _FP16 | {"amx_tile", "amx_int8", "amx_bf16"}
_AVX10_2 = _AVX2_VNNI_2 | {"avx10_2", "avx512f", "apx_f", "movrs"}
#: From the highest down, under the names of oneDNN's public interface. Since 3.5 its kernels call
#: avx512_core_fp16, _amx and _amx_fp16 avx10_1_512, avx10_1_512_amx and avx10_1_512_amx_fp16;
#: until 3.11 avx10_2 was avx10_2_512.
ISAS: tuple[tuple[str, frozenset[str]], ...] = (
    ("avx10_2_amx_2", _AVX10_2 | {"amx_tile", "amx_avx512", "amx_movrs", "amx_fp8"}),
    ("avx10_2", _AVX10_2),
    ("avx512_core_amx_fp16", _AMX | {"amx_fp16"}),
    ("avx512_core_amx", _AMX),
    ("avx512_core_fp16", _FP16),
    ("avx512_core_bf16", _AVX512_CORE | {"avx512_vnni", "avx512_bf16"}),
    ("avx512_core_vnni", _AVX512_CORE | {"avx512_vnni"}),
    ("avx512_core", _AVX512_CORE),
    ("avx2_vnni_2", _AVX2_VNNI_2),
    ("avx2_vnni", frozenset({"avx2", "avx_vnni"})),
    ("avx2", frozenset({"avx2"})),
    ("avx", frozenset({"avx"})),
    ("sse41", frozenset({"sse4_1"})),
)

Leaves = Mapping[str, Sequence[int]]


def _readable(leaves: Leaves, name: str) -> bool:
    """Whether a leaf exists; beyond the highest one Intel CPUs repeat another leaf's data."""
    leaf, _, subleaf = name.partition(".")
    base = "80000000.0" if int(leaf, 16) >= 0x80000000 else "0.0"  # noqa: PLR2004 - first extended leaf
    exists = name in leaves and base in leaves and int(leaf, 16) <= leaves[base][EAX]
    return exists and (subleaf == "0" or leaf != "7" or int(subleaf) <= leaves["7.0"][EAX])


def flags_of_cpuid(leaves: Leaves, xcr0: int) -> list[str]:
    """The names in BITS that the CPU has and the kernel lets programs use."""
    found = []
    for name, where in BITS.items():
        if not _readable(leaves, where.leaf) or (xcr0 & where.state) != where.state:
            continue
        value = leaves[where.leaf][where.register]
        if value >> where.bit & 1 if where.bit >= 0 else "avx10" in found and value & 0xFF > 1:
            found.append(name)
    return found


def flags_of_text(flags: Collection[str]) -> list[str]:
    """The names in BITS among the flags of /proc/cpuinfo."""
    return [name for name in BITS if name in flags]


def level(flags: Collection[str]) -> str:
    """x86-64-v1 to x86-64-v4."""
    reached = "x86-64-v1"
    for name, needed in LEVELS:
        if not needed.issubset(flags):
            break
        reached = name
    return reached


def isa(flags: Collection[str], amx_allowed: Optional[bool]) -> str:
    """What oneDNN 3 dispatches to, "" below SSE4.1. AMX needs the kernel's permission (ARCH_REQ_XCOMP_PERM) too."""
    usable = {flag for flag in flags if amx_allowed is not False or not flag.startswith("amx_")}
    return next((name for name, needed in ISAS if needed <= usable), "")


def vendor(leaves: Leaves) -> str:
    """For example GenuineIntel."""
    _, ebx, ecx, edx = leaves["0.0"]
    return _text(ebx, edx, ecx)


def model(leaves: Leaves) -> str:
    """The brand string, "" where the CPU has none."""
    names = [f"{0x80000000 + leaf:x}.0" for leaf in (2, 3, 4)]
    if not _readable(leaves, names[-1]):
        return ""
    return " ".join(_text(*(word for name in names for word in leaves[name])).split())


def hypervisor(leaves: Leaves) -> str:
    """The signature of the hypervisor, for example KVMKVMKVM or TCGTCGTCGTCG; "" on bare metal."""
    if not leaves["1.0"][ECX] >> 31 & 1:
        return ""
    return _text(*leaves["40000000.0"][1:]) or "unknown"


def _text(*words: int) -> str:
    return struct.pack(f"<{len(words)}I", *words).split(b"\0")[0].decode("ascii", "replace").strip()
