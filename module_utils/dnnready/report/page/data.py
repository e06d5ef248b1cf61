"""The fleet document as the page's script reads it: the same, with what many hosts have in common said once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ...files import canonical_json
from ..fleet_values import mapping


class _Pool:
    """Values by number; equal ones have one number."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._numbers: dict[str, int] = {}

    def number(self, value: Any) -> int:
        key = canonical_json(value)
        if key not in self._numbers:
            self._numbers[key] = len(self.values)
            self.values.append(value)
        return self._numbers[key]


def page_data(document: Mapping[str, Any]) -> dict[str, Any]:
    """{created, previous, classes, shared, hosts, drift}; what hosts have in common are numbers into `shared`."""
    pool = _Pool()
    kinds = {one["id"]: number for number, one in enumerate(document["classes"])}
    return {
        "created": document["created"],
        "previous": document["previous"],
        "classes": [
            {"name": one["name"], "id": one["id"], "peak": mapping(one["peak"]).get("gflops_per_cpu_second")}
            for one in document["classes"]
        ],
        "drift": document["drift"],
        "hosts": [_host(name, host, kinds, pool) for name, host in document["hosts"].items()],
        "shared": pool.values,
    }


def _host(name: str, host: Mapping[str, Any], kinds: Mapping[str, int], pool: _Pool) -> dict[str, Any]:
    hardware = host["hardware"]
    return {
        "name": name,
        "groups": pool.number(host["groups"]),
        "class": kinds.get(hardware["class"]["id"], -1) if hardware else -1,
        "state": host["state"],
        "why": host["why"],
        "seen": host["seen"],
        "prefix": host["prefix"],
        "hardware": pool.number(hardware),
        "rows": [_row(row, pool) for row in host["rows"]],
    }


def _row(row: Mapping[str, Any], pool: _Pool) -> dict[str, Any]:
    shared = ("implementations", "cause", "environment", "options", "rejected")
    return {
        **{key: value for key, value in row.items() if key != "probes"},
        **{key: pool.number(row[key]) for key in shared},
        "probes": [_probe(probe, pool) for probe in row["probes"]],
    }


def _probe(probe: Mapping[str, Any], pool: _Pool) -> list[Any]:
    """[what it says, its sgemm, the speeds of its convolutions]: only the measurements differ between siblings."""
    speed = "gflops_per_cpu_second"
    said = {
        **{key: value for key, value in probe.items() if key != f"sgemm_{speed}"},
        "convolutions": [{key: value for key, value in one.items() if key != speed} for one in probe["convolutions"]],
    }
    speeds = [_rounded(one[speed]) for one in probe["convolutions"]]
    return [pool.number(said), _rounded(probe[f"sgemm_{speed}"]), speeds]


def _rounded(value: Any) -> Any:
    return None if value is None else round(value, 2)


_ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def embedded(value: Any) -> str:
    """JSON that can stand in a script element: nothing in it ends the element or begins a comment."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).translate(_ESCAPES)
