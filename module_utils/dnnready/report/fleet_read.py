"""What one host answered, as its entry of the fleet document (docs/schema/fleet-1.json). Nothing of it is trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from .fleet_proof import proof
from .fleet_values import mapping, moment, number, pairs, several, text, texts, truth, whole
from .rows import read_row
from .words import reason

VERIFY = "ansible-playbook playbooks/verify.yml"
PROVISION = "ansible-playbook site.yml"


def entry(answer: Any, groups: Any, created: str) -> dict[str, Any]:
    """The entry of a host. The answer is {"stored": ..}, see fleet_host.py, {"unreachable": why} or {"failed": why}."""
    said = mapping(answer)
    stored = mapping(said.get("stored"))
    state = "looked" if stored else "unreachable" if "unreachable" in said else "failed"
    return {
        "groups": sorted(set(texts(groups))),
        "state": state,
        "why": "" if stored else reason(text(said.get(state)) or "There was no message."),
        "seen": created if stored else "",
        "prefix": text(stored.get("prefix")),
        "hardware": _hardware(mapping(stored.get("hardware"))) if stored else None,
        "rows": [row for row in several(stored.get("stacks"), _row) if row],
    }


def _hardware(raw: Mapping[str, Any]) -> dict[str, Any]:
    kind, cpu, cores = mapping(raw.get("class")), mapping(raw.get("cpu")), mapping(raw.get("cores"))
    memory, system, libc = mapping(raw.get("memory")), mapping(raw.get("os")), mapping(raw.get("libc"))
    return {
        "class": {
            "id": text(kind.get("id")),
            "name": text(kind.get("name")),
            "certain": kind.get("certain") is True,
        },
        "cpu": {
            **{key: text(cpu.get(key)) for key in ("architecture", "vendor", "model", "level", "isa")},
            "flags": texts(cpu.get("flags")),
            "emulated": truth(cpu.get("emulated")),
        },
        "cores": {
            **{key: whole(cores.get(key)) for key in ("effective", "online", "threads_per_core", "numa_nodes")},
            "quota": number(cores.get("quota")),
        },
        "memory": {key: whole(memory.get(key)) for key in ("total_bytes", "limit_bytes")},
        "os": {key: text(system.get(key)) for key in ("id", "version_id", "codename", "kernel")},
        "libc": " ".join(filter(None, (text(libc.get("name")), text(libc.get("version"))))),
    }


def _row(raw: Any) -> Optional[dict[str, Any]]:
    """A stack of a host: the row of its proof, as docs/schema/run-1.json has it, and what is stored beside it."""
    stack = mapping(raw)
    release, shortened = text(stack.get("release")), mapping(stack.get("proof"))
    summary = mapping(shortened.get("summary"))
    row = read_row(
        {
            **summary,
            "stack": stack.get("stack"),
            "release": release,
            "verdict": shortened.get("verdict"),
            "cause": shortened.get("cause"),
            "next": shortened.get("next"),
            "vouched_by": shortened.get("vouched_by"),
        }
    )
    if row is None:
        return None
    del row["changed"]
    shown = proof(shortened) if shortened else None
    if not shown or (stack.get("holds") is not True and row["verdict"] != "broken"):
        row.update(
            verdict="unproven", cause=_unproven(release, bool(shown), stack), next=VERIFY if release else PROVISION
        )
    return {
        **{name: _bounded(value) for name, value in row.items()},
        "gflops_per_cpu_second": number(summary.get("gflops_per_cpu_second")),
        "sgemm_gflops_per_cpu_second": _best(shown),
        "proven": shown["created"] if shown else "",
        "holds": stack.get("holds") is True,
        "since": moment(stack.get("since")),
        "previous": text(stack.get("previous")),
        "releases": whole(stack.get("releases")),
        "switching": stack.get("switching") is True,
        "rejected": [
            {"release": text(one.get("release")), "when": text(one.get("when")), "why": text(one.get("why"))}
            for one in several(stack.get("rejected"), mapping)
        ],
        "distributions": whole(stack.get("distributions")),
        "bytes": whole(stack.get("bytes")),
        "environment": pairs(shortened.get("environment")),
        "options": pairs(shortened.get("options")),
        "kernel": text(shortened.get("kernel")),
        "probes": shown["probes"] if shown else [],
    }


def _unproven(release: str, proven: bool, stack: Mapping[str, Any]) -> dict[str, str]:
    if not release:
        return {"code": "", "text": "No release is current."}
    why = text(stack.get("why")) or "it does not say why"
    return {"code": "", "text": f"Not proven as it is now: {why}." if proven else f"Not proven: {why}."}


def _bounded(value: Any) -> Any:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return {key: text(one) for key, one in value.items()}
    return texts(value) if isinstance(value, list) else value


def _best(shown: Optional[Mapping[str, Any]]) -> Optional[float]:
    """The best sgemm of the probes of a proof, GFLOP per CPU second."""
    measured = [one["sgemm_gflops_per_cpu_second"] for one in (shown or {}).get("probes", ())]
    return max((one for one in measured if one is not None), default=None)
