"""Android's loader (bionic), which has words of its own for everything that loaders refuse."""

from __future__ import annotations

from collections.abc import Sequence

from .. import libraries, symbols
from ..finding import Candidate
from ..signature import Evidence, sign


def _symbol(evidence: Evidence) -> Sequence[Candidate]:
    """Where glibc's loader says undefined symbol."""
    details = {"symbol": evidence.group("symbol"), "library": libraries.basename(evidence.group("holder"))}
    weights = {
        "openmp": {"openmp_runtime_missing": 0.7, "openmp_runtime_conflict": 0.55},
        "dnn": {"dnn_library_version_conflict": 0.85},
        "mkl": {"undefined_symbol_mkl": 0.9},
        "blas": {"blas_library_missing": 0.82},
        "protobuf": {"protobuf_conflict": 0.72, "extension_abi_mismatch": 0.6},
        "numpy": {"numpy_abi": 0.85},
        "python": {"extension_abi_mismatch": 0.68},
        "glibc": {"wrong_architecture": 0.66, "musl_libc": 0.5},
    }.get(symbols.family(evidence.group("symbol")), {"extension_abi_mismatch": 0.8})
    return tuple(Candidate(cause, weight, details) for cause, weight in weights.items())


SIGNATURES = (
    sign(
        "android_symbol",
        "A library lacks a symbol that another one needs: they are of different builds.",
        r"cannot locate symbol \"?(?P<symbol>[^\"\s]{2,400})\"? referenced by \"?(?P<holder>[^\"\n]{1,300})",
        _symbol,
        'dlopen failed: cannot locate symbol "_ZN5torch8autograd4fooEv" referenced by "/a/libtorchaudio.so"...',
    ),
    sign(
        "android_machine",
        "The library is for another processor or system.",
        (
            r"has (?:bad ELF magic|unexpected e_(?:machine|type|version|shentsize))",
            r"is not accessible for the namespace",
            r"has (?:text relocations|no DT_\w{2,12}|unsupported e_\w{3,12})",
            r"empty/missing DT_(?:HASH|GNU_HASH)",
        ),
        {"wrong_architecture": 0.76, "corrupt_install": 0.55},
        'dlopen failed: "/a/libtorch.so" has unexpected e_machine: 62 (EM_X86_64)',
    ),
    sign(
        "system_not_supported",
        "There is no build for this system or processor.",
        (
            r"Unsupported (?:OS|operating system|architecture|target|arch|CPU type)\b ?[:=]? ?\"?[\w-]{2,30}",
            r"(?:architecture|OS|operating system) '?[\w-]{2,20}'? is not supported",
        ),
        lambda evidence: (
            (Candidate("wrong_architecture", 0.66),)
            if evidence.severity in ("error", "fatal") or evidence.context.has("panicked", "error", "exception")
            else ()
        ),
        "error: called `Result::unwrap()` on an `Err` value: Unsupported OS: android".replace("`", "'"),
    ),
)
