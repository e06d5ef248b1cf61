"""How far the builds below a prefix are, from the files that they leave while they run (release/progress.py)."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .rows import one_line

#: A build writes every second; what is older was left by one that was killed.
FRESH_SECONDS = 30.0
_MEGABYTE = 1e6


def building(prefix: str) -> dict[str, str]:
    """Stack to words such as `downloading 12 of 42 wheels, 310 of 552 MB (torch)`, for what is being built now."""
    found = {}
    for path in sorted(Path(prefix, "stacks").glob("*/progress.json")):
        try:
            fresh = time.time() - path.stat().st_mtime < FRESH_SECONDS
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # it ended just now
            continue
        if fresh and isinstance(document, Mapping):
            found[path.parent.name] = _words(document)
    return found


def _words(document: Mapping[str, Any]) -> str:
    numbers = {
        key: value if isinstance(value := document.get(key), (int, float)) and value > 0 else 0
        for key in ("done", "total", "bytes", "total_bytes")
    }
    parts = []
    if numbers["total"]:
        parts.append(f" {numbers['done']} of {numbers['total']} wheels")
    if numbers["bytes"] and document.get("phase") == "downloading":
        of = f" of {numbers['total_bytes'] / _MEGABYTE:.0f}" if numbers["total_bytes"] else ""
        parts.append(f"{',' if parts else ''} {numbers['bytes'] / _MEGABYTE:.0f}{of} MB")
    package = f" ({document['package']})" if document.get("package") else ""
    return one_line(f"{document.get('phase', 'building')}{''.join(parts)}{package}")
