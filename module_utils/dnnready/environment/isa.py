"""Instruction sets as oneDNN counts them: a partial order, by the features that each has.

Features follow `cpu_isa_t` in oneDNN's src/cpu/x64/cpu_isa_traits.hpp (3.12). ONEDNN_MAX_CPU_ISA masks features
instead of naming a rung, so a "higher" word can take something away: on a CPU with AMX, AVX10_2_512 leaves
AVX10.1 without AMX (measured, oneDNN 3.12).
"""

from __future__ import annotations

from typing import Optional

_AVX2 = frozenset({"sse41", "avx", "avx2"})
_AVX512 = _AVX2 | {"avx512_core"}
_BF16 = _AVX512 | {"avx512_core_vnni", "avx512_core_bf16"}
_FP16 = _BF16 | {"avx2_vnni", "avx512_core_fp16"}
_AMX = _FP16 | {"avx512_core_amx"}
_AVX10_2 = _FP16 | {"avx2_vnni_2", "avx10_2"}

_FEATURES: dict[str, frozenset[str]] = {
    "sse41": frozenset({"sse41"}),
    "avx": frozenset({"sse41", "avx"}),
    "avx2": _AVX2,
    "avx2_vnni": _AVX2 | {"avx2_vnni"},
    "avx2_vnni_2": _AVX2 | {"avx2_vnni", "avx2_vnni_2"},
    "avx512_core": _AVX512,
    "avx512_core_vnni": _AVX512 | {"avx512_core_vnni"},
    "avx512_core_bf16": _BF16,
    "avx512_core_fp16": _FP16,
    "avx512_core_amx": _AMX,
    "avx512_core_amx_fp16": _AMX | {"avx512_core_amx_fp16"},
    "avx10_2": _AVX10_2,
    "avx10_2_amx_2": _AVX10_2 | {"avx512_core_amx", "avx512_core_amx_fp16", "avx10_2_amx_2"},
}
#: Names of the same sets: oneDNN 3.5 renamed some, 3.9 others.
_SAME = {
    "avx10_1_512": "avx512_core_fp16",
    "avx10_1_512_amx": "avx512_core_amx",
    "avx10_1_512_amx_fp16": "avx512_core_amx_fp16",
    "avx10_2_512": "avx10_2",
    "avx10_2_512_amx_2": "avx10_2_amx_2",
}

#: What the variable takes on x86-64; DEFAULT (3.x) and ALL (before) lift the limit.
X86_NAMES = (*_FEATURES, *_SAME, "default", "all")
#: What it takes on AArch64.
ARM_NAMES = ("advsimd", "sve_128", "sve_256", "sve_512")


def lost(limit: str, cpu: str) -> Optional[str]:
    """The best set that is left under a limit, where it is less than the CPU has; None where nothing is lost or known.

    >>> lost("AVX2", "avx512_core_amx")
    'avx2'
    """
    allowed, has = (_FEATURES.get(_SAME.get(name.lower(), name.lower())) for name in (limit, cpu))
    if allowed is None or has is None or has <= allowed:
        return None
    left = [name for name, features in _FEATURES.items() if features <= allowed & has]
    return max(left, key=lambda name: len(_FEATURES[name]), default="none")
