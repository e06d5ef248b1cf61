"""One line for each stack, for the journal: `key=value` words that stay, then a sentence for people."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

ERROR, WARNING, NOTICE, INFORMATION = 3, 4, 5, 6  # syslog(3), as sd-daemon(3) takes them


def lines(document: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """(priority, line) of each stack; a stack that another run is at work on is no more than information."""
    skipped = document.get("skipped", {})
    for name, entry in sorted(document["stacks"].items()):
        if name not in skipped:
            yield _priority(entry), _line(name, entry)
    for name, why in sorted(skipped.items()):
        yield INFORMATION, f"stack={name} outcome=skipped: {_flat(why)} It is looked at next time."
    if not document["stacks"] and not skipped:
        yield NOTICE, "outcome=nothing: no stack is installed."


def in_journal() -> bool:
    """Whether standard output goes to the journal itself: systemd.exec(5), JOURNAL_STREAM."""
    try:
        status = os.fstat(sys.stdout.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def show(document: Mapping[str, Any]) -> None:
    """Print the lines, with their priorities where the journal reads them."""
    prefixed = in_journal()
    for priority, line in lines(document):
        print(f"<{priority}>{line}" if prefixed else line)


def _priority(entry: Mapping[str, Any]) -> int:
    if entry["verdict"] in ("broken", "unproven"):
        return ERROR
    if entry["drift"] or not entry["accepted"]:
        return WARNING
    return NOTICE if entry["did"] == "full" else INFORMATION


def _line(name: str, entry: Mapping[str, Any]) -> str:
    drift = ",".join(sorted({str(each["cause"]) for each in entry["drift"]})) or "none"
    release = entry["release"] or "none"
    words = f"stack={name} verdict={entry['verdict']} drift={drift} proof={entry['did']} release={release}"
    return f"{words}: {_flat(_sentence(entry))}"


def _sentence(entry: Mapping[str, Any]) -> str:
    if entry["drift"]:
        return " ".join(
            f"{each['where']}: {'; '.join(map(str, each['evidence']))}. {each['remedy']}" for each in entry["drift"]
        )
    if entry["did"] == "full":
        return f"proven again, because {entry['why'] or 'the quick proof was not good'}."
    ran = ", ".join(entry["implementations"]) or "the framework's own kernels"
    return f"conv2d ran through {ran}." if entry["did"] == "quick" else f"as it was proven, through {ran}."


def _flat(text: str) -> str:
    """On one line: the journal makes an entry of each line."""
    return " ".join(text.split())
