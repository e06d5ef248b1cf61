"""What the loader's trace means where a library is missing, refused or too old."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Optional

from ...host.loader import find
from ...host.machine import Machine
from .. import libraries
from ..explain import explain
from ..facts import version as numbers
from ..probe import Case, Suspicion
from . import copy_rules, elf_file, main_libraries
from .copy_rules import Needs
from .loader_trace import Trace

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
_SURELY_CORRUPT = 0.95
_CONFIDENCE = {"high": 0.93, "medium": 0.75, "low": 0.5}


def suspicions(case: Case, start: main_libraries.Start, seen: Trace, needs: Needs) -> Iterator[Suspicion]:
    """Everything that the trace of one framework speaks for."""
    for path, why in seen.ignored:
        if path in start.paths or path not in case.target.environment.get("LD_PRELOAD", ""):
            yield from refused(case, path, why)
    for name in seen.missing:
        yield from missing(case, name, needs, start)
    for path, version, needed_by in _highest(seen.versions):
        yield from too_old(path, version, needed_by, seen)


def nowhere(case: Case, start: main_libraries.Start) -> Suspicion:
    """A library of oneDNN or MKL alone, which no folder has that is looked at."""
    cause = _MISSING[libraries.family(start.wanted)][0][0]
    evidence = [f"{start.wanted} is in none of {', '.join(start.looked)}"]
    return _with_found(case, Suspicion(cause, 0.95, evidence, {"library": start.wanted}))


def refused(case: Case, path: str, why: str) -> Iterator[Suspicion]:
    """The loader does not take a library at all; it says why."""
    text = f"ImportError: {path}: {why}"
    found = [each for each in explain(text, case.host).findings if each.cause != "benign_message"]
    for each in found:
        yield Suspicion(
            each.cause, _CONFIDENCE[each.confidence], [f"the loader says: {path}: {why}"], {"library": path}
        )
    if not found:
        weight = 0.9 if os.path.isabs(path) else 0.7
        yield Suspicion("corrupt_install", weight, [f"the loader says: {path}: {why}"], {"library": path})


def missing(case: Case, name: str, needs: Needs, start: main_libraries.Start) -> Iterator[Suspicion]:
    """A library that the loader does not find."""
    users = [path for path, _ in needs.get(name, ())]
    family = libraries.family(name)
    beside = _MISSING_BESIDE_GPU if case.facts.gpu else {}
    causes = beside.get(family) or _MISSING.get(family) or (("system_library_missing", 0.93),)
    details = {"library": name, "needed_by": users[0] if users else start.framework}
    evidence = [f"{name} is not found; {os.path.basename(users[0]) if users else start.framework} needs it"]
    other = _other_processor(name, needs)
    if other:
        evidence.append(f"{other[0]} is for {other[1]}: the loader passes over it")
        yield Suspicion("wrong_architecture", 0.96, evidence, {**details, "library": other[0]})
        return
    if libraries.hashed(name):
        evidence.append("a name with a digest exists only inside the wheel that brought it")
        yield Suspicion("corrupt_install", _SURELY_CORRUPT, evidence, details)
        return
    # PyTorch goes on without numpy, with a warning.
    least = 0.5 if start.framework == "pytorch" and users and all("/numpy" in path for path in users) else 1.0
    for cause, weight in causes:
        yield _with_found(case, Suspicion(cause, min(weight, least), evidence, details))


def _other_processor(name: str, needs: Needs) -> Optional[tuple[str, str]]:
    """(path, its processor) of a copy where the loader looks for it, but for another processor than who needs it."""
    for path, user in needs.get(name, ()):
        for copy in filter(None, (copy_rules.own(path, user, name), find(Machine("/"), name, os.uname().machine))):
            machine = _machine(copy)
            if machine and machine != f"{user.machine}, {user.bits} bits":
                return copy, machine
    return None


def _machine(path: str) -> str:
    try:
        elf = elf_file.read(path)
    except (OSError, elf_file.ElfError):
        return ""
    return f"{elf.machine}, {elf.bits} bits"


def _with_found(case: Case, suspicion: Suspicion) -> Suspicion:
    """With where the library lies, if it is on this host."""
    here = _machine(main_libraries.interpreter(case.observations["inventory"].facts))
    paths = [
        path
        for path in main_libraries.on_disk(case, suspicion.details["library"])
        if not here or _machine(path) == here
    ]
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


def _highest(versions: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """For each library and kind of version the highest that is wanted of it."""
    best: dict[tuple[str, str], tuple[str, str, str]] = {}
    for each in versions:
        key = each[0], each[1].rpartition("_")[0]
        if key not in best or numbers(each[1]) > numbers(best[key][1]):
            best[key] = each
    return list(best.values())


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
