"""What the host gives to every process: processor, mounts, limits, control groups, libraries that the loader knows."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..host import cgroup
from ..host.machine import Machine
from . import limits
from .bundle import Bundle
from .commands import answer

_LIMIT = 1 << 20
_LIBRARIES = re.compile(r"dnn|mkl|omp|blas|lapack|stdc\+\+|tbb|numa|malloc|libc\.so|libm\.so|ld-linux|gcc_s|cuda", re.I)
_GROUP_FILES = (
    "cpu.max",
    "cpu.cfs_quota_us",
    "cpu.cfs_period_us",
    "cpuset.cpus.effective",
    "memory.max",
    "memory.high",
    "memory.current",
    "memory.limit_in_bytes",
    "memory.events",
    "pids.max",
    "pids.current",
    "pids.events",
)
_KERNEL = (
    "/proc/version",
    "/proc/cmdline",
    "/proc/sys/vm/overcommit_memory",
    "/proc/sys/vm/max_map_count",
    "/proc/sys/kernel/threads-max",
    "/proc/sys/kernel/pid_max",
    "/proc/sys/kernel/core_pattern",
    "/sys/devices/system/cpu/online",
    "/sys/devices/system/cpu/smt/control",
)


def fill(bundle: Bundle) -> None:
    """Add each of them; one that cannot be read is left out alone."""
    parts: tuple[tuple[str, str, str, Callable[[], str]], ...] = (
        ("cpuinfo.txt", "first processor", "/proc/cpuinfo", _first_processor),
        ("os-release.txt", "distribution", "/etc/os-release", lambda: _file("/etc/os-release")),
        ("kernel.txt", "kernel and its settings", ", ".join(_KERNEL), _kernel),
        ("mounts.txt", "mounts", "/proc/self/mountinfo", lambda: _file("/proc/self/mountinfo")),
        ("limits.txt", "limits of this process", "/proc/self/limits", lambda: _file("/proc/self/limits")),
        ("memory.txt", "memory", "/proc/meminfo", lambda: _file("/proc/meminfo")),
        ("cgroup.txt", "limits of the control groups", "/proc/self/cgroup and its directories", _groups),
        ("loader-cache.txt", "libraries that the loader knows", "ldconfig -p, filtered", _loader_cache),
    )
    for name, what, source, read in parts:

        def add(name: str = name, what: str = what, source: str = source, read: Callable[[], str] = read) -> None:
            bundle.text(f"machine/{name}", read(), what, source)

        bundle.part(what, add, 20)


def _file(path: str) -> str:
    return limits.read(path, _LIMIT)[0]


def _first_processor() -> str:
    """One processor stands for all; on ARM the model comes after the last one."""
    blocks = _file("/proc/cpuinfo").strip().split("\n\n")
    rest = [block for block in blocks[1:] if not block.startswith("processor")]
    return "\n\n".join([blocks[0], *rest]) + f"\n\nprocessors: {len(blocks) - len(rest)}\n"


def _kernel() -> str:
    machine = Machine()
    return "".join(f"{path}: {machine.optional(path) or '(cannot be read)'}\n" for path in _KERNEL)


def _groups() -> str:
    machine = Machine()
    membership = machine.text("/proc/self/cgroup")
    lines = [membership.rstrip()]
    for group in cgroup.hierarchies(membership, machine.text("/proc/self/mountinfo")):
        for directory in group.directories:
            for name in _GROUP_FILES:
                value = machine.optional(f"{directory}/{name}")
                if value:
                    lines.append(f"{directory}/{name}: {' '.join(value.split())}")
    return "\n".join(lines) + "\n"


def _loader_cache() -> str:
    lines = answer(["ldconfig", "-p"]).stdout.splitlines()
    return "".join(f"{line.strip()}\n" for line in lines if _LIBRARIES.search(line))
