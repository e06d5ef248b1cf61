"""What a report of diagnoses says first: one line for each target, the worst first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KINDS = {"stack": "stack", "python": "interpreter", "unit": "service", "process": "process"}
OUTCOMES = {"passed": "in order", "finding": "see above", "not_looked": "not looked at"}
_WHERE = {"model": "in your model or program, not on the host"}
_ORDER = ("to mend", "not looked at", "healthy")


@dataclass(frozen=True)
class Line:
    """One target of one host, or a host that could not be looked at."""

    host: str
    target: str
    state: str  #: to mend, not looked at, healthy
    verdict: str
    cause: str  #: the first one, or why it could not be looked at


def lines(document: Mapping[str, Any]) -> list[Line]:
    """All targets of all hosts."""
    found = [line for host, entry in document["hosts"].items() for line in _of_host(host, entry)]
    return sorted(found, key=lambda line: (_ORDER.index(line.state), line.host))


def _of_host(host: str, entry: Any) -> list[Line]:
    why = silence(entry)
    if why:
        return [Line(host, "", "not looked at", "", why)]
    return [Line(host, title(each), state(each), each["verdict"], cause(each)) for each in entry]


def silence(entry: Any) -> str:
    """Why a host could not be looked at; empty where it was."""
    if not isinstance(entry, Mapping):
        return "" if entry else "Nothing was chosen on this host."
    kind = "unreachable" if "unreachable" in entry else "failed"
    return f"{kind.capitalize()}: {entry.get(kind) or 'no message'}"


def state(diagnosis: Mapping[str, Any]) -> str:
    """How a target is, in words that need no colour."""
    if diagnosis.get("problem"):
        return "not looked at"
    return "healthy" if diagnosis["healthy"] else "to mend"


def title(diagnosis: Mapping[str, Any]) -> str:
    """The target by its kind and name."""
    target = diagnosis["target"]
    return f"{KINDS.get(target['kind'], target['kind'])} {target['name']}"


def cause(diagnosis: Mapping[str, Any]) -> str:
    """The first cause, or why there is none."""
    if diagnosis.get("problem"):
        return str(diagnosis["problem"])
    if diagnosis["findings"]:
        return str(diagnosis["findings"][0]["cause"])
    return "" if diagnosis["healthy"] else "no cause is known"


def counts(document: Mapping[str, Any]) -> str:
    """One line: hosts and the states of their targets."""
    every = lines(document)
    numbers = [(name, sum(line.state == name for line in every)) for name in _ORDER]
    said = ", ".join(f"{number} {name}" for name, number in numbers if number) or "nothing to look at"
    hosts = len(document["hosts"])
    return f"{hosts} host{'' if hosts == 1 else 's'}: {said}"


def certainty(finding: Mapping[str, Any]) -> str:
    """How sure a finding is, and where its cause is."""
    words = f"question {finding['step']}, confidence {finding['confidence']}"
    where = _WHERE.get(finding["where"], "")
    return f"{words}, {where}" if where else words


def effort(diagnosis: Mapping[str, Any]) -> str:
    """What the look cost."""
    number = diagnosis["counts"]
    return (
        f"{number['cheap']} cheap and {number['costly']} costly probes, {diagnosis['cpu_seconds']:.1f} CPU seconds "
        f"in {diagnosis['wall_seconds']:.1f} s"
    )
