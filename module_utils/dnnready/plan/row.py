"""Rows of the table for stacks that did not come to a proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..conv2d.row import without_proof


def refused_row(stack: str, blockers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The row of a stack that preflight refused: the first blocker, and how many more there are."""
    first = blockers[0] if blockers else {"code": "", "text": "no release can be planned", "way_out": ""}
    more = f" (and {len(blockers) - 1} more)" if len(blockers) > 1 else ""
    row = without_proof(stack, "", "refused", f"{first['text']}{more}", first["way_out"])
    return {**row, "cause": {**row["cause"], "code": first["code"]}}


def failed_row(stack: str, release: str, message: str, step: str, next_command: str) -> dict[str, Any]:
    """The row of a stack whose provisioning stopped at a step; `message` as Ansible has it."""
    message = message.removeprefix("Task failed: ")
    return without_proof(stack, release, "failed", f"{step}: {message}" if step else message, next_command)
