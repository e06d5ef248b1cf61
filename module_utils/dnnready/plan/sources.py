"""What healing builds releases again from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import DnnreadyError


def sources(plan: Mapping[str, Any], stacks: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """By stack {index_url, requirements}, for the parameter `sources` of dnn_heal.

    `stacks` are those of the host document. The lock of the plan is that of a release only where they have the same
    id; else `requirements` is left out and the release's own copy counts.
    """
    found = {}
    for name, entry in plan["stacks"].items():
        spec = entry["spec"]
        if spec is None:
            continue
        given = {"index_url": entry["definition"]["index_url"]}
        if entry["requirements_path"] and spec["id"] == stacks.get(name, {}).get("current"):
            given["requirements"] = _text(entry["requirements_path"])
        found[name] = given
    return found


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DnnreadyError(f"The lock {path} cannot be read: {error}.") from error
