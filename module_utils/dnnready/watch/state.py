"""`<prefix>/watch/state.json`: what the last check saw. Losing it costs one convolution per stack, nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import DnnreadyError
from ..files import read_json, write_json

SCHEMA = "dnnready/watch/1"
#: What every entry of a stack and of its drift has: docs/schema/watch-1.json.
KEYS = (
    *("release", "verdict", "accepted", "implementations", "isa", "isa_cpu", "threads", "framework", "onednn"),
    *("looked", "files", "cost", "proven", "did", "why", "drift"),
)
DRIFT_KEYS = ("cause", "where", "evidence", "remedy", "since")


def path_of(prefix: Path) -> Path:
    """The file below a prefix."""
    return prefix / "watch" / "state.json"


def read(prefix: Path) -> dict[str, dict[str, Any]]:
    """The entries by stack; none where there is no file, or one that cannot be understood."""
    try:
        document = read_json(path_of(prefix))
    except DnnreadyError:
        return {}
    if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
        return {}
    entries = document.get("stacks")
    known = entries.items() if isinstance(entries, Mapping) else ()
    return {str(name): dict(entry) for name, entry in known if _whole(entry)}


def _whole(entry: Any) -> bool:
    """Whether an entry has what the next check goes by: one that somebody edited is as good as none."""
    if not isinstance(entry, Mapping) or not set(KEYS) <= set(entry) or not isinstance(entry["cost"], (int, float)):
        return False
    if not isinstance(entry["drift"], list) or not isinstance(entry["files"], list):
        return False
    return all(isinstance(each, Mapping) and set(DRIFT_KEYS) <= set(each) for each in entry["drift"])


def write(prefix: Path, document: Mapping[str, Any]) -> None:
    """Keep what this check saw, atomically."""
    write_json(path_of(prefix), document)


def clean(path: Path) -> None:
    """Remove what writers of this file left that were killed before they could rename it."""
    with contextlib.suppress(OSError):
        for left in path.parent.glob(f".{path.name}.*"):
            left.unlink()


def moment(value: Any, now: float) -> float:
    """A time in seconds since the epoch, 0 for what is none or lies in the future: a clock was set back since."""
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= now
    return float(value) if good else 0.0
