"""One stack on one host: what every check looks at, and the form of its answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable, Optional, TypedDict


class Blocker(TypedDict):
    """Why a stack cannot run on a host; `code` is a cause code of the diagnosis where one fits."""

    code: str
    stack: str
    text: str
    way_out: str
    evidence: str


class Settings(TypedDict, total=False):
    """The wishes that hold for all stacks."""

    prefix: str
    scope: str  #: host or user
    python: str  #: the wanted interpreter: a path, a version, a tag, or ""
    keep_releases: int
    force: bool  #: what is there is built again
    depot: bool  #: wheels come from a depot, and stay below the prefix
    can_become: bool  #: whether system packages may be installed; by default in host scope alone


@dataclass(frozen=True)
class Case:
    """What the checks of one stack need."""

    host: Mapping[str, Any]
    definition: Mapping[str, Any]
    lock: Optional[Mapping[str, Any]]
    python: Optional[Mapping[str, Any]]
    settings: Settings
    locks: Sequence[Mapping[str, Any]] = field(default=())

    @property
    def name(self) -> str:
        """The name of the stack."""
        return str(self.definition["name"])

    @property
    def title(self) -> str:
        """The stack as a person calls it."""
        return str(self.definition.get("title") or self.name)

    @property
    def role(self) -> str:
        """The prefix of the stack's variables."""
        return self.name.replace("-", "_")

    @property
    def wheel(self) -> bool:
        """Whether it comes from wheels rather than from the distribution."""
        return self.definition.get("source") != "distribution"

    @property
    def probes(self) -> Sequence[str]:
        """What proves it."""
        return list(self.definition.get("probes", ()))

    @property
    def needs(self) -> Mapping[str, Any]:
        """What the definition says it needs."""
        return dict(self.definition.get("needs") or {})

    @property
    def scope(self) -> str:
        """Scope host or user."""
        return self.settings.get("scope", "host")

    @property
    def can_install(self) -> bool:
        """Whether missing distribution packages will be installed."""
        allowed = self.settings.get("can_become", self.scope == "host")
        return bool(allowed) and self.host["packages"]["manager"] == "dpkg"

    @property
    def carried_by_distribution(self) -> list[str]:
        """The packages that carry the stack on this release of the distribution."""
        return [str(name) for name in self.definition.get("packages", {}).get(self.host["os"]["codename"], ())]

    @property
    def other_source(self) -> str:
        """The advice to take the distribution's packages, "" where there are none here."""
        if not self.wheel or not self.carried_by_distribution or self.host["packages"]["manager"] != "dpkg":
            return ""
        return f"Or set {self.role}_source: distribution ({', '.join(self.carried_by_distribution)})."

    @property
    def leave_out(self) -> str:
        """The last resort."""
        return f"Or take {self.name} out of dnnready_stacks here."

    def blocker(self, code: str, text: str, *ways_out: str, evidence: object = "") -> Blocker:
        """A blocker of this stack; empty ways out are left out."""
        way_out = " ".join(way for way in ways_out if way)
        return {"code": code, "stack": self.name, "text": text, "way_out": way_out, "evidence": str(evidence)}


Check = Callable[[Case], Iterator[Blocker]]


def size(count: float) -> str:
    """Bytes for people: 512 MiB, 2.4 GiB."""
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= factor:
            number = count / factor
            return f"{number:.0f} {unit}" if number >= 10 or number == int(number) else f"{number:.1f} {unit}"  # noqa: PLR2004 - digits that matter
    return f"{count:.0f} bytes"


def older(version: str, needed: str) -> bool:
    """Whether a dotted version is below another: 2.9 is older than 2.28."""
    return _numbers(version) < _numbers(needed)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
