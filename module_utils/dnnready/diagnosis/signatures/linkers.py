"""Every linker's and every build system's words for a library, a symbol or a header that a build does not find."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .. import symbols
from ..finding import Candidate
from ..missing import missing
from ..signature import Evidence, sign

#: Names of packages that are no library's name.
_NAMES: tuple[tuple[str, str], ...] = (
    (r"(?:one)?dnnl?$|mkl-?dnn|onednn", "libdnnl.so"),
    (r"mkl", "libmkl_rt.so"),
    (r"openmp|i?omp5?$|gomp", "libgomp.so.1"),
    (r"(?:open|c|f77)?blas|lapacke?|flexiblas|atlas|blis$", "libopenblas.so.0"),
)


def _named(evidence: Evidence) -> Sequence[Candidate]:
    """A library that is not linked, by the name that the build has for it."""
    name = re.sub(r"\.(?:lib|so|a|dylib)$", "", evidence.group("part"), flags=re.IGNORECASE)
    name = re.sub(r"^lib(?=\w)", "", name)
    library = next((library for pattern, library in _NAMES if re.match(pattern, name, re.IGNORECASE)), f"lib{name}.so")
    return tuple(Candidate(item.cause, item.weight * 0.9, {"library": name}) for item in missing(library, evidence))


def _dependency(evidence: Evidence) -> Sequence[Candidate]:
    """A build goes on without most of what it looks for: only a library of ours, or an error, says something."""
    name = evidence.group("part") or evidence.group("package")
    known = any(re.match(pattern, name, re.IGNORECASE) for pattern, _ in _NAMES)
    says_not = "not found" in evidence.text or "No package" in evidence.text
    failed = evidence.severity in ("error", "fatal") or evidence.context.has("error:", "pkg-config search path")
    if not (known and says_not and failed):
        return ()
    library = next(library for pattern, library in _NAMES if re.match(pattern, name, re.IGNORECASE))
    return tuple(Candidate(item.cause, item.weight * 0.9, {"library": name}) for item in missing(library, evidence))


def _loaded(evidence: Evidence) -> Sequence[Candidate]:
    if "could not load dynamic library" in evidence.line.lower():
        return ()  # TensorFlow's words for what is optional
    return missing(evidence.group("part"), evidence)


_NOT_LINKED: dict[str, dict[str, float]] = {
    "openmp": {"openmp_runtime_missing": 0.8},
    "dnn": {"dnn_library_missing": 0.78, "dnn_library_version_conflict": 0.72},
    "mkl": {"mkl_library_missing": 0.72, "undefined_symbol_mkl": 0.68},
    "blas": {"blas_library_missing": 0.82},
    "protobuf": {"protobuf_conflict": 0.7, "extension_abi_mismatch": 0.58},
    "cudnn": {"cudnn_not_found_or_mismatch": 0.75},
    "gpu": {"cuda_libraries_missing": 0.75},
    "framework": {"extension_abi_mismatch": 0.72},
    "mangled": {"extension_abi_mismatch": 0.58},
}


def _unresolved(evidence: Evidence) -> Sequence[Candidate]:
    symbol = re.sub(r"^_?_imp_", "", evidence.group("symbol").strip("'\"` "))
    found = re.search(r"\b((?:dnnl|mkldnn|at|c10|torch|caffe2|tensorflow)::[\w:]{1,80})", symbol)
    name = found.group(1) if found else symbol
    weights = _NOT_LINKED.get(symbols.family(name), {})
    return tuple(Candidate(cause, weight, {"symbol": name[:120]}) for cause, weight in weights.items())


SIGNATURES = (
    sign(
        "linker_finds_no_library",
        "The linker does not find a library.",
        (
            r"(?:unable to find library -l|could not find native static library '|library not found: "
            r"|ld: library '|LNK1104: cannot open file '|LNK1181: cannot open input file '|error: library '"
            r"|cannot find library -l|native library '?)(?P<part>[\w.+-]{2,60})"
        ),
        _named,
        "LINK : fatal error LNK1104: cannot open file 'dnnl.lib'",
    ),
    sign(
        "linker_finds_no_symbol",
        "The linker lacks a symbol: a library is not linked, or of another build.",
        (
            r"(?:LNK20(?:01|19): unresolved external symbol|error: undefined symbol:"
            r"|unresolved external symbol) (?P<symbol>[^\n]{2,300}?)(?= referenced| in function|$|\n)"
        ),
        _unresolved,
        "error LNK2019: unresolved external symbol dnnl_engine_create referenced in function main",
    ),
    sign(
        "build_finds_no_dependency",
        "The build system does not find a dependency.",
        (
            r"(?:Dependency \"?|No package '|Package ')(?P<part>[\w.+-]{2,60})['\"]? (?:was )?(?:not )?found\b",
            r"Package (?P<package>[\w.+-]{2,60}) was not found in the pkg-config search path",
        ),
        _dependency,
        "Package openblas was not found in the pkg-config search path.",
    ),
    sign(
        "configure_failed",
        "The build's configuration does not find what it needs.",
        (
            r"configure: error: [^\n]{0,40}?\b(?P<part>onednn|mkl-?dnn|dnnl|mkl|openmp|blas|lapack|openblas)\b"
            r"[^\n]{0,40}"
        ),
        _named,
        "configure: error: MKL not found",
    ),
    sign(
        "header_missing_msvc",
        "The compiler does not find the header of a library.",
        r"Cannot open include file: '(?:[\w./-]{0,60}/)?(?P<part>[\w-]{2,40})\.h(?:pp|xx)?'",
        _named,
        "fatal error C1083: Cannot open include file: 'mkl.h': No such file or directory",
    ),
    sign(
        "library_not_loaded_by_name",
        "A program does not load a library that it needs.",
        (
            r"(?:Unable|Failed|Could not|Cannot) (?:to )?load (?:the )?(?:dynamic|shared|native|OpenMP) (?:link )?"
            r"(?:library|runtime):? ?'?(?P<part>[\w.+-]{2,60}\.(?:dll|so|dylib))(?! ?from)"
        ),
        _loaded,
        "Unable to load dynamic library: dnnl.dll",
    ),
)
