"""What a cause consists of, and how its remedy is worded for a host."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Optional

from . import libraries
from .facts import Facts

#: Step of the question (docs/architecture.md) that a cause belongs to.
STEPS = {
    1: "The right library for this CPU is installed",
    2: "The framework can reach it",
    3: "The environment and the limits are right",
    4: "The framework is whole and fits its surroundings",
    5: "What the logs and the model itself say",
}
#: Who mends it: a healer of dnnready, or "advice" where a person has to decide.
HEALERS = ("packages", "release", "environment", "loader", "permissions", "advice")

Condition = Callable[[Facts, Mapping[str, str]], Optional[bool]]


@dataclass(frozen=True)
class Remedy:
    """One way out. It is offered where its condition holds, or is not known to fail.

    `text` may hold {library}, {package}, {install}, {variable}, {wanted}, {bytes} and other details of the
    finding; `certain` wants the condition to be known to hold.
    """

    text: str
    condition: Optional[Condition] = None
    certain: bool = False

    def holds(self, facts: Facts, details: Mapping[str, str]) -> bool:
        """Whether this remedy is for this host."""
        if self.condition is None:
            return True
        answer = self.condition(facts, details)
        return answer is True or (answer is None and not self.certain)


@dataclass(frozen=True)
class Cause:
    """A cause. `where` is host, model or none (nothing is wrong)."""

    code: str
    step: int
    explanation: str
    remedies: tuple[Remedy, ...]
    confirm: str
    healer: str = "advice"
    where: str = "host"

    def remedy(self, facts: Facts, details: Mapping[str, str]) -> str:
        """The first remedy that is for this host, with the details filled in."""
        text = next((item.text for item in self.remedies if item.holds(facts, details)), self.remedies[-1].text)
        filled = text.format_map(_Words(facts, details))
        return filled[:1].upper() + filled[1:]

    def confirmation(self, facts: Facts, details: Mapping[str, str]) -> str:
        """How to confirm the cause, with the details filled in."""
        return self.confirm.format_map(_Words(facts, details))


_GENERAL = {
    "library": "the library named in the line",
    "needed_by": "the file that needs it",
    "variable": "the variable named in the line",
    "wanted": "the version named in the line",
    "symbol": "the symbol named in the line",
    "bytes": "the amount named in the line",
    "module": "the framework",
    "python": "the environment's bin/python",
    "requirement": "the package",
    "instructions": "the instructions named in the line",
    "glibc": "older",
}
_INSTALL = {"apt": "apt-get install", "dnf": "dnf install", "apk": "apk add"}


class _Words(dict[str, str]):
    """Details of a finding, with general words for those that the log does not give."""

    def __init__(self, facts: Facts, details: Mapping[str, str]) -> None:
        super().__init__(details)
        for name in ("other", "third", "fourth"):
            if name in self and "variable" not in self:
                self["variable"] = self[name]
        if facts.get("libc.version"):
            self["glibc"] = str(facts.get("libc.version"))
        self["install"] = self._install(facts)

    def _install(self, facts: Facts) -> str:
        library = self.get("library", "")
        if library.endswith(".dylib") or facts.package_manager == "brew":
            name = (
                "libomp"
                if libraries.family(library) == "openmp"
                else "openblas"
                if libraries.family(library) == "blas"
                else ""
            )
            return f"install {name} (`brew install {name}`)" if name else f"install {library}"
        manager = facts.package_manager
        package = libraries.package(library, manager)
        if package and manager:
            return f"install {package} (`{_INSTALL[manager]} {package}`)"
        if package:
            return f"install the package with {library} (Debian, Ubuntu: `apt-get install {package}`)"
        return f"install the package with {library or 'the missing library'}"

    def __missing__(self, name: str) -> str:
        return _GENERAL.get(name, name)
