"""Two binaries that do not fit each other: a symbol or a version of one that the other lacks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .. import libraries, symbols
from ..finding import Candidate
from ..signature import Evidence, sign

_MISSING: dict[str, dict[str, float]] = {
    "mkl": {"undefined_symbol_mkl": 0.92},
    "dnn": {"dnn_library_version_conflict": 0.9, "extension_abi_mismatch": 0.45},
    "openmp": {"openmp_runtime_conflict": 0.65, "openmp_runtime_missing": 0.63},
    "cudnn": {"cudnn_not_found_or_mismatch": 0.85, "cuda_libraries_missing": 0.5},
    "gpu": {"cuda_libraries_missing": 0.82, "extension_abi_mismatch": 0.5, "cudnn_not_found_or_mismatch": 0.35},
    "numpy": {"numpy_abi": 0.9},
    "protobuf": {"protobuf_conflict": 0.72, "extension_abi_mismatch": 0.6},
    "python": {"extension_abi_mismatch": 0.68, "wrong_architecture": 0.45},
    "framework": {"extension_abi_mismatch": 0.92},
    "cxx": {"libstdcxx_too_old": 0.75, "extension_abi_mismatch": 0.55},
    "glibc": {"glibc_too_old": 0.7, "musl_libc": 0.5},
    "blas": {"blas_library_missing": 0.85, "undefined_symbol_mkl": 0.45},
    "mangled": {"extension_abi_mismatch": 0.62, "system_library_missing": 0.3},
    "": {"extension_abi_mismatch": 0.5, "system_library_missing": 0.45},
}


def _at_link(evidence: Evidence) -> Sequence[Candidate]:
    """The linker speaks of what is not linked, the loader of what does not fit."""
    details = {"symbol": evidence.group("symbol")}
    if symbols.family(evidence.group("symbol")) == "openmp":
        return (Candidate("openmp_runtime_missing", 0.8, details),)
    if symbols.family(evidence.group("symbol")) == "dnn":
        return (
            Candidate("dnn_library_missing", 0.78, details),
            Candidate("dnn_library_version_conflict", 0.74, details),
        )
    return tuple(Candidate(item.cause, item.weight * 0.85, item.details) for item in _symbol(evidence))


def _symbol(evidence: Evidence) -> Sequence[Candidate]:
    symbol, holder = evidence.group("symbol"), evidence.group("holder") or evidence.holder
    details = {"symbol": symbol, **({"library": libraries.basename(holder)} if holder else {})}
    family, holding = symbols.family(symbol), libraries.family(holder)
    weights = _MISSING[family]
    if holding == "blas":
        weights = _MISSING["blas"]
    elif holding == "mkl":
        # MKL's parts find each other by name only at run time, and its Intel threads want Intel's OpenMP.
        weights = {"undefined_symbol_mkl": 0.92, **({"openmp_runtime_missing": 0.6} if family == "openmp" else {})}
    elif family == "glibc" and ("relocating" in evidence.line.lower() or evidence.context.musl):
        weights = {"musl_libc": 0.92}
    elif family in ("", "mangled") and "relocating" in evidence.line.lower():
        weights = {"musl_libc": 0.72, "extension_abi_mismatch": 0.55}
    elif family in ("", "mangled") and holding in ("gpu", "cudnn"):
        weights = _MISSING["gpu"]
    return tuple(Candidate(cause, weight, details) for cause, weight in weights.items())


_TAGS: tuple[tuple[str, dict[str, float]], ...] = (
    (r"GLIBC_PRIVATE", {"glibc_too_old": 0.7, "libstdcxx_too_old": 0.4}),
    (r"GLIBC_", {"glibc_too_old": 0.94}),
    (r"GLIBCXX_|CXXABI_|GCC_", {"libstdcxx_too_old": 0.94}),
    (r"GOMP_|OMP_|OACC_|GOACC_|VERSION", {"openmp_runtime_conflict": 0.85}),
    (r"libcudnn", {"cudnn_not_found_or_mismatch": 0.88}),
    (r"libcu|libnv|NVJITLINK", {"cuda_libraries_missing": 0.85}),
    (r"DNNL|MKLDNN", {"dnn_library_version_conflict": 0.85}),
    (r"", {"system_library_missing": 0.6}),
)


def _version(evidence: Evidence) -> Sequence[Candidate]:
    tag = evidence.group("tag") or evidence.group("other")
    weights = next(weights for prefix, weights in _TAGS if re.match(prefix, tag))
    details = {"version": tag, "wanted": tag.rsplit("_", 1)[-1]}
    if evidence.holder:
        details["library"] = evidence.holder
    if evidence.group("needed"):
        details["needed_by"] = evidence.group("needed")
    return tuple(Candidate(cause, weight, details) for cause, weight in weights.items())


_SYMBOL = r"(?P<symbol>[\w.:@$~?<>&*]{2,600})"
SIGNATURES = (
    sign(
        "undefined_symbol",
        "A library lacks a symbol that another one needs: they are of different builds.",
        rf"undefined symbol:? ?'?{_SYMBOL}",
        _symbol,
        "a/libmkl_gf_lp64.so: undefined symbol: mkl_lapack_sgelqf",
    ),
    sign(
        "undefined_symbol_macos",
        "A library lacks a symbol that another one needs: they are of different builds.",
        rf"Symbol not found(?: in flat namespace)?:? ?\(?'?{_SYMBOL}",
        _symbol,
        "Symbol not found in flat namespace '__ZN2at6detail'",
    ),
    sign(
        "undefined_symbol_macos_old",
        "A library lacks a symbol that another one needs: they are of different builds.",
        rf"Symbol not found: '?{_SYMBOL}",
        _symbol,
        "Symbol not found: _mkldnn_sgemm",
    ),
    sign(
        "undefined_symbol_musl",
        "The loader of musl lacks a symbol of glibc.",
        rf"Error relocating (?P<holder>[^\s:]{{1,300}}): {_SYMBOL}: symbol not found",
        _symbol,
        "Error relocating /a/b.so: __memcpy_chk: symbol not found",
    ),
    sign(
        "undefined_reference",
        "The linker lacks a symbol: a library is missing or of another build.",
        (
            rf"undefined reference to (?:symbol )?'{_SYMBOL}",
            r"对 ?'(?P<chinese>[^'\n]{2,300})' ?未定义的引用",
        ),
        _at_link,
        "libtorch.so: undefined reference to `dnnl_primitive_create'".replace("`", "'"),
    ),
    sign(
        "symbol_version_missing",
        "A library of the system is older than the build needs.",
        (
            (
                r"version '(?P<tag>[\w.+-]{1,60})'?,? ?not (?:found"
                r"|defined)(?: \(required by (?P<needed>[^)\n]{1,300}))?"
            ),
            r"symbol \S{1,200},? version (?P<other>\S{1,60}) not defined in file",
        ),
        _version,
        "/lib64/libm.so.6: version 'GLIBC_2.29' not found (required by a.so)",
    ),
    sign(
        "symbol_version_named",
        "A library of the system is older than the build needs.",
        (
            "(?:requires?|needs?|need|missing|without|lacks|not (?:find|have|contain)"
            r"|undefined) [^\n]{0,60}?(?P<tag>(?:GLIBC|GLIBCXX|CXXABI)_\d[\d.]{0,10})"
        ),
        _version,
        "the wheel requires at least GLIBC_2.28 on this system",
    ),
    sign(
        "symbol_version_not_found",
        "A library of the system is older than the build needs.",
        (
            r"(?P<tag>(?:GLIBC|GLIBCXX|CXXABI)_\d[\d.]{0,10}['\"]?) ?(?:is )?(?:not found"
            "|not available|missing)"
        ),
        _version,
        "GLIBC_2.32 not found",
    ),
    sign(
        "loader_too_old",
        "The C library or the linker is older than what the library was made with.",
        (
            "FATAL: kernel too old",
            "DT_RELR without GLIBC_ABI_DT_RELR",
            r"unknown type \[0x13\] section",
            r"(?:requires?|needs?) (?:a )?(?:newer )?glibc ?(?:version )?(?:>=?|v?\d)",
            r"glibc (?:version )?[\d.]{1,6} is (?:too old|older than)",
            r"(?:your|this|the|installed) glibc (?:version )?[^\n]{0,20}(?:too old|older than|not supported)",
        ),
        {"glibc_too_old": 0.86},
        "ImportError: a.so: DT_RELR without GLIBC_ABI_DT_RELR dependency",
    ),
)
