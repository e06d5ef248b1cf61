"""Where a probe reads, and where it says what it could not learn."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Optional


@dataclass
class Machine:
    """A machine seen through its files.

    `root` is "/" for the machine itself. Elsewhere it is a copy of another machine's files: then nothing is asked
    of the running kernel and no child process is started, and what only those could say is unknown.
    """

    root: str = "/"
    unknown: list[dict[str, str]] = field(default_factory=list)

    @property
    def live(self) -> bool:
        """Whether this is the machine that we run on."""
        return self.root == "/"

    def path(self, name: str) -> str:
        """The path of an absolute name below the root."""
        return name if self.live else self.root + name

    def text(self, name: str) -> str:
        """The text of a file. Raises OSError."""
        with open(self.path(name), encoding="utf-8", errors="replace") as stream:
            return stream.read()

    def optional(self, name: str) -> str:
        """The text of a file without surrounding space, or "" where it cannot be read."""
        try:
            return self.text(name).strip()
        except OSError:
            return ""

    def exists(self, name: str) -> bool:
        """Whether there is such a file."""
        return os.path.exists(self.path(name))

    def names(self, directory: str) -> list[str]:
        """The sorted names in a directory; none where it cannot be read."""
        try:
            return sorted(os.listdir(self.path(directory)))
        except OSError:
            return []

    def doubt(self, what: str, why: object) -> None:
        """Say that a fact is not known, and why."""
        if isinstance(why, OSError) and why.filename:
            why = f"{why.filename}: {why.strerror}"
        reason = " ".join(f"{why}".split()) or type(why).__name__
        self.unknown.append({"what": what, "why": reason})

    def ask(self, what: str, otherwise: Any, probe: Callable[..., Any], *arguments: Any) -> Any:
        """The answer of a probe, or `otherwise` and a doubt where it fails."""
        try:
            return probe(*arguments)
        except Exception as error:  # noqa: BLE001 - whatever one probe meets, the others still answer
            self.doubt(what, error)
            return otherwise


def number(text: str) -> Optional[int]:
    """A decimal number, or None."""
    try:
        return int(text)
    except ValueError:
        return None


def id_list(text: str) -> list[int]:
    """The kernel's list format: "0-3,8" is [0, 1, 2, 3, 8]. Raises ValueError."""
    found: set[int] = set()
    for piece in text.strip().split(","):
        if not piece:
            continue
        first, _, last = piece.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return sorted(found)
