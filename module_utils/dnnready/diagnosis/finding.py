"""What an explanation is made of: candidates, hits, findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SCHEMA = "dnnready/explanation/1"


@dataclass(frozen=True)
class Candidate:
    """A cause that a message can have. `weight`, 0 to 1: how often it is that one, where only the message is known."""

    cause: str
    weight: float
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Hit:
    """A signature that matched: where, and what it makes of it."""

    signature: str
    meaning: str
    line_number: int
    line: str
    offset: int
    severity: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Alternative:
    """Another cause of the same message, and the host fact that would tell them apart."""

    cause: str
    fact: str
    question: str


@dataclass(frozen=True)
class Finding:
    """A cause, what gave it away, and what to do about it."""

    cause: str
    confidence: str
    where: str
    step: int
    line_number: int
    line: str
    meaning: str
    explanation: str
    remedy: str
    confirm: str
    healer: str
    evidence: tuple[tuple[int, str], ...]
    alternatives: tuple[Alternative, ...]
    details: Mapping[str, str]

    def document(self) -> dict[str, Any]:
        """The finding as JSON."""
        return {
            "cause": self.cause,
            "confidence": self.confidence,
            "where": self.where,
            "step": self.step,
            "line_number": self.line_number,
            "line": self.line,
            "meaning": self.meaning,
            "explanation": self.explanation,
            "remedy": self.remedy,
            "confirm": self.confirm,
            "healer": self.healer,
            "evidence": [{"line_number": number, "line": line} for number, line in self.evidence],
            "alternatives": [
                {"cause": other.cause, "fact": other.fact, "question": other.question} for other in self.alternatives
            ],
            "details": dict(self.details),
        }


@dataclass(frozen=True)
class Explanation:
    """What a log says: findings from likely to unlikely, and what is harmless in it."""

    findings: tuple[Finding, ...]
    harmless: tuple[Hit, ...]
    ending: str  #: how the process ended, as the log says it; "" where it does not
    lines: int

    @property
    def not_known(self) -> bool:
        """Whether the log gives no cause away."""
        return not self.findings

    @property
    def healthy(self) -> bool:
        """Whether nothing in the log needs a cure: no failure, or only what is harmless."""
        return not self.ending if self.not_known else self.findings[0].cause == "benign_message"

    def document(self) -> dict[str, Any]:
        """The explanation as JSON."""
        return {
            "schema": SCHEMA,
            "findings": [finding.document() for finding in self.findings],
            "harmless": [
                {"line_number": hit.line_number, "line": hit.line, "meaning": hit.meaning} for hit in self.harmless
            ],
            "not_known": self.not_known,
            "healthy": self.healthy,
            "ending": self.ending,
            "lines": self.lines,
        }
