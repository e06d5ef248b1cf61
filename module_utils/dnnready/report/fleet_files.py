"""The files of a fleet's page, and what the last page left."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from ..errors import DnnreadyError
from ..files import read_json
from . import fleet_csv
from .fleet import SCHEMA, VERDICTS
from .page.render import render

NAMES = PAGE, TABLE, DOCUMENT = "fleet.html", "fleet.csv", "fleet.json"
#: What is read of a row of the last page.
_ROW = {
    "stack",
    "verdict",
    "release",
    "isa",
    "threads",
    "proven",
    "gflops_per_cpu_second",
    "probes",
    "implementations",
    "cause",
}
_SILENT = "The run ended before this host was looked at."


def answer(result: Mapping[str, Any]) -> dict[str, Any]:
    """What the task that asked a host left, as `fleet_read.entry` takes it."""
    if isinstance(result.get("stored"), Mapping) and not result.get("failed"):
        return {"stored": result["stored"]}
    message = result.get("msg") or _SILENT
    output = " ".join(str(result.get(key) or "") for key in ("module_stderr", "module_stdout"))
    text = " ".join(f"{message} {output}".split()).removeprefix("Task failed: ")
    return {"unreachable" if result.get("unreachable") else "failed": text}


def files(document: Mapping[str, Any]) -> list[dict[str, str]]:
    """{name, content} of each file. The JSON is the last: while it is the old one, the comparison can be made again."""
    return [
        {"name": PAGE, "content": render(document)},
        {"name": TABLE, "content": fleet_csv.render(document)},
        {"name": DOCUMENT, "content": json.dumps(document, sort_keys=True, separators=(",", ":")) + "\n"},
    ]


def earlier(path: Path, *, needed: bool) -> Optional[dict[str, Any]]:
    """The document of an earlier page; None where there is none and none is `needed`.

    Raises DnnreadyError for a file that is something else: it would be overwritten, or compared with in vain.
    """
    found = read_json(path)
    if found is None and not needed:
        return None
    if found is None:
        raise DnnreadyError(f"There is no earlier page {path}.", "See report_previous.")
    if not _is_document(found):
        raise DnnreadyError(f"{path} is no document of a fleet ({SCHEMA}).", "Move it away, or name another one.")
    return dict(found)


def _is_document(found: Any) -> bool:
    """Whether it has what the comparison reads. Nobody but the last page writes it."""
    try:
        return (
            found["schema"] == SCHEMA
            and isinstance(found["created"], str)
            and all(map(_is_host, found["hosts"].values()))
        )
    except (KeyError, TypeError, AttributeError):
        return False


def _is_host(host: Mapping[str, Any]) -> bool:
    named = host["hardware"] is None or {"id", "name"} <= set(host["hardware"]["class"])
    texts = all(isinstance(host[key], str) for key in ("state", "seen", "why")) and isinstance(host["groups"], list)
    return named and texts and all(row.keys() >= _ROW and row["verdict"] in VERDICTS for row in host["rows"])
