"""Rows as they arrive: read from any task result or document, so nothing about them is certain."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from typing import Any, Optional

#: In the order in which a summary counts them: good news, then what needs a look, then what stopped.
VERDICTS = ("accelerated", "planned", "unproven", "fallback", "broken", "refused", "failed")


def one_line(value: Any) -> str:
    """A text without line breaks and without what could steer a terminal: hosts are not trusted with that."""
    text = " ".join(str(value).split())
    return "".join(character for character in text if unicodedata.category(character)[0] != "C")


def _number(value: Any) -> Optional[float]:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return value


def _text(value: Any) -> str:
    return one_line(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def _cause(value: Any) -> Optional[dict[str, str]]:
    if not isinstance(value, Mapping):
        return {"code": "", "text": _text(value)} if _text(value) else None
    cause = {"code": _text(value.get("code")), "text": _text(value.get("text"))}
    return cause if any(cause.values()) else None


def read_row(raw: Any) -> Optional[dict[str, Any]]:
    """A row with every key of docs/schema/run-1.json, or None where `raw` is no row.

    A value of a wrong type counts as missing, an unknown verdict as `unproven`.
    """
    if not isinstance(raw, Mapping) or not _text(raw.get("stack")):
        return None
    verdict = _text(raw.get("verdict"))
    implementations = raw.get("implementations")
    threads = _number(raw.get("threads"))
    cpu_seconds = _number(raw.get("cpu_seconds"))
    return {
        "stack": _text(raw["stack"]),
        "release": _text(raw.get("release")),
        "verdict": verdict if verdict in VERDICTS else "unproven",
        "implementations": [_text(name) for name in implementations if _text(name)]
        if isinstance(implementations, (list, tuple))
        else [],
        "isa": _text(raw.get("isa")),
        "isa_cpu": _text(raw.get("isa_cpu")),
        "threads": None if threads is None or threads < 1 else int(threads),
        "framework": _text(raw.get("framework")),
        "onednn": _text(raw.get("onednn")),
        "cpu_seconds": None if cpu_seconds is None or cpu_seconds < 0 else cpu_seconds,
        "changed": raw.get("changed") is True,
        "cause": _cause(raw.get("cause")),
        "next": _text(raw.get("next")),
        "vouched_by": _text(raw.get("vouched_by")),
    }
