"""Instruction sets by oneDNN's names: what a header says, what an implementation is named after, which is higher.

The order is that of host.x86.ISAS and host.arm. Texts: `get_isa_info` of oneDNN 0.19 to 3.13, as the libraries print
them (ONEDNN_MAX_CPU_ISA set to each value in turn), and the architectures in MKL's header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Optional

from ..host.x86 import ISAS

_X86 = tuple(name for name, _ in reversed(ISAS))
_ARM = ("asimd", "sve_128", "sve_256", "sve_512")

#: Widths of a vector, all that float32 convolutions can use of an ISA, from the lowest.
_WIDTHS = ("sse41", "avx", "avx2", "avx512")

#: The same under other names: kernels since 3.5, kernels of 2.x, ISA before Skylake-SP.
_ALIASES = {
    "avx10_1_512": "avx512_core_fp16",
    "avx10_1_512_amx": "avx512_core_amx",
    "avx10_1_512_amx_fp16": "avx512_core_amx_fp16",
    "avx512_core_bf16_amx_bf16": "avx512_core_amx",
    "avx512_core_bf16_amx_int8": "avx512_core_amx",
    "avx512_core_amx_bf16": "avx512_core_amx",
    "avx512_core_amx_int8": "avx512_core_amx",
    "avx512_core_bf16_ymm": "avx512_core_bf16",
    "avx512_common": "avx512_core",
    "avx512_mic": "avx512_core",
    "avx512": "avx512_core",
    "avx10_2_512": "avx10_2",
    "avx10_2_512_amx_2": "avx10_2_amx_2",
}

#: Marks in the texts of headers, the highest first; all words of a mark must be there.
_TEXTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("avx10_2_amx_2", ("avx10.2", "amx")),
    ("avx10_2", ("avx10.2",)),
    ("avx512_core_amx_fp16", ("amx with bfloat16, float16",)),
    ("avx512_core_amx", ("amx",)),
    ("avx512_core_fp16", ("avx10.1",)),
    ("avx512_core_fp16", ("avx-512", "float16, intel dl boost")),
    ("avx512_core_fp16", ("avx-512", "fp16")),
    ("avx512_core_bf16", ("avx-512", "bf16")),
    ("avx512_core_bf16", ("avx-512", "bfloat16")),
    ("avx512_core_vnni", ("avx-512", "dl boost")),
    ("avx512_core_vnni", ("avx512-dl boost",)),
    ("avx512_core_vnni", ("avx-512", "int8")),
    ("avx512_core", ("avx-512",)),
    ("avx2_vnni_2", ("avx2", "float16")),
    ("avx2_vnni", ("avx2", "dl boost")),
    ("avx2", ("avx2",)),
    ("avx", ("avx",)),
    ("sse41", ("sse4.1",)),
    ("sse41", ("sse4.2",)),
)


def name(text: str) -> str:
    """The name of host.cpu.isa for any name that a library, a kernel or a user writes; "" for others."""
    lower = text.strip().lower()
    known = _ALIASES.get(lower, lower)
    return known if known in _X86 or known in _ARM else ""


def of_header(text: str) -> str:
    """The ISA in a header's words ("Intel AVX2", "AArch64 SVE (256 bits)"), "" where they name none."""
    lower = text.lower().replace("avx 10", "avx10").replace("(r)", "")
    if "aarch64" in lower:
        sve = re.search(r"sve \((\d+) bits\)", lower)
        return name(f"sve_{sve.group(1)}") if sve else "asimd"
    return next((isa for isa, words in _TEXTS if all(word in lower for word in words)), "")


def of_implementation(implementation: str) -> str:
    """The ISA that an implementation is named after: avx2 for `brg_conv_fwd:avx2`; "" for `x64:gemm:jit`."""
    return next((found for found in map(name, reversed(implementation.split(":"))) if found), "")


def is_arm(text: str) -> bool:
    """Whether this is an ISA of ARM."""
    return name(text) in _ARM


def is_reference(implementation: str) -> bool:
    """Whether this is plain C++ without any kernel: `ref:any`, `ref`, `gemm:ref`."""
    return any(part == "ref" or part.startswith("ref_") for part in implementation.split(":"))


def lower(isa: str, other: str) -> Optional[bool]:
    """Whether one ISA is below the other; None where either is unknown or they are of two families."""
    return _below(name(isa), name(other), (_X86, _ARM))


def lower_vector(isa: str, other: str) -> Optional[bool]:
    """As `lower`, by the width of the vectors alone: what counts for float32."""
    return _below(vector(isa), vector(other), (_WIDTHS, _ARM))


def vector(isa: str) -> str:
    """avx512, avx2, avx, sse41, or the ARM name; "" where it is unknown."""
    known = name(isa)
    if known in _ARM:
        return known
    if known.startswith("avx10"):
        return "avx512"
    return known.split("_", maxsplit=1)[0]


def _below(first: str, second: str, families: Sequence[Sequence[str]]) -> Optional[bool]:
    for family in families:
        if first in family and second in family:
            return family.index(first) < family.index(second)
    return None


#: Values of MKL_ENABLE_INSTRUCTIONS.
_MKL_CAPS = ("SSE4_2", "AVX", "AVX2", "AVX2_E1", "AVX512", "AVX512_E1", "AVX512_E2", "AVX512_E3", "AVX512_E4")


def cap(probe: str, environment: Mapping[str, str]) -> Optional[tuple[str, str]]:
    """The variable that limits the library's ISA, and its value; None where none does.

    The libraries ignore values that they do not know, and ONEDNN_ wins over the older name.
    """
    if probe == "mkl":
        value = environment.get("MKL_ENABLE_INSTRUCTIONS", "")
        return ("MKL_ENABLE_INSTRUCTIONS", value) if value in _MKL_CAPS else None
    for variable in ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"):
        value = environment.get(variable, "")
        if value:
            return (variable, value) if name(value) else None
    return None
