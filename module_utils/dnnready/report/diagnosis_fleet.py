"""The diagnoses of all hosts of a run as one document, and the files of its report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from . import diagnosis_html, diagnosis_markdown
from .run import timestamp

SCHEMA = "dnnready/fleet-diagnosis/1"
_SILENT = {"failed": "The run ended before this host was looked at."}


def fleet(entries: Mapping[str, Any], created: str = "") -> dict[str, Any]:
    """docs/schema/fleet-diagnosis-1.json. An entry is a list of diagnoses, {unreachable: why} or {failed: why}."""
    return {"schema": SCHEMA, "created": created or timestamp(), "hosts": {name: entries[name] for name in entries}}


def files(document: Mapping[str, Any]) -> list[dict[str, str]]:
    """The report: {name, content} of each file."""
    return [
        {"name": "diagnosis.json", "content": json.dumps(document, indent=2, sort_keys=True) + "\n"},
        {"name": "diagnosis.md", "content": diagnosis_markdown.render(document)},
        {"name": "diagnosis.html", "content": diagnosis_html.render(document)},
    ]


def report(variables: Mapping[str, Mapping[str, Any]], hosts: Sequence[str]) -> list[dict[str, str]]:
    """The files for the `hosts` of a play; `variables` by host have `diagnosis_entry` where it was looked at."""
    entries = {str(name): variables[name].get("diagnosis_entry", _SILENT) for name in hosts}
    return files(fleet(json.loads(json.dumps(entries))))
