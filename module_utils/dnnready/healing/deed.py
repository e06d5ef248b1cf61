"""What an act of healing is: done, and how it is taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


def nothing() -> None:
    """Nothing to take back."""


@dataclass(frozen=True)
class Deed:
    """One act: what it was, as a command, and how to undo it."""

    command: str
    undo: Callable[[], None] = nothing
    note: str = ""  #: what the user should know or do afterwards


@dataclass(frozen=True)
class Sources:
    """Where releases are built from, by stack: {requirements, index_url}; what is missing the release itself knows."""

    by_stack: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of(self, stack: str) -> Mapping[str, Any]:
        """The sources of a stack."""
        return self.by_stack.get(stack, {})
