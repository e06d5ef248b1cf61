"""How many cores this process may really use."""

from __future__ import annotations

import math
import os
from typing import Any, Optional

from . import cgroup
from .cpu import field
from .machine import Machine, id_list

_CPUS = "/sys/devices/system/cpu"


def _online(machine: Machine) -> list[int]:
    try:
        return id_list(machine.text(f"{_CPUS}/online"))
    except (OSError, ValueError) as error:
        machine.doubt("cores.online", error)
    count = os.cpu_count() if machine.live else machine.optional("/proc/cpuinfo").count("processor\t:")
    return list(range(count or 1))


def _affinity(machine: Machine, online: list[int]) -> list[int]:
    """The kernel keeps the mask of a process within its cpuset; sched_getaffinity(2) leaves out offline CPUs too."""
    if machine.live:
        return sorted(os.sched_getaffinity(0))
    allowed = field(machine.optional("/proc/self/status"), "Cpus_allowed_list")
    return [cpu for cpu in id_list(allowed) if cpu in online] if allowed else online


def _siblings(machine: Machine, cpu: int) -> Optional[str]:
    # core_cpus_list is the newer name; on old kernels only the other exists.
    files = (f"{_CPUS}/cpu{cpu}/topology/{name}" for name in ("core_cpus_list", "thread_siblings_list"))
    return next(filter(None, map(machine.optional, files)), None)


def probe(machine: Machine) -> dict[str, Any]:
    """The `cores` part of the host document.

    `effective` is the number of threads worth starting for a convolution: physical cores within the affinity mask,
    at most as many as the quota pays for. A quota is rounded down (but not below 1): OpenMP threads wait by spinning,
    and a throttled one holds up all others. For the same reason hyperthreads do not count.
    """
    online = _online(machine)
    affinity = _affinity(machine, online)
    siblings = {cpu: _siblings(machine, cpu) for cpu in affinity}
    known = [names for names in siblings.values() if names]
    if len(known) < len(affinity):
        machine.doubt("cores.physical", f"no topology below {_CPUS}: every CPU is taken for a core")
    physical = len(set(known)) + len(affinity) - len(known)
    quota = machine.ask("cores.quota", None, cgroup.cpu_quota, machine)
    nodes = machine.optional("/sys/devices/system/node/online")
    return {
        "effective": max(1, min(physical, math.floor(quota)) if quota is not None else physical),
        "online": len(online),
        "affinity": affinity,
        "quota": quota,
        "physical": physical,
        "threads_per_core": max((len(id_list(names)) for names in known), default=1),
        "numa_nodes": max(1, len(machine.ask("cores.numa_nodes", [], id_list, nodes))),
    }
