"""What a run of site.yml did to a fleet, ring by ring: for the run document, and as lines for people."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Optional, Union

from .rows import one_line

#: More names than this are counted.
_NAMED = 12


class Rollout:
    """Gathers what the tasks of the rings say."""

    def __init__(self) -> None:
        self._planned: Optional[Mapping[str, Any]] = None
        self._judged: dict[str, Mapping[str, Any]] = {}
        self._back: dict[str, list[str]] = {}
        self._begun: set[str] = set()
        self._rolling = False

    def begin_play(self) -> None:
        """A play begins; those after the plan roll out."""
        self._rolling = self._planned is not None

    def begin(self, host: str) -> None:
        """A host begins a task."""
        if self._rolling:
            self._begun.add(host)

    def add(self, host: str, item: Mapping[str, Any]) -> None:
        """Take what a result says of the rings, if anything."""
        facts = item.get("ansible_facts")
        planned = facts.get("dnnready_rollout") if isinstance(facts, Mapping) else None
        if isinstance(planned, Mapping):
            self._planned = planned
        ring = item.get("ring")
        if isinstance(ring, Mapping) and "stop" in ring:
            self._judged[ring["hosts"][0]] = ring
        if item.get("rolled_back") is True and isinstance(item.get("stack"), str):
            self._back.setdefault(host, []).append(item["stack"])

    @property
    def off(self) -> Mapping[str, str]:
        """Hosts that did not answer at the start, and why."""
        found: Mapping[str, str] = self._planned["off"] if self._planned else {}
        return found

    @property
    def duplicates(self) -> Mapping[str, str]:
        """Names of machines that were left to another name, which is the value."""
        found: Mapping[str, str] = self._planned["duplicates"] if self._planned else {}
        return found

    def unjudged(self) -> list[str]:
        """The hosts of the ring that began and was not judged: the run was interrupted, or all of them failed."""
        rings = self._planned["rings"] if self._planned else []
        return [
            host
            for ring in rings
            if ring["hosts"][0] not in self._judged and self._begun.intersection(ring["hosts"])
            for host in ring["hosts"]
        ]

    def document(self, failed: Mapping[str, str], unreachable: Collection[str]) -> Optional[dict[str, Any]]:
        """The part `rollout` of the run document; None where no rings were planned.

        `failed`: why, by host; with `unreachable` it says what became of a ring that was not judged, because none of
        its hosts came so far.
        """
        if self._planned is None:
            return None
        ended = self._unjudged_ring(failed, unreachable)
        return {
            "rings": [self._ring(ring, ended) for ring in self._planned["rings"]],
            "off": dict(self._planned["off"]),
            "duplicates": dict(self._planned["duplicates"]),
        }

    def _unjudged_ring(self, failed: Mapping[str, str], unreachable: Collection[str]) -> dict[str, Mapping[str, Any]]:
        """What stands for the verdict that a ring did not get, by its first host; empty where every ring has one."""
        hosts = self.unjudged()
        bad = {host: failed[host] for host in hosts if host in failed and host not in unreachable}
        lost = [host for host in hosts if host in unreachable]
        if not bad and not lost:
            return {}
        why = f"{len(bad) + len(lost)} of {len(hosts)} hosts failed before it was judged"
        return {hosts[0]: {"stop": True, "why": why, "failed": bad, "lost": lost}}

    def _ring(self, ring: Mapping[str, Any], ended: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        hosts = list(ring["hosts"])
        judged = self._judged.get(hosts[0]) or ended.get(hosts[0])
        if judged is None:
            return {"name": ring["name"], "hosts": hosts, "outcome": "untouched", **_NOTHING}
        back = {host: self._back[host] for host in hosts if host in self._back} if judged["stop"] else {}
        return {
            "name": ring["name"],
            "hosts": hosts,
            "outcome": "stopped" if judged["stop"] else "done",
            "why": judged["why"],
            "failed": {host: one_line(why) for host, why in judged["failed"].items()},
            "lost": list(judged["lost"]),
            "taken_back": back,
        }


_NOTHING: dict[str, Any] = {"why": "", "failed": {}, "lost": [], "taken_back": {}}


def untouched(rollout: Optional[Mapping[str, Any]]) -> list[str]:
    """The hosts that no ring came to."""
    rings = rollout["rings"] if rollout else []
    return [host for ring in rings if ring["outcome"] == "untouched" for host in ring["hosts"]]


def unfinished(rollout: Mapping[str, Any], failed: Sequence[str]) -> list[str]:
    """The hosts that another run is to complete: off, failed, lost, taken back, or not reached by a ring."""
    left = {*rollout["off"], *failed}
    for ring in rollout["rings"]:
        left |= {*ring["failed"], *ring["lost"]}
        if ring["outcome"] != "done":
            left |= {*ring["hosts"]}
    return sorted(left)


def render(rollout: Mapping[str, Any], *, check: bool = False) -> str:
    """The rings as lines; empty where one ring of one host did well, because the table says it all.

    In check mode (`check`) nothing was judged.
    """
    rings, off, duplicates = rollout["rings"], rollout["off"], rollout["duplicates"]
    alone = len(rings) <= 1 and all(len(ring["hosts"]) == 1 and ring["outcome"] == "done" for ring in rings)
    if alone and not off and not duplicates:
        return ""
    hosts = sum(len(ring["hosts"]) for ring in rings)
    lines = [f"Rings: {len(rings)}, for {hosts} host{'' if hosts == 1 else 's'} with something to do"] if rings else []
    for number, ring in enumerate(rings, 1):
        lines.append(f"  {number}  {ring['name']}, {_names(ring['hosts'])}: {'as planned' if check else _words(ring)}")
    if off:
        lines.append(f"Off: {_names(off)}. The next run completes them.")
    lines += [f"{name} is {first} under another name, and was left to it." for name, first in duplicates.items()]
    return "\n".join(lines)


def _words(ring: Mapping[str, Any]) -> str:
    if ring["outcome"] == "untouched":
        return "not touched"
    said = [f"stopped, because {ring['why']}" if ring["outcome"] == "stopped" else "done"]
    if ring["failed"]:
        said.append(f"failed: {_names(ring['failed'])}")
    if ring["lost"]:
        said.append(f"no longer answering: {_names(ring['lost'])}")
    if ring["outcome"] == "stopped":
        said.append(f"taken back: {_names(ring['taken_back'])}" if ring["taken_back"] else "nothing to take back")
    return "; ".join(said)


def _names(hosts: Union[Sequence[str], Mapping[str, Any]]) -> str:
    names = list(hosts)
    if len(names) > _NAMED:
        return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
    return ", ".join(names)
