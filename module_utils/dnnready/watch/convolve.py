"""The costly part of a check: convolve, judge, and where it is not as it should be, find out why."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from ..conv2d import stored
from ..conv2d.verification import verify
from ..diagnosis.cases import Asked
from ..diagnosis.cases import of as cases_of
from ..diagnosis.examine import examine
from ..diagnosis.probe import Case
from ..diagnosis.probes import convolution, environment, processor
from ..diagnosis.target import Target
from ..diagnosis.targets import stack as stacks
from ..errors import DnnreadyError
from ..host import collect
from ..release.through import enough
from .look import LOGIN, Look
from .services import Service, place

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MOST_EVIDENCE = 4
#: The step of the question that asks for the environment (diagnosis/cause.py).
_ENVIRONMENT = 3
RELEASE = "the release"
_PROVISION = "ansible-playbook site.yml"


class StarvedError(Exception):
    """The machine was too busy for a convolution at the lowest priority."""


@dataclass
class Convolved:
    """What the costly part found. `proof` is a full one, to be stored where it is not None."""

    how: str  #: quick or full
    verdict: str
    proof: Optional[dict[str, Any]] = None
    drift: list[dict[str, Any]] = field(default_factory=list)


def convolve(prefix: str, look: Look, services: Sequence[Service], timeout: float) -> Convolved:
    """Prove a stack again: quickly where its proof holds, in full where it does not or the quick one is not good.

    Drift is what a diagnosis finds where the verdict is not accepted, a file of the release is another one, or login
    shells or services have other variables than those of the proof.
    """
    found = _proven(look, timeout)
    if found.verdict not in look.accept or look.own_file or LOGIN in look.differing:
        found.drift += list(_of_stack(prefix, look, timeout))
    if look.own_file and not any(each["where"] == RELEASE for each in found.drift):
        found.drift.append(_changed(look))
    if found.verdict not in look.accept and not any(each["where"] == RELEASE for each in found.drift):
        found.drift.append(_unexplained(found))
    for service in services:
        if service.name in look.differing:
            found.drift += list(_of_service(look, service, timeout))
    return found


def missing(look: Look) -> dict[str, Any]:
    """The drift of a stack that has no current release, or whose switch was cut."""
    return _drift("release_not_current", RELEASE, [look.cut or look.why], f"Provision this host: {_PROVISION}")


def _proven(look: Look, timeout: float) -> Convolved:
    request = stored.request_of(look.path, look.stack, {"timeout": timeout})
    try:
        if look.holds and look.proof is not None:
            quick = verify({**request, "quick": True})
            if all(enough(report, look.accept) for report in quick["probes"]):
                return Convolved("quick", str(look.proof["verdict"]))
            _patient(quick)
        proof = verify(request)
        _patient(proof)
    except DnnreadyError as error:
        # Nothing could be started: the release has lost its interpreter, or its manifest.
        return Convolved("none", "broken", drift=[_drift("release_not_current", RELEASE, [str(error)], _PROVISION)])
    return Convolved("full", str(proof["verdict"]), proof)


def _patient(proof: Mapping[str, Any]) -> None:
    """Raises StarvedError where time ran out for want of a processor: that says nothing of the stack.

    The check has the lowest priority, and on a device that computes all day it may get next to nothing. A library
    that hangs on an idle machine, or spins on a busy one, is not meant.
    """
    busy = os.getloadavg()[0] >= len(os.sched_getaffinity(0))
    for report in proof["probes"]:
        process = report["process"]
        if busy and process["timed_out"] and process["cpu_seconds"] < process["wall_seconds"] / 2:
            raise StarvedError(f"It got {process['cpu_seconds']:.0f} s of a CPU in {process['wall_seconds']:.0f} s.")


def _of_stack(prefix: str, look: Look, timeout: float) -> Iterator[dict[str, Any]]:
    """What a diagnosis of the stack as `dnnready run` starts it from a login shell finds."""
    for case in cases_of(Asked(prefix=prefix, stacks=[look.stack], timeout=timeout)):
        if isinstance(case, Case):
            for finding in _findings(examine(case)):
                yield _found(finding, LOGIN if _of_shell(finding, look) else RELEASE)


def _of_shell(finding: Mapping[str, Any], look: Look) -> bool:
    """Whether a finding speaks of variables that login shells bring."""
    variable = finding["details"].get("variable", "")
    return variable in look.differing.get(LOGIN, {}) or (
        finding["step"] == _ENVIRONMENT and LOGIN in look.differing and look.holds
    )


def _of_service(look: Look, service: Service, timeout: float) -> Iterator[dict[str, Any]]:
    """What is wrong with the convolution under the variables that a service gets."""
    differing = look.differing[service.name]
    given = {**stacks.variables(look.path), **{name: value or "" for name, value in differing.items()}}
    variables = {name: value for name, value in given.items() if differing.get(name, value) is not None}
    places = [found for name in sorted(differing) if (found := place(name, service.files))]
    target = Target(
        kind="unit",
        name=service.name,
        python=os.path.join(look.path, "venv", "bin", "python"),
        frameworks=look.probes,
        environment={"PATH": _PATH, "LANG": "C.UTF-8", "HOME": "/", **variables},
        environment_from=", ".join(places) or f"the files of {service.name}",
        unit=service.name,
    )
    options = stacks.spec(look.path).get("options") or {}
    case = Case(target, collect("/", []), options=options, timeout=timeout)
    for finding in _findings(examine(case, (processor.PROBE, environment.PROBE, convolution.PROBE))):
        yield _found(finding, service.name)


def _findings(diagnosis: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    if diagnosis["proof"] is not None:
        _patient(diagnosis["proof"])
    found: Sequence[Mapping[str, Any]] = diagnosis["findings"]
    return found


def _changed(look: Look) -> dict[str, Any]:
    words = f"{look.own_file} is not the file that the proof was made with"
    return _drift("release_changed", RELEASE, [words], f"Build it anew: {_PROVISION} -e dnnready_force=true")


def _unexplained(found: Convolved) -> dict[str, Any]:
    """A verdict that no diagnosis explains has the cause of its proof."""
    proof = found.proof or {}
    cause = proof.get("cause") or {"code": "probe_failed", "text": f"The verdict is {found.verdict}."}
    return _drift(str(cause["code"]), RELEASE, [str(cause["text"])], str(proof.get("next") or "dnnready diagnose"))


def _found(finding: Mapping[str, Any], where: str) -> dict[str, Any]:
    return _drift(str(finding["cause"]), where, list(finding["evidence"]), str(finding["remedy"]))


def _drift(cause: str, where: str, evidence: Sequence[str], remedy: str) -> dict[str, Any]:
    return {"cause": cause, "where": where, "evidence": list(evidence)[:_MOST_EVIDENCE], "remedy": remedy}
