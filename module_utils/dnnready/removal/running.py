"""Which processes run from a stack."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def running(prefix: Path, stack: str, proc: Path = Path("/proc")) -> list[tuple[int, str]]:
    """Processes (number, command) that were started from a stack, have files of it mapped, or work in its directory.

    Through `current` or not. Processes of others are seen by root alone.
    """
    place = prefix / "stacks" / stack
    marks = {os.fsencode(f"{path}/") for path in (place, os.path.realpath(place))}
    found = []
    for entry in sorted(proc.glob("[0-9]*"), key=lambda path: int(path.name)):
        seen = b""
        for name in ("cmdline", "maps"):
            with suppress(OSError):
                seen += (entry / name).read_bytes() + b"\n"
        for name in ("exe", "cwd"):
            with suppress(OSError):
                seen += os.fsencode(os.readlink(entry / name)) + b"/\n"
        if any(mark in seen for mark in marks):
            found.append((int(entry.name), _command(entry)))
    return found


def _command(entry: Path) -> str:
    try:
        text = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
    except OSError:
        return "ended"
    return " ".join(text.replace("\0", " ").split())[:200]
