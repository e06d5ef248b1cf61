"""Probe: does every symbol of the framework's libraries find its library? Relocates them all, half a second."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from ...errors import DnnreadyError
from .. import libraries
from .. import symbols as names
from ..probe import COSTLY, Case, Observation, Probe, Suspicion
from . import main_libraries
from .loader_run import trace

_SPOKEN_FOR = (
    *("undefined_symbol_mkl", "extension_abi_mismatch", "dnn_library_version_conflict", "openmp_runtime_conflict"),
    *("libstdcxx_too_old", "numpy_abi"),
)
#: What a symbol that nobody has means by its family.
_MEANING = {
    "mkl": "undefined_symbol_mkl",
    "dnn": "dnn_library_version_conflict",
    "openmp": "openmp_runtime_conflict",
    "cudnn": "cuda_libraries_missing",
    "gpu": "cuda_libraries_missing",
    "numpy": "numpy_abi",
    "protobuf": "protobuf_conflict",
    "python": "extension_abi_mismatch",
    "framework": "extension_abi_mismatch",
    "cxx": "libstdcxx_too_old",
    "glibc": "glibc_too_old",
    "blas": "extension_abi_mismatch",
}
_NEW_OR_DELETE = re.compile(r"_Z[nd][wal]")
_SHOWN = 4


def skip(case: Case) -> str:
    """Why the symbols need not be looked up."""
    text = str(case.fact("convolution", "text", ""))
    if case.thorough or "undefined symbol" in text or "symbol lookup error" in text or case.suspects(*_SPOKEN_FOR):
        return ""
    return "nothing speaks of undefined symbols"


def look(case: Case) -> Observation:
    """In the manner of `ldd -r`, but with the interpreter and the target's environment around the libraries."""
    facts = case.observations["inventory"].facts if "inventory" in case.observations else {}
    python = main_libraries.interpreter(facts)
    text = str(case.fact("convolution", "text", ""))
    suspicions: list[Suspicion] = []
    unknown: list[tuple[str, str]] = []
    looked = []
    for start in main_libraries.starts(case):
        if not start.paths:
            continue
        try:
            seen = trace(case, python, start.paths, {"LD_WARN": "1", "LD_BIND_NOW": "1"})
        except DnnreadyError as error:
            unknown.append((f"the symbols of {start.framework}", str(error)))
            continue
        if not seen.picked:
            unknown.append((f"the symbols of {start.framework}", "the loader did not come to its end"))
            continue
        looked.append(start.framework)
        suspicions.extend(_suspicions(seen.undefined, seen.reasons, text))
    said = f"Every symbol that {' and '.join(looked)} needs is there." if looked and not suspicions else ""
    return Observation(said, tuple(suspicions), {}, tuple(unknown))


def _suspicions(undefined: list[tuple[str, str]], reasons: dict[str, str], text: str) -> Iterator[Suspicion]:
    """One for each cause; weighty where the framework's own failure names the symbol."""
    causes: dict[str, list[tuple[str, str]]] = {}
    for symbol, path in undefined:
        family = "cxx" if names.newer_cxx(symbol) or _NEW_OR_DELETE.match(symbol) else names.family(symbol)
        cause = _MEANING.get(family, "corrupt_install")
        causes.setdefault(cause, []).append((symbol, path))
    for cause, members in causes.items():
        named = [each for each in members if each[0] in text]
        symbol, path = (named or members)[0]
        evidence = [f"{by} needs {name}, which no library has" for name, by in [*named, *members][:_SHOWN]]
        if len(members) > _SHOWN:
            evidence.append(f"and {len(members) - _SHOWN} further symbols")
        evidence += [
            f"{name} was chosen by {why}"
            for name, why in reasons.items()
            if why == "LD_LIBRARY_PATH" and libraries.family(name)
        ][:_SHOWN]
        details = {"symbol": symbol, "needed_by": path, "library": os.path.basename(path)}
        yield Suspicion(cause, 0.93 if named else 0.6, evidence, details)


PROBE = Probe(
    name="symbols",
    step=2,
    cost=COSTLY,
    question="Does every symbol that the libraries need exist in the copies that are loaded?",
    look=look,
    skip=skip,
)
