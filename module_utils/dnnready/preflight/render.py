"""Blockers as a list for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def render(blockers: Sequence[Mapping[str, str]]) -> str:
    """All blockers, grouped by stack; what stops several stacks in the same words is said once, for all of them."""
    stacks: dict[tuple[str, str], list[str]] = {}
    for blocker in blockers:
        names = stacks.setdefault((blocker["text"], blocker["way_out"]), [])
        if blocker["stack"] not in names:
            names.append(blocker["stack"])
    groups: dict[str, list[tuple[str, str]]] = {}
    for said, names in stacks.items():
        groups.setdefault(", ".join(names), []).append(said)
    lines = []
    for heading, said_there in groups.items():
        lines.append(f"{heading}:")
        for text, way_out in said_there:
            lines.append(f"  - {text}")
            if way_out:
                lines.append(f"    Way out: {way_out}")
    return "\n".join(lines)
