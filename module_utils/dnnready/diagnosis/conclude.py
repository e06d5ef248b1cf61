"""From what the probes saw to ranked findings, and to the answers of the five questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import actions
from .cause import STEPS
from .causes import CAUSES
from .probe import LIKELY, Case, Probe, Suspicion
from .probes.convolution import good
from .rules import factor

_HIGH, _MEDIUM, _GAP = 0.82, 0.62, 0.06
_MOST = 5
_MOST_EVIDENCE = 8
_ALSO = 0.02
#: Where the first cause is plain to see, a guess is no help beside it.
_PLAIN, _BESIDE_PLAIN = 0.9, 0.62
#: Below a full failure, only what is strong enough to explain a slow or foreign implementation.
_OF_A_FALLBACK = 0.75
#: The stack is not there, or no process of it starts: what else is seen follows from that.
_FIRST_OF_ALL = ("release_not_current", "interpreter_missing")


@dataclass
class _Weighed:
    """A cause with everything that speaks for it."""

    best: Suspicion
    weight: float = 0.0
    certain: bool = False
    evidence: list[str] = field(default_factory=list)
    seen_by: list[str] = field(default_factory=list)
    details: dict[str, str] = field(default_factory=dict)


def findings(case: Case) -> list[dict[str, Any]]:
    """Ranked findings of a case; empty where it is healthy."""
    weighed = _weighed(case)
    kept = sorted(
        (item for item in weighed.items() if _counts(item[0], item[1], case)), key=lambda item: -item[1].weight
    )[:_MOST]
    base = [item for item in kept if item[0] in _FIRST_OF_ALL]
    if base:
        kept = [item for item in kept if item in base or item[1].certain]
    if kept and kept[0][1].weight >= _PLAIN:
        kept = [item for item in kept if item[1].weight >= _BESIDE_PLAIN]
    return [_finding(code, entry, kept, case) for code, entry in kept]


def _weighed(case: Case) -> dict[str, _Weighed]:
    found: dict[str, _Weighed] = {}
    for name, seen in case.observations.items():
        for each in seen.suspicions:
            if each.cause not in CAUSES or each.cause == "benign_message":
                continue
            entry = found.setdefault(each.cause, _Weighed(each))
            if each.weight > entry.best.weight:
                entry.best = each
            entry.certain |= each.certain
            entry.evidence += [line for line in each.evidence if line and line not in entry.evidence]
            entry.seen_by += [name] if name not in entry.seen_by else []
            entry.details = {**each.details, **entry.details, **entry.best.details}
    for code, entry in found.items():
        total = entry.best.weight + _ALSO * (len(entry.seen_by) - 1)
        entry.weight = min(0.99, total * factor(code, case))
    return found


def _counts(code: str, entry: _Weighed, case: Case) -> bool:
    """Whether a cause is worth telling: nothing uncertain beside a good verdict."""
    if entry.weight < LIKELY:
        return False
    verdict = case.fact("convolution", "verdict") or _stored(case)
    if verdict == "fallback" and case.tolerated:
        verdict = "accelerated"
    if verdict == "accelerated":
        return entry.certain
    own = (case.fact("convolution", "cause") or {}).get("code")
    return verdict != "fallback" or entry.certain or entry.weight >= _OF_A_FALLBACK or code == own


def _stored(case: Case) -> str:
    """The verdict of the stored proof, where it stands for a convolution that need not run again."""
    stands = case.fact("release", "proof_holds") and not case.suspects()
    return str(case.fact("release", "verdict", "")) if stands else ""


def _finding(code: str, entry: _Weighed, kept: Sequence[tuple[str, _Weighed]], case: Case) -> dict[str, Any]:
    cause = CAUSES[code]
    details = {name: str(value) for name, value in entry.details.items()}
    way = actions.choose(code, details, case)
    return {
        "cause": code,
        "confidence": _confidence(code, entry, kept),
        "where": cause.where,
        "step": cause.step,
        "explanation": cause.explanation,
        "evidence": entry.evidence[:_MOST_EVIDENCE],
        "remedy": way.text or cause.remedy(case.facts, details),
        "confirm": cause.confirmation(case.facts, details),
        "healer": cause.healer,
        "action": way.action,
        "details": details,
        "seen_by": entry.seen_by,
    }


def _confidence(code: str, entry: _Weighed, kept: Sequence[tuple[str, _Weighed]]) -> str:
    rival = max((other.weight for name, other in kept if name != code), default=0.0)
    if entry.weight >= _HIGH and entry.weight - rival >= (_GAP if code == kept[0][0] else 1.0):
        return "high"
    if entry.certain and entry.weight >= _HIGH:
        return "high"
    return "medium" if entry.weight >= _MEDIUM else "low"


def steps(case: Case, probes: Sequence[Probe], found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each of the five questions: in order, with findings, or not looked at."""
    answers = []
    for number, title in STEPS.items():
        of_it = [
            case.observations[probe.name]
            for probe in probes
            if probe.step == number and probe.name in case.observations
        ]
        passed = [line for seen in of_it for line in (seen.said, *(f"Note: {note}" for note in seen.notes)) if line]
        unknown = [{"what": what, "why": why} for seen in of_it for what, why in seen.unknown]
        troubled = any(finding["step"] == number for finding in found)
        outcome = "finding" if troubled else ("passed" if any(seen.said for seen in of_it) else "not_looked")
        answers.append({"step": number, "title": title, "outcome": outcome, "passed": passed, "unknown": unknown})
    return answers


def verdict(case: Case) -> str:
    """The verdict of the convolution, of the stored proof where that stands for it, or unknown."""
    return case.fact("convolution", "verdict") or _stored(case) or "unknown"


def healthy(case: Case, found: Sequence[Mapping[str, Any]]) -> bool:
    """Whether there is nothing to do: no finding, and a verdict that is what was asked for."""
    if found:
        return False
    proof = case.fact("convolution", "proof")
    return good(proof, case) if proof else verdict(case) in ("accelerated", "fallback")
