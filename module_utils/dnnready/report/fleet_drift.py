"""What changed since the last page, the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Optional

#: In the order in which they are shown, for the same outcome.
KINDS = ("verdict", "host", "stack", "isa", "hardware", "release", "threads", "speed")
_RANK = ("accelerated", "fallback", "unproven", "broken", "failed", "unreachable")
OUTCOMES = ("worse", "changed", "better")


def drift(before: Mapping[str, Any], after: Mapping[str, Any], speed_factor: float) -> list[dict[str, Any]]:
    """{host, stack, kind, before, after, outcome: worse|changed|better} for every difference of two fleets' hosts.

    Speeds are compared where the proof is another one; they count where they differ by more than `speed_factor`,
    because the same release on a busy host may be that much slower.
    """
    found = list(_changes(before, after, speed_factor))
    return sorted(
        found, key=lambda one: (OUTCOMES.index(one["outcome"]), KINDS.index(one["kind"]), one["host"], one["stack"])
    )


def _change(where: tuple[str, str], kind: str, before: str, after: str, outcome: str = "changed") -> dict[str, str]:
    return {"host": where[0], "stack": where[1], "kind": kind, "before": before, "after": after, "outcome": outcome}


def _changes(before: Mapping[str, Any], after: Mapping[str, Any], factor: float) -> Iterator[dict[str, str]]:
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            yield _change((name, ""), "host", "known" if old else "not known", "new" if new else "gone")
        elif "looked" in (old["state"], new["state"]) and old["state"] != new["state"]:
            was, now = ("answered" if one["state"] == "looked" else one["state"] for one in (old, new))
            yield _change((name, ""), "host", was, now, "better" if new["state"] == "looked" else "worse")
        elif new["state"] == "looked":
            yield from _hardware(name, old["hardware"], new["hardware"])
            yield from _stacks(name, _rows(old), _rows(new), factor)


def _rows(host: Mapping[str, Any]) -> dict[str, Any]:
    return {row["stack"]: row for row in host["rows"]}


def _hardware(
    host: str, old: Optional[Mapping[str, Any]], new: Optional[Mapping[str, Any]]
) -> Iterator[dict[str, str]]:
    if old and new and old["class"]["id"] != new["class"]["id"]:
        yield _change((host, ""), "hardware", old["class"]["name"], new["class"]["name"])


def _stacks(host: str, before: Mapping[str, Any], after: Mapping[str, Any], factor: float) -> Iterator[dict[str, str]]:
    for stack in sorted({*before, *after}):
        old, new = before.get(stack), after.get(stack)
        if old is None or new is None:
            yield _change((host, stack), "stack", "there" if old else "absent", "new" if new else "gone")
            continue
        if old["verdict"] != new["verdict"]:
            worse = _RANK.index(new["verdict"]) > _RANK.index(old["verdict"])
            yield _change((host, stack), "verdict", old["verdict"], new["verdict"], "worse" if worse else "better")
        for kind, key in (("release", "release"), ("isa", "isa"), ("threads", "threads")):
            if old[key] != new[key] and new[key] and old[key]:
                yield _change((host, stack), kind, str(old[key]), str(new[key]))
        yield from _speed(host, stack, old, new, factor)


def _speed(
    host: str, stack: str, old: Mapping[str, Any], new: Mapping[str, Any], factor: float
) -> Iterator[dict[str, str]]:
    was, now = old["gflops_per_cpu_second"], new["gflops_per_cpu_second"]
    if not was or not now or old["proven"] == new["proven"] or max(was, now) <= factor * min(was, now):
        return
    yield _change((host, stack), "speed", f"{was:.4g}", f"{now:.4g}", "worse" if now < was else "better")
