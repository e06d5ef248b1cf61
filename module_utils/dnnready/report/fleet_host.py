"""What a host has stored: its hardware, and per stack the current release, manifest and proof. Runs on the host.

Files are read and a few of them compared with what the proof saw of them (stat). No framework is started.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from ..conv2d import fingerprint
from ..conv2d.row import vouched_by
from ..errors import DnnreadyError
from ..files import read_json
from ..host import cores, cpu, libc, memory, prefix, user, virtualization, wx
from ..host.hardware_class import hardware_class
from ..host.machine import Machine
from ..release.identity import STACK
from ..release.store import Store

_TAIL = 2000
_NO_CPU = {"architecture": "", "vendor": "", "model": "", "level": "", "flags": [], "isa": ""}
_NO_CORES = {"effective": 1, "online": 1, "quota": None, "threads_per_core": 1, "numa_nodes": 1}
_NO_MEMORY: dict[str, Any] = {"total_bytes": None, "limit_bytes": None}
#: What the page shows of a convolution; the keys of docs/schema/proof-1.json.
CONVOLUTION = (
    *(
        "name",
        "mode",
        "role",
        "input",
        "filters",
        "kernel",
        "stride",
        "padding",
        "dilation",
        "groups",
        "dtype",
        "layout",
    ),
    *("implementations", "gflops_per_cpu_second", "why", "error"),
)
#: And of a probe.
PROBE = (
    *("probe", "verdict", "cause", "framework", "library", "threads", "openmp", "witnesses", "control"),
    *("sgemm_gflops_per_cpu_second", "library_errors", "unfinished"),
)


_PROOF = ("created", "verdict", "cause", "next", "summary", "environment", "options")


def stored(target: str, scope: str) -> dict[str, Any]:
    """{prefix, hardware, stacks: [..]}; `target` is the prefix, "" for the one of the scope (host|user)."""
    account = user.probe(os.environ)
    place = prefix.resolve(target, scope, account["data_home"])
    if not os.path.isabs(place):
        raise DnnreadyError(f"The prefix is the relative path '{place}'.", "Give it from / on.")
    return {"prefix": place, "hardware": hardware(Machine("/")), "stacks": stacks(Path(place))}


def hardware(machine: Machine) -> dict[str, Any]:
    """What the host runs on: {class, cpu, cores, memory, os, libc}, a part of the host document, and its class."""
    ask = machine.ask
    executed = ask("wx.allowed", {}, wx.probe) if machine.live else {}
    processor = ask("cpu", _NO_CPU, cpu.probe, machine, executed)
    architecture = processor["architecture"]
    emulated = ask("cpu.emulated", None, virtualization.emulated, machine, architecture, executed)
    found = {
        "cpu": {**processor, "emulated": emulated},
        "cores": ask("cores", _NO_CORES, cores.probe, machine),
        "memory": ask("memory", _NO_MEMORY, memory.probe, machine),
        "os": ask("os", {}, libc.os_release, machine),
        "libc": ask("libc", {}, libc.probe, machine, architecture),
    }
    kind = hardware_class({**found, "unknown": machine.unknown})
    return {"class": {key: kind[key] for key in ("id", "name", "certain")}, **found}


def stacks(place: Path) -> list[dict[str, Any]]:
    """What is stored of each stack below a prefix, in the order of their names."""
    try:
        names = sorted(entry.name for entry in (place / "stacks").iterdir() if entry.is_dir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DnnreadyError(
            f"Cannot read {place / 'stacks'}: {error.strerror}.", "Connect as root, or as its owner."
        ) from error
    return [_stack(Store(place, name)) for name in names if STACK.match(name)]


def _stack(store: Store) -> dict[str, Any]:
    current = store.linked("current")
    proof = store.proof(current) if current else None
    holds, why = fingerprint.holds(proof, current)
    manifest = (store.manifest(current) if current else None) or {}
    return {
        "stack": store.stack,
        "release": current,
        "previous": store.linked("previous"),
        "releases": len(store.identifiers()),
        "since": _moment(store.root / "current"),
        "holds": holds,
        "why": why,
        "switching": os.path.lexists(store.switch),
        "rejected": [entry for one in store.identifiers() if (entry := _rejected(store, one))],
        "distributions": len(manifest.get("distributions") or []),
        "bytes": manifest.get("bytes"),
        "proof": shortened(proof) if proof is not None else None,
    }


def shortened(proof: Mapping[str, Any]) -> dict[str, Any]:
    """A proof without what only the next look on this host needs: some 3 KB instead of 20 to 60."""
    with contextlib.suppress(KeyError, TypeError, AttributeError):
        return {
            **{
                key: proof.get(key)
                for key in ("created", "verdict", "cause", "next", "summary", "environment", "options")
            },
            "kernel": proof["fingerprint"]["kernel"],
            "vouched_by": vouched_by(proof),
            "probes": [
                {
                    **{key: report.get(key) for key in PROBE},
                    "convolutions": [{key: one.get(key) for key in CONVOLUTION} for one in report["convolutions"]],
                    "right": [(one.get("numbers") or {}).get("right") for one in report["convolutions"]],
                    "stderr_tail": str(report.get("stderr_tail") or "")[-_TAIL:],
                }
                for report in proof["probes"]
            ],
        }
    return {}  # of another version, or damaged: as good as none


def _rejected(store: Store, identifier: str) -> Optional[dict[str, Any]]:
    """Why a release that was switched to had to go back."""
    try:
        document = read_json(store.rejection(identifier))
    except DnnreadyError:
        return None
    if not isinstance(document, dict):
        return None
    return {"release": identifier, "when": document.get("when"), "why": document.get("why")}


def _moment(link: Path) -> str:
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(os.lstat(link).st_mtime))
    except OSError:
        return ""
