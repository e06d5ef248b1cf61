"""A live diagnosis: the cheap probes first, the costly ones where something is in doubt, then the findings."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional

from ..environment.catalogue import find
from . import conclude
from .probe import CHEAP, COSTLY, Case, Observation, Probe
from .probes import ALL

SCHEMA = "dnnready/diagnosis/1"


def examine(
    case: Case, probes: Sequence[Probe] = ALL, say: Callable[[str], None] = lambda _text: None
) -> dict[str, Any]:
    """The diagnosis of one target: docs/schema/diagnosis-1.json. Never raises for what a probe meets."""
    started, used = time.monotonic(), _cpu()
    records = [_look(probe, case, say) for probe in probes]
    found = conclude.findings(case)
    return {
        "schema": SCHEMA,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "target": {**case.target.document(), "frameworks": list(case.frameworks)},
        "verdict": conclude.verdict(case),
        "healthy": conclude.healthy(case, found),
        "findings": found,
        "steps": conclude.steps(case, probes, found),
        "probes": records,
        "proof": _told(case.fact("convolution", "proof")),
        "counts": {
            cost: sum(1 for each in records if each["ran"] and each["cost"] == cost) for cost in (CHEAP, COSTLY)
        },
        "cpu_seconds": round(_cpu() - used, 3),
        "wall_seconds": round(time.monotonic() - started, 3),
    }


def _told(proof: Optional[Mapping[str, Any]]) -> Optional[dict[str, Any]]:
    """A proof with those variables alone that a library reads: the others of a service or shell may be secrets."""
    if proof is None:
        return None
    return {**proof, "environment": {name: value for name, value in proof["environment"].items() if find(name)}}


def _look(probe: Probe, case: Case, say: Callable[[str], None]) -> dict[str, Any]:
    started, used = time.monotonic(), _cpu()
    why = ""
    try:
        why = probe.skip(case)
        if not why:
            say(probe.question)
            case.observations[probe.name] = probe.look(case)
    except Exception as error:  # noqa: BLE001 - whatever one probe meets, the others still look
        words = f"{type(error).__name__}: {error}"
        case.observations[probe.name] = Observation(unknown=((probe.question, words),))
    return {
        "name": probe.name,
        "step": probe.step,
        "cost": probe.cost,
        "ran": not why,
        "why": why,
        "cpu_seconds": round(_cpu() - used, 3),
        "wall_seconds": round(time.monotonic() - started, 3),
    }


def _cpu() -> float:
    """CPU seconds of this process and of the children that it waited for."""
    times = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in times)


def unseen(target: Mapping[str, Any], problem: str, hint: str) -> dict[str, Any]:
    """The diagnosis of a target that could not be looked at."""
    return {
        "schema": SCHEMA,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "target": dict(target),
        "verdict": "unknown",
        "healthy": False,
        "findings": [],
        "steps": [],
        "probes": [],
        "proof": None,
        "counts": {CHEAP: 0, COSTLY: 0},
        "cpu_seconds": 0.0,
        "wall_seconds": 0.0,
        "problem": f"{problem} {hint}".strip(),
    }
