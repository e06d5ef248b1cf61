"""From hits to ranked findings: what a message means most often, what the host says, and what is left beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .cause import Cause
from .causes import CAUSES
from .facts import Facts
from .finding import Alternative, Finding, Hit
from .ties import decided, judged, separator

#: Below this a cause is no finding: only the other side of a tie.
_LEAST = 0.52
#: A cause within this distance of a better one from the same line is an alternative of it.
_MOST_FINDINGS = 5
_HIGH, _MEDIUM = 0.82, 0.62
_CLEARLY = 0.1  # ahead of the next cause
#: An information or a warning is less likely to be what ended the program than an error of the same weight.
_SOFT = {"info": 0.96, "warning": 0.985}
_SAID_TWICE = 0.02
_LATER = 0.015


@dataclass
class _Case:
    """A cause with everything that speaks for it."""

    score: float
    hit: Hit
    details: Mapping[str, str]
    hits: list[Hit] = field(default_factory=list)
    signatures: set[str] = field(default_factory=set)


def rank(hits: Iterable[Hit], facts: Facts) -> tuple[list[Finding], list[Hit]]:
    """Findings from likely to unlikely, and the harmless hits."""
    found = list(hits)
    cases = _cases(found, facts)
    harmless = [hit for hit in found if hit.candidates[0].cause == "benign_message"]
    real = {code: case for code, case in cases.items() if code != "benign_message"}
    ordered = sorted(real.items(), key=lambda item: -item[1].score)
    benign = cases.get("benign_message")
    if benign and (not ordered or benign.score > ordered[0][1].score):
        ordered.insert(0, ("benign_message", benign))
        # Only what could be meant by the very same line stays beside it.
        ordered = [ordered[0], *(item for item in ordered[1:] if item[1].score >= _LEAST)]
    kept = [item for item in ordered if item[1].score >= _LEAST][:_MOST_FINDINGS]
    return [_finding(code, case, kept, cases, facts) for code, case in kept], harmless


def _cases(hits: list[Hit], facts: Facts) -> dict[str, _Case]:
    cases: dict[str, _Case] = {}
    last = max((hit.offset for hit in hits), default=0)
    for hit in hits:
        for candidate in hit.candidates:
            score = judged(candidate.weight, candidate.cause, facts, candidate.details) * _SOFT.get(hit.severity, 1.0)
            if hit.offset == last:
                score += _LATER  # the last word is mostly the one that ended it
            case = cases.get(candidate.cause)
            if case is None:
                cases[candidate.cause] = _Case(score, hit, candidate.details, [hit], {hit.signature})
                continue
            if hit.signature not in case.signatures:
                case.signatures.add(hit.signature)
                case.score += _SAID_TWICE if candidate.cause != "benign_message" else 0.0
            case.hits.append(hit)
            if score > case.score:
                case.score, case.hit, case.details = score, hit, candidate.details
    return cases


def _finding(
    code: str, case: _Case, kept: list[tuple[str, _Case]], cases: Mapping[str, _Case], facts: Facts
) -> Finding:
    cause: Cause = CAUSES[code]
    return Finding(
        cause=code,
        confidence=_confidence(code, case, kept),
        where=cause.where,
        step=cause.step,
        line_number=case.hit.line_number,
        line=case.hit.line,
        meaning=case.hit.meaning,
        explanation=cause.explanation,
        remedy=cause.remedy(facts, case.details),
        confirm=cause.confirmation(facts, case.details),
        healer=cause.healer,
        evidence=tuple((hit.line_number, hit.line) for hit in _distinct(case.hits)),
        alternatives=tuple(_alternatives(code, case, cases, facts)),
        details=dict(case.details),
    )


def _distinct(hits: list[Hit]) -> list[Hit]:
    seen: dict[str, Hit] = {}
    for hit in hits:
        seen.setdefault(hit.line, hit)
    return sorted(seen.values(), key=lambda hit: hit.line_number)[:5]


def _confidence(code: str, case: _Case, kept: list[tuple[str, _Case]]) -> str:
    """High: one cause stands alone. Low: the log cannot tell it from the next one, or it is not the first."""
    if kept[0][0] != code:
        return "low"
    rival = max((other.score for name, other in kept if name != code), default=0.0)
    if case.score >= _HIGH and case.score - rival >= _CLEARLY:
        return "high"
    return "medium" if case.score >= _MEDIUM else "low"


def _alternatives(code: str, case: _Case, cases: Mapping[str, _Case], facts: Facts) -> Iterable[Alternative]:
    """Other causes of the very same lines, with the fact that would decide and is not known."""
    for name, other in sorted(cases.items(), key=lambda item: -item[1].score):
        if name == code or not case.signatures & other.signatures:
            continue
        fact, question = separator(code, name) or ("", "")
        if fact and not decided((code, name), facts, case.details):
            yield Alternative(name, fact, question)
