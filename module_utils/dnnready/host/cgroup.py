"""Limits of control groups, version 1, version 2 and both at once (hybrid).

A limit holds for a group and everything below it, so every directory from the own group up to the root of the mount
counts, and the smallest limit wins. In a container the mount may show only a part of the hierarchy: then that part
is what can be known. See cgroups(7) and the kernel's admin-guide/cgroup-v1 and cgroup-v2.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Optional

from .machine import Machine, number
from .mounts import Mount, parse

#: Version 1 writes "no limit" as the highest page-aligned number.
_UNLIMITED = 1 << 60


@dataclass(frozen=True)
class Hierarchy:
    """The groups of this process in one mounted hierarchy, own group first."""

    version: int
    controllers: frozenset[str]  #: of version 1; a file's presence tells in version 2
    directories: tuple[str, ...]


def _below(mount: Mount, group: str) -> str:
    """The group's path under the mount point, "/" where the mount does not show it."""
    if group.startswith("/.."):  # outside the cgroup namespace
        return "/"
    if mount.root == "/":
        return group
    if group == mount.root or group.startswith(mount.root.rstrip("/") + "/"):
        return group[len(mount.root.rstrip("/")) :] or "/"
    return "/"


def _upwards(mount: Mount, group: str) -> tuple[str, ...]:
    relative = posixpath.normpath("/" + _below(mount, group).strip("/"))
    directories = []
    while relative != "/":
        directories.append(mount.point.rstrip("/") + relative)
        relative = posixpath.dirname(relative)
    return (*directories, mount.point)


def hierarchies(membership: str, mountinfo: str) -> list[Hierarchy]:
    """From the texts of /proc/self/cgroup and /proc/self/mountinfo."""
    mounts = parse(mountinfo)
    found = []
    for line in membership.splitlines():
        _, _, rest = line.partition(":")
        names, separator, group = rest.partition(":")
        if not separator or not group.startswith("/"):
            continue
        controllers = frozenset(filter(None, names.split(",")))
        for mount in mounts:
            if not controllers and mount.filesystem == "cgroup2":
                found.append(Hierarchy(2, controllers, _upwards(mount, group)))
            elif controllers and mount.filesystem == "cgroup" and controllers <= mount.options:
                found.append(Hierarchy(1, controllers, _upwards(mount, group)))
    return found


def _directories(machine: Machine, controller: str) -> Iterator[tuple[int, str]]:
    """Version and path of every directory whose limits hold for this process. Raises OSError without /proc."""
    for group in hierarchies(machine.text("/proc/self/cgroup"), machine.text("/proc/self/mountinfo")):
        if group.version > 1 or controller in group.controllers:
            yield from ((group.version, directory) for directory in group.directories)


def cpu_quota(machine: Machine) -> Optional[float]:
    """CPU seconds per second that the groups allow, None without a limit."""
    limits = []
    for version, directory in _directories(machine, "cpu"):
        if version == 1:
            names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
            texts = [machine.optional(f"{directory}/{name}") for name in names]
        else:
            texts = machine.optional(f"{directory}/cpu.max").split()
        quota_us, period_us = (number(text) or 0 for text in (*texts, "", "")[:2])
        if quota_us > 0 and period_us > 0:
            limits.append(quota_us / period_us)
    return round(min(limits), 4) if limits else None


def memory_limit(machine: Machine) -> Optional[int]:
    """Bytes, None without a limit. memory.high counts: above it a process is slowed down until it hangs."""
    texts = []
    for version, directory in _directories(machine, "memory"):
        names = ("memory.limit_in_bytes",) if version == 1 else ("memory.max", "memory.high")
        texts += [machine.optional(f"{directory}/{name}") for name in names]
        for line in machine.optional(f"{directory}/memory.stat").splitlines() if version == 1 else ():
            # This one includes groups above the mount, which a container does not see.
            if line.startswith("hierarchical_memory_limit "):
                texts.append(line.split()[1])
    return _smallest(texts)


def process_limit(machine: Machine) -> Optional[int]:
    """Processes and threads together, None without a limit."""
    return _smallest([machine.optional(f"{directory}/pids.max") for _, directory in _directories(machine, "pids")])


def _smallest(texts: list[str]) -> Optional[int]:
    limits = [limit for limit in map(number, texts) if limit is not None and 0 <= limit < _UNLIMITED]
    return min(limits) if limits else None
