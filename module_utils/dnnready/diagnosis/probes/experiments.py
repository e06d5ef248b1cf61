"""Costly: the same convolution with one condition changed. What makes the difference is the cause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...environment.catalogue import find
from ...errors import DnnreadyError
from ..probe import COSTLY, Case, Observation, Probe, Suspicion
from .convolution import attempt, good

#: Beside the catalogue: what changes which modules or libraries are taken.
_OTHERS = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONUSERBASE")
_MOST_SINGLE = 4
#: A cause that a probe has seen itself needs no experiment.
_SEEN = 0.96
_ORDER = {"accelerated": 2, "fallback": 1, "broken": 0}


def _better(case: Case, without: tuple[str, ...] = (), *, plain: bool = False) -> str:
    """What the convolution is under other conditions, where that is better than it was; else ""."""
    before = case.fact("convolution", "verdict")
    quick = before == "broken"
    verdict = attempt(case, without, plain=plain, quick=quick)[0]["verdict"]
    if _ORDER[verdict] <= _ORDER[before]:
        return ""
    return "the convolution runs" if quick else f"the convolution is {verdict}"


def _names(case: Case) -> list[str]:
    """Variables that may matter, the suspicious ones first."""
    suspicious = [
        each.details["variable"]
        for seen in case.observations.values()
        for each in seen.suspicions
        if each.details.get("variable") in case.target.environment
    ]
    found = [name for name in case.target.environment if (find(name) or name in _OTHERS)]
    return list(dict.fromkeys([*suspicious, *sorted(found)]))


def without_variables(case: Case) -> Observation:
    """Without the variables that libraries read; then without one at a time, to find the one."""
    names = _names(case)
    try:
        better = _better(case, tuple(names))
        if not better:
            return Observation(said="The environment variables make no difference.", facts={"guilty": []})
        guilty = _single(names, case)
    except DnnreadyError as error:
        return Observation(unknown=(("whether the environment variables make the difference", str(error)),))
    said = f"{', '.join(guilty)}" if len(guilty) == 1 else "the variables " + ", ".join(guilty or names)
    evidence = [f"Without {said} {better}"]
    suspicions = [_meant(name, evidence, case) for name in guilty or names[:1]]
    return Observation(suspicions=tuple(suspicions), facts={"guilty": guilty})


def _single(names: Sequence[str], case: Case) -> list[str]:
    if len(names) == 1:
        return list(names)
    for name in names[:_MOST_SINGLE]:
        if _better(case, (name,)):
            return [name]
    return []


def _meant(name: str, evidence: Sequence[str], case: Case) -> Suspicion:
    """What the variable is to blame for: what is suspected of it already, else the loader's or a wrong value."""
    of_it = [
        each for seen in case.observations.values() for each in seen.suspicions if each.details.get("variable") == name
    ]
    value = case.target.environment.get(name, "")
    details = {"variable": name, "value": value}
    if of_it:
        strongest = max(of_it, key=lambda each: each.weight)
        return Suspicion(strongest.cause, 0.97, evidence, {**strongest.details, **details})
    if name == "PYTHONHOME":
        return Suspicion("interpreter_missing", 0.97, evidence, details)
    if name in _OTHERS:
        return Suspicion("shadowed_or_partial_module", 0.9, evidence, details)
    if name in ("LD_LIBRARY_PATH", "LD_PRELOAD"):
        known = [
            each for seen in case.observations.values() for each in seen.suspicions if each.cause in _OF_THE_LOADER
        ]
        cause = max(known, key=lambda each: each.weight).cause if known else "dnn_library_version_conflict"
        return Suspicion(cause, 0.95, evidence, details)
    return Suspicion("invalid_env_value", 0.93, evidence, details)


_OF_THE_LOADER = (
    "dnn_library_version_conflict",
    "libstdcxx_too_old",
    "openmp_runtime_conflict",
    "undefined_symbol_mkl",
    "glibc_too_old",
    "static_tls",
    "wrong_architecture",
)


def outside(case: Case) -> Observation:
    """The same without the sandbox and the limits of the service or process."""
    try:
        better = _better(case, plain=True)
    except DnnreadyError as error:
        return Observation(unknown=(("whether the conditions of the process make the difference", str(error)),))
    if not better:
        return Observation(
            said=f"It is the same outside of {case.target.unit or 'its limits'}.", facts={"guilty": False}
        )
    evidence = [f"Started outside of {case.target.unit or case.target.name} {better}"]
    conditions = (
        "selinux_or_noexec",
        "thread_limit",
        "seccomp_blocks_threads",
        "out_of_memory",
        "proc_sys_unavailable",
        "no_disk_space",
    )
    known = [each for seen in case.observations.values() for each in seen.suspicions if each.cause in conditions]
    if not known:
        return Observation(said=evidence[0] + ".", facts={"guilty": True})
    strongest = max(known, key=lambda each: each.weight)
    return Observation(
        suspicions=(Suspicion(strongest.cause, 0.97, evidence, strongest.details),), facts={"guilty": True}
    )


def _skip_variables(case: Case) -> str:
    if not _failed(case):
        return "the convolution runs as it should"
    if not _names(case):
        return "no such variable is set"
    if _seen(case, lambda each: "variable" not in each.details and not _by_path(each, case)) or _told(case):
        return "the cause has been seen already"
    return ""


def _skip_outside(case: Case) -> str:
    if case.target.kind not in ("unit", "process"):
        return "it has no conditions of its own"
    if not _failed(case):
        return "the convolution runs as it should"
    return "the variables are the cause" if case.fact("without_variables", "guilty") else ""


def _failed(case: Case) -> bool:
    proof = case.fact("convolution", "proof")
    return bool(proof) and not good(proof, case)


def _by_path(each: Suspicion, case: Case) -> bool:
    """Whether a copy that a variable puts first may be behind it."""
    paths = ("LD_LIBRARY_PATH", "LD_PRELOAD")
    return each.cause in _OF_THE_LOADER and any(case.target.environment.get(name) for name in paths)


def _told(case: Case) -> bool:
    """Whether the proof itself blames a variable that is known to be wrong."""
    cause = case.fact("convolution", "cause") or {}
    seen = case.observations.get("environment")
    return seen is not None and any(
        each.cause == cause.get("code") or f"{each.details.get('variable')}=" in cause.get("text", "")
        for each in seen.suspicions
    )


def _seen(case: Case, which: Any) -> bool:
    return any(each.weight >= _SEEN and which(each) for seen in case.observations.values() for each in seen.suspicions)


VARIABLES = Probe(
    name="without_variables",
    step=3,
    cost=COSTLY,
    question="Does the convolution run without the environment variables that libraries read?",
    look=without_variables,
    skip=_skip_variables,
)
OUTSIDE = Probe(
    name="outside",
    step=3,
    cost=COSTLY,
    question="Does the convolution run outside of the sandbox and limits of the process?",
    look=outside,
    skip=_skip_outside,
)
