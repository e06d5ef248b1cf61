"""Step 3, cheap: every variable of the catalogue as the process gets it, checked before anything is run."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ...environment.catalogue import find
from ...environment.evaluate import evaluate
from ...environment.finding import Finding
from ...errors import DnnreadyError
from ..probe import CHEAP, Case, Observation, Probe, Suspicion
from ..targets import login, stack

#: Who reads environment variables in a framework's wheels.
READERS = {
    "onednn": ("onednn", "libgomp"),
    "mkl": ("mkl", "libiomp5"),
    "pytorch": ("pytorch", "onednn", "mkl", "openblas", "libgomp"),
    "tensorflow": ("tensorflow", "onednn", "openblas"),
}
#: What a finding of the environment means among the causes, its weight, and whether it counts beside a good verdict.
_MEANING = {
    "invalid_env_value": ("invalid_env_value", 0.9, True),
    "not_portable": ("invalid_env_value", 0.4, False),
    "cpu_not_allowed": ("invalid_env_value", 0.86, True),
    "file_missing": ("invalid_env_value", 0.8, True),
    "directory_missing": ("invalid_env_value", 0.45, False),
    "isa_below_cpu": ("isa_below_cpu", 0.95, True),
    "mkl_threading_layer_conflict": ("mkl_threading_layer_conflict", 0.8, False),
}
_OFF = ("0", "false", "off", "no")


def look(case: Case) -> Observation:
    """What the catalogue says of the variables of the target."""
    target = case.target
    readers = sorted({reader for name in _frameworks(case) for reader in READERS.get(name, ())})
    given = {name: value for name, value in target.environment.items() if find(name)}
    try:
        findings = evaluate(given, readers, case.host, os.path.exists)
    except DnnreadyError as error:
        return Observation(unknown=(("the environment variables", str(error)),))
    suspicions = [*_meant(findings, case), *_switched_off(case)]
    return Observation(
        said="" if suspicions else _said(given, target.environment_from),
        suspicions=tuple(suspicions),
        facts={"variables": given},
        notes=tuple(str(one) for one in findings if one.code not in _MEANING and not _of_ours(one.variable, case)),
    )


def _meant(findings: list[Finding], case: Case) -> Iterator[Suspicion]:
    for finding in findings:
        cause, weight, certain = _MEANING.get(finding.code, ("", 0.0, False))
        if cause:
            yield Suspicion(
                cause,
                weight,
                [finding.text, *_place(finding.variable, case)],
                {"variable": finding.variable, "value": finding.value, "advice": finding.remedy},
                certain,
            )


def _of_ours(variable: str, case: Case) -> bool:
    """Whether the release itself sets it: then somebody knew."""
    return case.target.own and variable in stack.variables(case.target.release_path)


def _switched_off(case: Case) -> Iterator[Suspicion]:
    """oneDNN switched off where the stack does not want it so."""
    value = case.target.environment.get("TF_ENABLE_ONEDNN_OPTS", "")
    if "tensorflow" in _frameworks(case) and value.lower() in _OFF and value and not case.tolerated:
        yield Suspicion(
            "onednn_not_enabled_at_runtime",
            0.9,
            [f"TF_ENABLE_ONEDNN_OPTS={value}", *_place("TF_ENABLE_ONEDNN_OPTS", case)],
            {"variable": "TF_ENABLE_ONEDNN_OPTS", "value": value},
        )


def _place(variable: str, case: Case) -> list[str]:
    """Where the value comes from, as far as that can be told."""
    target = case.target
    if target.kind in ("unit", "process"):
        return [f"It is set for {target.unit or target.name}: {target.environment_from}"]
    own = os.path.join(target.release_path, "environment") if target.release_path else ""
    try:
        with open(own, encoding="utf-8") as stream:
            if any(line.startswith(f"{variable}=") for line in stream):
                return [f"It is set in {own}"]
    except OSError:
        pass
    place = login.origin(variable)
    return [f"It is set in {place}"] if place else []


def _frameworks(case: Case) -> tuple[str, ...]:
    return case.frameworks


def _said(given: dict[str, str], origin: str) -> str:
    names = ", ".join(sorted(given)) or "none of the known ones is set"
    return f"The variables of {origin} are valid ({names})."


PROBE = Probe(
    name="environment",
    step=3,
    cost=CHEAP,
    question="Is every variable that the libraries read valid, and does it fit this host?",
    look=look,
)
