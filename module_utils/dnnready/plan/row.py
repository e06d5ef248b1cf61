"""Rows of the table for stacks that did not come to a proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

EMPTY: dict[str, Any] = {
    "stack": "",
    "release": "",
    "verdict": "unproven",
    "implementations": [],
    "isa": "",
    "isa_cpu": "",
    "threads": None,
    "framework": "",
    "onednn": "",
    "cpu_seconds": None,
    "changed": False,
    "cause": None,
    "next": "",
}


def refused_row(stack: str, blockers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The row of a stack that preflight refused: the first blocker, and how many more there are."""
    first = blockers[0] if blockers else {"code": "", "text": "no release can be planned", "way_out": ""}
    more = f" (and {len(blockers) - 1} more)" if len(blockers) > 1 else ""
    return {
        **EMPTY,
        "stack": stack,
        "verdict": "refused",
        "cause": {"code": first["code"], "text": f"{first['text']}{more}"},
        "next": first["way_out"],
    }


def failed_row(stack: str, release: str, message: str, step: str, next_command: str) -> dict[str, Any]:
    """The row of a stack whose provisioning stopped at a step."""
    return {
        **EMPTY,
        "stack": stack,
        "release": release,
        "verdict": "failed",
        "cause": {"code": "", "text": f"{step}: {message}" if step else message},
        "next": next_command,
    }


def planned_row(stack: str, release: str) -> dict[str, Any]:
    """The row of a stack that check mode would build."""
    return {**EMPTY, "stack": stack, "release": release, "verdict": "planned", "changed": True}
