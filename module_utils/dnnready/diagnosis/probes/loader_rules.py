"""What the loader's trace means: a library that is missing, too old, or another copy than the framework's own."""

from __future__ import annotations

import contextlib
import filecmp
import glob
import os
import re
from collections.abc import Iterator, Mapping, Sequence

from .. import libraries
from ..explain import explain
from ..probe import Case, Suspicion
from . import elf_file, main_libraries
from .loader_trace import Trace

Needs = Mapping[str, Sequence[tuple[str, elf_file.Elf]]]

#: What a library that is not found means by its family; the second where the host has a GPU.
_MISSING: dict[str, tuple[tuple[str, float], ...]] = {
    "dnn": (("dnn_library_missing", 0.95),),
    "openmp": (("openmp_runtime_missing", 0.95),),
    "mkl": (("mkl_library_missing", 0.95),),
    "blas": (("blas_library_missing", 0.95),),
    "oneapi": (("mkl_library_missing", 0.7), ("system_library_missing", 0.6)),
    "cudnn": (("cuda_build_on_cpu_host", 0.9), ("cudnn_not_found_or_mismatch", 0.55)),
    "gpu": (("cuda_build_on_cpu_host", 0.9),),
    "gpu_driver": (("cuda_build_on_cpu_host", 0.9),),
    "gpu_framework": (("corrupt_install", 0.7), ("cuda_build_on_cpu_host", 0.6)),
    "framework": (("corrupt_install", 0.93), ("extension_abi_mismatch", 0.4)),
    "extension": (("corrupt_install", 0.93),),
    "loader": (("musl_libc", 0.9),),
}
_MISSING_BESIDE_GPU: dict[str, tuple[tuple[str, float], ...]] = {
    "cudnn": (("cudnn_not_found_or_mismatch", 0.93),),
    "gpu": (("cuda_libraries_missing", 0.93),),
    "gpu_driver": (("cuda_libraries_missing", 0.93),),
}
#: What another copy than the framework's own means by its family.
_FOREIGN: dict[str, tuple[str, float]] = {
    "framework": ("extension_abi_mismatch", 0.82),
    "dnn": ("dnn_library_version_conflict", 0.8),
    "mkl": ("undefined_symbol_mkl", 0.75),
    "openmp": ("openmp_runtime_conflict", 0.45),
    "cxx": ("libstdcxx_too_old", 0.45),
    "blas": ("extension_abi_mismatch", 0.5),
}
_SURELY_CORRUPT = 0.95
_CONFIDENCE = {"high": 0.93, "medium": 0.75, "low": 0.5}


def suspicions(case: Case, start: main_libraries.Start, seen: Trace, needs: Needs) -> Iterator[Suspicion]:
    """Everything that the trace of one framework speaks for."""
    for path, why in seen.ignored:
        if path in start.paths:
            yield from refused(case, path, why)
    for name in seen.missing:
        yield from missing(case, name, needs, start)
    for path, version, needed_by in seen.versions:
        yield from too_old(path, version, needed_by, seen)
    yield from foreign(case, start, seen, needs)
    yield from displaced(case, start)
    yield from runtimes(seen, start)


def nowhere(case: Case, start: main_libraries.Start) -> Suspicion:
    """A library of oneDNN or MKL alone, which no folder has that is looked at."""
    cause = _MISSING[libraries.family(start.wanted)][0][0]
    evidence = [f"{start.wanted} is in none of {', '.join(start.looked)}"]
    return _with_found(case, Suspicion(cause, 0.95, evidence, {"library": start.wanted}))


def refused(case: Case, path: str, why: str) -> Iterator[Suspicion]:
    """The loader does not take a main library at all; it says why."""
    text = f"ImportError: {path}: {why}"
    found = [each for each in explain(text, case.host).findings if each.cause != "benign_message"]
    for each in found:
        yield Suspicion(
            each.cause, _CONFIDENCE[each.confidence], [f"the loader says: {path}: {why}"], {"library": path}
        )
    if not found:
        weight = 0.7 if os.path.exists(path) else 0.9
        yield Suspicion("corrupt_install", weight, [f"the loader says: {path}: {why}"], {"library": path})


