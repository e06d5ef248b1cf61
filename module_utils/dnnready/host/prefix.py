"""What the prefix of dnnready holds already."""

from __future__ import annotations

import os
from typing import Any, Optional

from ..errors import DnnreadyError
from ..files import read_json, sha256_file
from .machine import Machine

HOST_PREFIX = "/opt/dnnready"


def resolve(target: str, scope: str, data_home: str) -> str:
    """The prefix: as given, or the place that belongs to the scope (host|user)."""
    return target or (os.path.join(data_home, "dnnready") if scope == "user" else HOST_PREFIX)


def program(machine: Machine, target: str) -> dict[str, Optional[str]]:
    """The `program` part of the host document: the installed zipapp and its digest."""
    path = f"{target}/bin/dnnready"
    present = os.path.isfile(machine.path(path))
    return {"path": path, "sha256": sha256_file(machine.path(path)) if present else None}


def stacks(machine: Machine, target: str) -> dict[str, dict[str, Any]]:
    """The `stacks` part: per stack the ids of its releases, the current one, and the locks of the finished ones."""
    found = {}
    for name in machine.names(f"{target}/stacks"):
        place = f"{target}/stacks/{name}"
        releases = [entry for entry in machine.names(f"{place}/releases") if not entry.startswith(".")]
        try:
            current = os.path.basename(os.readlink(machine.path(f"{place}/current")))
        except OSError:
            current = ""
        locks = {_lock(machine, f"{place}/releases/{release}") for release in releases}
        found[name] = {
            "current": current if current in releases else None,
            "releases": releases,
            "locks": sorted(locks - {""}),
        }
    return found


def _lock(machine: Machine, release: str) -> str:
    """The digest of the lock of a finished release; empty where there is none."""
    try:
        manifest = read_json(machine.path(f"{release}/manifest.json")) or {}
        return str(manifest["spec"]["lock_sha256"]) if manifest["state"] == "installed" else ""
    except (DnnreadyError, KeyError, TypeError):
        return ""
