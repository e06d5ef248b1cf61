"""The fleet as comma-separated values (RFC 4180), one line for each stack of each host, fit for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from .fleet import lines
from .fleet_values import mapping

COLUMNS = (
    *(
        "host",
        "groups",
        "class",
        "class_id",
        "state",
        "seen",
        "stack",
        "verdict",
        "release",
        "implementations",
        "isa",
        "isa_cpu",
    ),
    *(
        "threads",
        "framework",
        "onednn",
        "gflops_per_cpu_second",
        "sgemm_gflops_per_cpu_second",
        "proven",
        "vouched_by",
        "cause",
        "text",
        "next",
    ),
)
#: What a spreadsheet takes for a formula, also in full width.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def render(document: Mapping[str, Any]) -> str:
    """The file, UTF-8 with CRLF."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for name, host, row, verdict in lines(document["hosts"]):
        kind, found = mapping(mapping(host["hardware"]).get("class")), mapping(row)
        cause = mapping(found.get("cause"))
        values = {
            **{key: found.get(key) for key in COLUMNS if key in found},
            "host": name,
            "groups": " ".join(host["groups"]),
            "class": kind.get("name"),
            "class_id": kind.get("id"),
            "state": host["state"],
            "seen": host["seen"],
            "verdict": verdict,
            "implementations": " ".join(found.get("implementations") or ()),
            "cause": cause.get("code"),
            "text": cause.get("text") or host["why"],
        }
        writer.writerow([cell(values.get(column)) for column in COLUMNS])
    return stream.getvalue()


def cell(value: Any) -> Any:
    """A number as it is; a text that a spreadsheet would run as a formula behind an apostrophe."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return value
    return f"'{value}" if value.lstrip(" ").startswith(_FORMULA) else value
