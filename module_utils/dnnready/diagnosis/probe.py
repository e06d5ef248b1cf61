"""What a probe of a live host is, what it may say, and what it knows of the case it looks at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .facts import Facts
from .target import Target

CHEAP, COSTLY = "cheap", "costly"
_MODULES = (("torch", "pytorch"), ("tensorflow", "tensorflow"))
#: From here on a suspicion is worth a costly look, and may become a finding.
LIKELY = 0.52


@dataclass(frozen=True)
class Suspicion:
    """A cause that a probe speaks for.

    `weight`, 0 to 1: 0.95 and more where the probe has seen the cause itself (a file that is shorter than its RECORD
    says), 0.6 to 0.9 where it has seen what mostly has this cause, below 0.52 where it is worth mentioning only if
    something else speaks for it too. `certain` findings stay although the convolution is accelerated.
    """

    cause: str
    weight: float
    evidence: Sequence[str]
    details: Mapping[str, str] = field(default_factory=dict)
    certain: bool = False


@dataclass(frozen=True)
class Observation:
    """What one probe saw. `said` is one sentence for the list of what was looked at and found in order."""

    said: str = ""
    suspicions: tuple[Suspicion, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    unknown: tuple[tuple[str, str], ...] = ()  #: (what could not be looked at, why)
    notes: tuple[str, ...] = ()  #: worth knowing, and no fault


@dataclass
class Case:
    """A target on its host, and what the probes so far have seen."""

    target: Target
    host: Mapping[str, Any]
    observations: dict[str, Observation] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)  #: of the stack, such as onednn_convolution
    stack_directory: str = ""
    thorough: bool = False
    timeout: float = 120.0  #: seconds for each run of a framework

    @property
    def facts(self) -> Facts:
        """The host document as answers."""
        return Facts(self.host)

    @property
    def frameworks(self) -> tuple[str, ...]:
        """Those that were asked for, else those that the interpreter has."""
        if self.target.frameworks:
            return self.target.frameworks
        origins = self.fact("inventory", "origins") or {}
        return tuple(framework for module, framework in _MODULES if origins.get(module))

    @property
    def tolerated(self) -> bool:
        """Whether the stack was provisioned so that oneDNN need not run the convolution."""
        return self.options.get("onednn_convolution") in ("auto", "off")

    def fact(self, probe: str, name: str, otherwise: Any = None) -> Any:
        """What an earlier probe learned."""
        seen = self.observations.get(probe)
        return otherwise if seen is None else seen.facts.get(name, otherwise)

    def suspects(self, *causes: str, least: float = LIKELY) -> bool:
        """Whether an earlier probe speaks for one of these causes; without names, for any."""
        return any(
            each.weight >= least and (not causes or each.cause in causes)
            for seen in self.observations.values()
            for each in seen.suspicions
        )


def always(_case: Case) -> str:
    """No reason to leave a probe out."""
    return ""


@dataclass(frozen=True)
class Probe:
    """One look. `skip` says in words why it is not needed in this case, "" where it is."""

    name: str
    step: int  #: which of the five questions it belongs to
    cost: str
    question: str
    look: Callable[[Case], Observation]
    skip: Callable[[Case], str] = always
