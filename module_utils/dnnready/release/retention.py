"""Which releases may go: never what is current, was current, or is still run by a process."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from .store import Store


def superfluous(store: Store, staying: Sequence[str], keep: int) -> list[str]:
    """Finished releases that retention takes away: all that had to go back, and all but the `keep` newest others.

    `staying` are current and previous.
    """
    others = [one for one in store.identifiers() if one not in staying and store.finished(one)]
    rejected = [one for one in others if store.rejection(one).exists()]
    return [*[one for one in others if one not in rejected][keep:], *rejected]


def in_use(store: Store, identifiers: Sequence[str], proc: Path = Path("/proc")) -> dict[str, list[int]]:
    """The processes that run from releases, by release: what they have mapped, and how they were started.

    Read only where something is to go. Processes of others are seen by root alone.
    """
    marks = {identifier: os.fsencode(f"{os.path.realpath(store.release(identifier))}/") for identifier in identifiers}
    found: dict[str, list[int]] = {}
    if not marks:
        return found
    for entry in sorted(proc.glob("[0-9]*")):
        seen = b""
        for name in ("cmdline", "maps"):
            with contextlib.suppress(OSError):
                seen += (entry / name).read_bytes()
        for identifier, mark in marks.items():
            if mark in seen:
                found.setdefault(identifier, []).append(int(entry.name))
    return found
