"""One line about a pull, for the journal: `key=value` words that stay, then a sentence for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..watch.journal import ERROR, INFORMATION, NOTICE, WARNING, in_journal
from .run import APPLIED, BAD, UNREACHABLE


def line(document: Mapping[str, Any]) -> tuple[int, str]:
    """(priority, line); priorities as in syslog(3)."""
    revision = str(document.get("revision", ""))[:12] or "none"
    outcome = document["outcome"]
    words = f"pull={outcome} revision={revision} source={document['source']}"
    return _priority(outcome), f"{words}: {' '.join(str(document['why']).split())}"


def show(document: Mapping[str, Any]) -> None:
    """Print it, with its priority where the journal reads it."""
    priority, text = line(document)
    print(f"<{priority}>{text}" if in_journal() else text)


def _priority(outcome: str) -> int:
    if outcome in BAD:
        return WARNING if outcome == UNREACHABLE else ERROR
    return NOTICE if outcome == APPLIED else INFORMATION
