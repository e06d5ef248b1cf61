"""What a host needs, from its plan and from what it said of its current releases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def planned(plan: Mapping[str, Any]) -> dict[str, Any]:
    """The stacks of a plan that the host can run."""
    return {name: entry for name, entry in plan["stacks"].items() if not entry["blocked"]}


def settled(plan: Mapping[str, Any], current: Mapping[str, Any], *, force: bool = False) -> bool:
    """Whether the releases that are current are those that are wanted, proven and accepted.

    `current` are the entries of `release.looked.current`. Where it is not so, `looked` says what is missing.
    """
    return not force and all(
        _is_good(entry, current.get(name) or {}, entry["definition"]["accept"]) for name, entry in planned(plan).items()
    )


def _is_good(entry: Mapping[str, Any], found: Mapping[str, Any], accept: list[str]) -> bool:
    wanted = entry["spec"]["id"]
    return (found.get("id"), found.get("current"), found.get("needs")) == (wanted, wanted, []) and found["row"][
        "verdict"
    ] in accept


def unproven(plan: Mapping[str, Any], found: Mapping[str, Any], proven: list[str]) -> list[str]:
    """The required stacks without an accepted verdict; `proven` are those that this run proved."""
    return [
        name
        for name, entry in plan["stacks"].items()
        if entry["definition"]["required"] and name not in proven and (name not in found or found[name]["needs"])
    ]
