"""The fleet document (docs/schema/fleet-1.json): what all hosts have stored, counted, by class, and what changed."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Optional

from .fleet_drift import drift
from .fleet_read import entry
from .fleet_values import mapping
from .rows import one_line
from .run import timestamp

SCHEMA = "dnnready/fleet/1"
#: Best first. The last two are of hosts, not of stacks.
VERDICTS = ("accelerated", "fallback", "broken", "unproven", "unreachable", "failed")
STATES = ("looked", "unreachable", "failed")


def document(
    answers: Mapping[str, Any],
    groups: Mapping[str, Sequence[str]],
    *,
    previous: Optional[Mapping[str, Any]] = None,
    inventory: Collection[str] = (),
    speed_factor: float = 2.0,
    created: str = "",
) -> dict[str, Any]:
    """All hosts that answered, or did not: see `fleet_read.entry`. `groups` are those of the inventory, by host.

    `previous` is the document of the last page. Hosts of the `inventory` that were not asked this time (--limit) keep
    their entry of it, with the time at which they were `seen`. A speed counts as changed where it did by more than
    `speed_factor`.
    """
    created = created or timestamp()
    before = previous if previous and previous.get("schema") == SCHEMA else None
    known: dict[str, Any] = dict(before["hosts"]) if before else {}
    hosts = {one_line(name): entry(answer, groups.get(name), created) for name, answer in answers.items()}
    for name, old in known.items():
        if name in hosts and hosts[name]["state"] != "looked":
            hosts[name]["seen"] = old["seen"]
        elif name not in hosts and name in inventory:
            hosts[name] = old
    hosts = {name: hosts[name] for name in sorted(hosts)}
    return {
        "schema": SCHEMA,
        "created": created,
        "previous": before["created"] if before else None,
        "asked": len(answers),
        "speed_factor": speed_factor,
        "totals": totals(hosts),
        "classes": classes(hosts),
        "drift": drift(known, hosts, speed_factor) if before else [],
        "hosts": hosts,
    }


def lines(
    hosts: Mapping[str, Mapping[str, Any]],
) -> Iterator[tuple[str, Mapping[str, Any], Optional[Mapping[str, Any]], str]]:
    """The lines of the table: host, its entry, the row of a stack or None, and the verdict.

    A host without a row has one line all the same: what could not be asked, or has no stack, must not be missing.
    """
    for name, host in hosts.items():
        for row in host["rows"]:
            yield name, host, row, row["verdict"]
        if not host["rows"]:
            yield name, host, None, "unproven" if host["state"] == "looked" else host["state"]


def totals(hosts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """How many hosts in which state, how many stacks with which verdict, and what is accelerated throughout."""
    states = Counter(host["state"] for host in hosts.values())
    verdicts = Counter(row["verdict"] for host in hosts.values() for row in host["rows"])
    whole = sum(
        bool(host["rows"]) and all(row["verdict"] == "accelerated" for row in host["rows"]) for host in hosts.values()
    )
    return {
        "hosts": len(hosts),
        "states": {state: states[state] for state in STATES},
        "accelerated_hosts": whole,
        "bare_hosts": sum(host["state"] == "looked" and not host["rows"] for host in hosts.values()),
        "stacks": sum(verdicts.values()),
        "verdicts": {verdict: verdicts[verdict] for verdict in VERDICTS[:4]},
    }


def classes(hosts: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The hardware classes, those with most hosts first, with the speeds of their stacks beside the best sgemm."""
    members: dict[str, dict[str, Mapping[str, Any]]] = {}
    for name, host in hosts.items():
        identifier = mapping(mapping(host["hardware"]).get("class")).get("id")
        if identifier:
            members.setdefault(identifier, {})[name] = host
    names = Counter(next(iter(group.values()))["hardware"]["class"]["name"] for group in members.values())
    found = [_class(identifier, group, names) for identifier, group in members.items()]
    return sorted(found, key=lambda one: (-one["hosts"], one["name"], one["id"]))


def _class(identifier: str, group: Mapping[str, Mapping[str, Any]], names: Mapping[str, int]) -> dict[str, Any]:
    hardware = next(iter(group.values()))["hardware"]
    name = hardware["class"]["name"] or identifier
    proven = [(host, row) for host, entry in group.items() for row in entry["rows"] if row["probes"]]
    measured = [(row["sgemm_gflops_per_cpu_second"], host, row["stack"]) for host, row in proven]
    peak = max((one for one in measured if one[0]), default=None)
    speeds: dict[str, list[float]] = {}
    for _, row in proven:
        if row["gflops_per_cpu_second"] is not None and row["verdict"] in ("accelerated", "fallback"):
            speeds.setdefault(row["stack"], []).append(row["gflops_per_cpu_second"])
    return {
        "id": identifier,
        # Two classes may differ in a flag alone, which is in no name.
        "name": name if names[hardware["class"]["name"]] == 1 else f"{name} ({identifier[:4]})",
        "certain": hardware["class"]["certain"],
        "hosts": len(group),
        "peak": {"gflops_per_cpu_second": peak[0], "host": peak[1], "stack": peak[2]} if peak else None,
        "stacks": [
            {
                "stack": stack,
                "proofs": len(values),
                "lowest": min(values),
                "median": statistics.median(values),
                "highest": max(values),
            }
            for stack, values in sorted(speeds.items())
        ],
    }
