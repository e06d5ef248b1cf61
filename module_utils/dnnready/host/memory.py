"""Memory, and what bounds it: cgroups, address space, other resource limits."""

from __future__ import annotations

import os
import re
import resource
from typing import Any, Optional

from . import cgroup
from .machine import Machine, number

#: Names of setrlimit(2) and their rows in /proc/<pid>/limits.
_ROWS = {
    "NPROC": "Max processes",
    "NOFILE": "Max open files",
    "MEMLOCK": "Max locked memory",
    "STACK": "Max stack size",
    "AS": "Max address space",
}


def soft_limit(machine: Machine, name: str) -> Optional[int]:
    """A soft resource limit, None for unlimited; of a copied machine from /proc/self/limits. Raises OSError."""
    if machine.live:
        soft = resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[0]
        return None if soft == resource.RLIM_INFINITY else soft
    match = re.search(rf"^{_ROWS[name]}\s+(\S+)", machine.text("/proc/self/limits"), re.MULTILINE)
    return number(match.group(1)) if match else None


def _meminfo(text: str) -> dict[str, int]:
    return {name: int(size) * 1024 for name, size in re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE)}


def probe(machine: Machine) -> dict[str, Any]:
    """The `memory` part of the host document, in bytes."""
    sizes = _meminfo(machine.optional("/proc/meminfo"))
    total, available = sizes.get("MemTotal"), sizes.get("MemAvailable")
    if total is None and machine.live:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if available is None:
        machine.doubt("memory.available_bytes", "no MemAvailable in /proc/meminfo")
    if total is None:
        machine.doubt("memory.total_bytes", "/proc/meminfo cannot be read")
    return {
        "total_bytes": total,
        "available_bytes": available,
        "limit_bytes": machine.ask("memory.limit_bytes", None, cgroup.memory_limit, machine),
        "address_space_bytes": machine.ask("memory.address_space_bytes", None, soft_limit, machine, "AS"),
    }


def limits(machine: Machine) -> dict[str, Optional[int]]:
    """The `limits` part: soft limits, and for processes the smaller one of RLIMIT_NPROC and pids.max."""
    asked = {"processes": "NPROC", "open_files": "NOFILE", "locked_bytes": "MEMLOCK", "stack_bytes": "STACK"}
    found = {key: machine.ask(f"limits.{key}", None, soft_limit, machine, name) for key, name in asked.items()}
    if _is_initial_root(machine):
        found["processes"] = None  # the kernel never counts the processes of the real root
    group = machine.ask("limits.processes", None, cgroup.process_limit, machine)
    bounds = [limit for limit in (found["processes"], group) if limit is not None]
    return {**found, "processes": min(bounds, default=None)}


def _is_initial_root(machine: Machine) -> bool:
    """Root outside user namespaces (kernel/fork.c exempts INIT_USER from RLIMIT_NPROC)."""
    return machine.live and os.getuid() == 0 and machine.optional("/proc/self/uid_map").split()[:2] == ["0", "0"]