def missing(case: Case, name: str, needs: Needs, start: main_libraries.Start) -> Iterator[Suspicion]:
    """A library that the loader does not find."""
    users = [path for path, _ in needs.get(name, ())]
    family = libraries.family(name)
    beside = _MISSING_BESIDE_GPU if case.facts.gpu else {}
    causes = beside.get(family) or _MISSING.get(family) or (("system_library_missing", 0.93),)
    details = {"library": name, "needed_by": users[0] if users else start.framework}
    evidence = [f"{name} is not found; {os.path.basename(users[0]) if users else start.framework} needs it"]
    if libraries.hashed(name):
        evidence.append("a name with a digest exists only inside the wheel that brought it")
        yield Suspicion("corrupt_install", _SURELY_CORRUPT, evidence, details)
        return
    # PyTorch goes on without numpy, with a warning.
    least = 0.5 if start.framework == "pytorch" and users and all("/numpy" in path for path in users) else 1.0
    for cause, weight in causes:
        yield _with_found(case, Suspicion(cause, min(weight, least), evidence, details))


def _with_found(case: Case, suspicion: Suspicion) -> Suspicion:
    """With where the library lies, if it is on this host."""
    paths = main_libraries.on_disk(case, suspicion.details["library"])
    if not paths:
        return suspicion
    where = "present, but not where the loader looks: " + ", ".join(paths[:3])
    return Suspicion(
        suspicion.cause,
        suspicion.weight,
        [*suspicion.evidence, where],
        {**suspicion.details, "found": paths[0]},
        suspicion.certain,
    )


def too_old(path: str, version: str, needed_by: str, seen: Trace) -> Iterator[Suspicion]:
    """A library is there, but without the version of a symbol that is needed."""
    name = os.path.basename(path)
    kind, _, wanted = version.rpartition("_")
    details = {"library": path, "version": version, "wanted": wanted, "needed_by": needed_by}
    why = seen.reasons.get(name, "")
    evidence = [f"{path} has no {version}, which {needed_by} needs" + (f"; it was chosen by {why}" if why else "")]
    if kind in ("GLIBCXX", "CXXABI", "GCC"):
        yield Suspicion("libstdcxx_too_old", 0.96, evidence, details)
    elif kind == "GLIBC":
        yield Suspicion("glibc_too_old", 0.96, evidence, details)
    elif libraries.family(name) == "openmp":
        yield Suspicion("openmp_runtime_conflict", 0.9, evidence, details)
    elif libraries.family(name) in ("dnn", "mkl"):
        cause = "dnn_library_version_conflict" if libraries.family(name) == "dnn" else "undefined_symbol_mkl"
        yield Suspicion(cause, 0.9, evidence, details)
    else:
        yield Suspicion("extension_abi_mismatch", 0.75, evidence, details)


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
        own = next(filter(None, (_own(by, elf, name) for by, elf in needs.get(name, ()))), "")
        usual = own or main_libraries.cached(case, name)
        if not usual or os.path.realpath(usual) == os.path.realpath(path):
            continue
        inside = os.path.realpath(path).startswith(prefix)
        cause, weight = _FOREIGN[family]
        evidence = [f"{name}: {reason} puts {path} in the place of {usual}"]
        details = {"library": path, "variable": reason, "found": usual}
        yield Suspicion(cause, weight if own and not inside else min(weight, 0.45), evidence, details)
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
        own = sorted(glob.glob(os.path.join(glob.escape(prefix), "lib", f"{stem}.so*")))
        real = os.path.realpath(path)
        if own and not real.startswith(os.path.realpath(prefix) + os.sep) and not _same(real, own[0]):
            cause, weight = _FOREIGN[libraries.family(path)]
            evidence = [f"{path} comes before {own[0]}, which this environment brought"]
            details = {"library": path, "variable": "LD_LIBRARY_PATH", "found": own[0]}
            yield Suspicion(cause, weight, evidence, details)


def _same(one: str, other: str) -> bool:
    with contextlib.suppress(OSError):
        return filecmp.cmp(one, other, shallow=False)
    return False


def _own(needed_by: str, elf: elf_file.Elf, name: str) -> str:
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
