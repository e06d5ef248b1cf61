"""Reports, messages and healthy logs that the explanation is tested with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
REPORTS = FIXTURES / "reports"


def reports(*folders: str) -> list[dict[str, Any]]:
    """The reports of some folders."""
    return [json.loads(path.read_text()) for name in folders for path in sorted((REPORTS / name).glob("*.json"))]


def messages() -> list[tuple[str, str]]:
    """Messages with the cause that comes first for them, "-" where none is known."""
    lines = (FIXTURES / "messages.tsv").read_text().splitlines()
    return [
        (cause, text.encode().decode("unicode_escape").encode("latin-1").decode())
        for cause, _, text in (line.partition("\t") for line in lines)
    ]


def healthy() -> dict[str, str]:
    """Logs of programs that worked."""
    return {path.name: path.read_bytes().decode() for path in sorted((FIXTURES / "healthy").glob("*.log"))}
