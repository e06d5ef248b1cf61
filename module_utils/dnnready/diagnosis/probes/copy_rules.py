"""What it means that the loader takes another copy of a library than the framework's own, or two of a kind."""

from __future__ import annotations

import contextlib
import filecmp
import glob
import os
import re
from collections.abc import Iterator, Mapping, Sequence

from .. import libraries
from ..probe import Case, Suspicion
from . import elf_file, main_libraries
from .loader_trace import Trace

Needs = Mapping[str, Sequence[tuple[str, elf_file.Elf]]]  #: soname: who needs it, with its headers

#: What another copy than the framework's own means by its family.
_FOREIGN: dict[str, tuple[str, float]] = {
    "framework": ("extension_abi_mismatch", 0.82),
    "dnn": ("dnn_library_version_conflict", 0.8),
    "mkl": ("undefined_symbol_mkl", 0.75),
    "openmp": ("openmp_runtime_conflict", 0.45),
    "cxx": ("libstdcxx_too_old", 0.45),
    "blas": ("extension_abi_mismatch", 0.5),
}


def suspicions(case: Case, start: main_libraries.Start, seen: Trace, needs: Needs) -> Iterator[Suspicion]:
    """What the copies that were picked for one framework speak for."""
    yield from foreign(case, start, seen, needs)
    yield from displaced(case, start)
    yield from runtimes(seen, start)


def foreign(case: Case, start: main_libraries.Start, seen: Trace, needs: Needs) -> Iterator[Suspicion]:
    """Copies from LD_LIBRARY_PATH or LD_PRELOAD in the place of the framework's own, or of the system's."""
    preloaded = {
        os.path.basename(each): each
        for each in re.split(r"[ :]+", case.target.environment.get("LD_PRELOAD", ""))
        if each.startswith("/")
    }
    prefix = os.path.realpath(case.fact("inventory", "python", {}).get("prefix") or "/nonexistent") + os.sep
    for name, path in seen.picked.items():
        family = libraries.family(name)
        reason = "LD_PRELOAD" if name in preloaded else seen.reasons.get(name, "")
        if family not in _FOREIGN or reason not in ("LD_PRELOAD", "LD_LIBRARY_PATH") or path in start.paths:
            continue
        mine = next(filter(None, (own(by, elf, name) for by, elf in needs.get(name, ()))), "")
        usual = mine or main_libraries.cached(case, name)
        if not usual or os.path.realpath(usual) == os.path.realpath(path):
            continue
        inside = os.path.realpath(path).startswith(prefix)
        cause, weight = _FOREIGN[family]
        evidence = [f"{name}: {reason} puts {path} in the place of {usual}"]
        details = {"library": path, "variable": reason, "found": usual}
        yield Suspicion(cause, weight if mine and not inside else min(weight, 0.45), evidence, details)
    for name, path in preloaded.items():
        if libraries.family(name) == "dnn" and name not in needs and start.framework != "onednn":
            evidence = [f"LD_PRELOAD puts {path} before the oneDNN inside of {start.framework}"]
            details = {"library": path, "variable": "LD_PRELOAD"}
            yield Suspicion("dnn_library_version_conflict", 0.7, evidence, details)


def displaced(case: Case, start: main_libraries.Start) -> Iterator[Suspicion]:
    """oneDNN or MKL alone: another copy comes before the one of the environment."""
    prefix = case.fact("inventory", "python", {}).get("prefix", "")
    for path in start.paths if start.framework in ("onednn", "mkl") and prefix else ():
        stem = os.path.basename(path).partition(".so")[0]
        brought = sorted(glob.glob(os.path.join(glob.escape(prefix), "lib", f"{stem}.so*")))
        real = os.path.realpath(path)
        if brought and not real.startswith(os.path.realpath(prefix) + os.sep) and not _same(real, brought[0]):
            cause, weight = _FOREIGN[libraries.family(path)]
            evidence = [f"{path} comes before {brought[0]}, which this environment brought"]
            details = {"library": path, "variable": "LD_LIBRARY_PATH", "found": brought[0]}
            yield Suspicion(cause, weight, evidence, details)


def _same(one: str, other: str) -> bool:
    with contextlib.suppress(OSError):
        return filecmp.cmp(one, other, shallow=False)
    return False


def own(needed_by: str, elf: elf_file.Elf, name: str) -> str:
    """The copy that a library would take by its own RPATH or RUNPATH, "" for none."""
    return main_libraries.own_copy(needed_by, (*elf.rpath, *elf.runpath), name)


def runtimes(seen: Trace, start: main_libraries.Start) -> Iterator[Suspicion]:
    """OpenMP runtimes that meet in one process, and parts of MKL from several folders."""
    openmp = {
        os.path.realpath(path): "gomp" if "gomp" in name else "llvm"
        for name, path in seen.picked.items()
        if libraries.family(name) == "openmp"
    }
    kinds = sorted(openmp.values())
    if len(openmp) > 1:
        # Two of LLVM's abort (OMP: Error #15); one of them beside GNU's mostly does no harm.
        weight = 0.85 if kinds.count("llvm") > 1 else (0.4 if "llvm" in kinds else 0.3)
        evidence = [f"{start.framework} gets {len(openmp)} OpenMP runtimes: {', '.join(sorted(openmp))}"]
        yield Suspicion("openmp_runtime_conflict", weight, evidence, {"library": sorted(openmp)[0]})
    mkl = sorted({os.path.dirname(os.path.realpath(path)) for name, path in _mkl(seen)})
    if len(mkl) > 1:
        evidence = [f"parts of MKL come from {' and '.join(mkl)}"]
        yield Suspicion("undefined_symbol_mkl", 0.8, evidence, {"library": _mkl(seen)[0][1]})


def _mkl(seen: Trace) -> list[tuple[str, str]]:
    return [(name, path) for name, path in seen.picked.items() if libraries.family(name) == "mkl"]
