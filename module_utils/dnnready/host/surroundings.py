"""What a process meets where it runs: executable memory, threads, kernel files, temporary directory, limits.

Runs alone: with the other modules of this package it is fed to the interpreter of a service, under its conditions.
Prints one JSON object on its last line.
"""

from __future__ import annotations

import errno
import json
import os
import tempfile
import threading
from typing import Any, Optional

from . import memory, wx
from .machine import Machine

#: Enough to meet a limit that a framework with a thread pool would meet on a small host.
_MOST_THREADS = 16
_KERNEL_FILES = (
    "/proc/self/maps",
    "/proc/self/exe",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu/possible",
    "/sys/devices/system/cpu/present",
    "/sys/devices/system/cpu/online",
)


def probe() -> dict[str, Any]:
    """Everything; a part that fails says so in `unknown`."""
    machine = Machine("/")
    ask = machine.ask
    return {
        "executed": ask("executed", {}, wx.probe),
        "threads": ask("threads", {}, threads),
        "unreadable": ask("unreadable", [], unreadable),
        "temporary": ask("temporary", {}, temporary),
        "limits": ask("limits", {}, memory.limits, machine),
        "memory": ask("memory", {}, memory.probe, machine),
        "affinity": ask("affinity", None, lambda: len(os.sched_getaffinity(0))),
        "security": ask("security", {}, security, machine),
        "uid": os.getuid(),
        "unknown": machine.unknown,
    }


def threads() -> dict[str, Any]:
    """{wanted, started, errno}: how many threads could be started at once, and what ended it."""
    wanted = min(_MOST_THREADS, max(2, os.cpu_count() or 1))
    go = threading.Event()
    started: list[threading.Thread] = []
    problem: Optional[str] = None
    try:
        for _ in range(wanted):
            thread = threading.Thread(target=go.wait, daemon=True)
            thread.start()
            started.append(thread)
    except RuntimeError as error:
        problem = _errno() or str(error)
    finally:
        go.set()
    for thread in started:
        thread.join(5)
    return {"wanted": wanted, "started": len(started), "errno": problem}


def _errno() -> str:
    """Python does not say why a thread could not be started; pthread_create(3) returns it."""
    import ctypes  # noqa: PLC0415 - only where something is wrong

    libc = ctypes.CDLL(None)
    create = getattr(libc, "pthread_create", None) or ctypes.CDLL("libpthread.so.0").pthread_create
    function = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)
    handles, keep = [], []
    code = 0
    for _ in range(_MOST_THREADS):
        handle, routine = ctypes.c_ulong(), function(lambda _argument: None)
        keep.append(routine)
        code = create(ctypes.byref(handle), None, routine, None)
        if code:
            break
        handles.append(handle)
    for handle in handles:
        libc.pthread_join(handle, None)
    return errno.errorcode.get(code, "") if code else ""


def unreadable() -> list[str]:
    """Files of the kernel that frameworks read and that are not readable or empty here."""
    return [path for path in _KERNEL_FILES if not _readable(path)]


def _readable(path: str) -> bool:
    try:
        with open(path, "rb") as stream:
            return bool(stream.read(16))
    except OSError:
        return False


def temporary() -> dict[str, Any]:
    """{path, free_bytes, free_inodes, noexec, problem} of where temporary files go."""
    try:
        path = tempfile.gettempdir()
    except OSError as error:
        return {"path": os.environ.get("TMPDIR", ""), "problem": str(error)}
    status = os.statvfs(path)
    return {
        "path": path,
        "free_bytes": status.f_bavail * status.f_frsize,
        "free_inodes": status.f_favail if status.f_files else None,
        "noexec": bool(status.f_flag & os.ST_NOEXEC),
        "problem": "",
    }


def security(machine: Machine) -> dict[str, Any]:
    """Mode of the system call filter, and the label of a security module."""
    status = dict(line.split(":\t", 1) for line in machine.optional("/proc/self/status").splitlines() if ":\t" in line)
    return {
        "seccomp": status.get("Seccomp", ""),
        "no_new_privileges": status.get("NoNewPrivs", ""),
        "label": machine.optional("/proc/self/attr/current").rstrip("\0"),
    }


if __name__ == "__main__":
    print(json.dumps(probe()))
