"""The state of the module dnn_release that only looks; it runs on every host in every run, so it loads little."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import DnnreadyError
from . import facts
from .identity import validate
from .look import look


def looked(asked: Mapping[str, Any], _look_only: bool) -> dict[str, Any]:
    """What each release still needs."""
    for spec in asked["releases"]:
        validate(spec)
    found = look(prefix_of(asked), asked["releases"], asked["accept_by_stack"], fact_of(asked), force=asked["force"])
    return {"changed": False, "stacks": found, "dnnready_rows": [entry["row"] for entry in found.values()]}


def prefix_of(asked: Mapping[str, Any]) -> Path:
    """The prefix of a module call; it must be absolute."""
    prefix = Path(asked["prefix"])
    if not prefix.is_absolute():
        raise DnnreadyError(f"prefix is the relative path '{prefix}'.", "Give it from / on.")
    return prefix


def fact_of(asked: Mapping[str, Any]) -> Path:
    """The fact file of a module call."""
    return facts.path_of(prefix_of(asked), asked["facts_directory"])
