"""Room and mount options where releases and downloads go."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Optional

from . import mounts
from .machine import Machine


def temporary_directory(environment: Mapping[str, str]) -> str:
    """Where pip and tempfile unpack: TMPDIR, TEMP or TMP, else /tmp."""
    named = (environment.get(name, "") for name in ("TMPDIR", "TEMP", "TMP"))
    return next((path for path in named if path and os.path.isdir(path)), "/tmp")  # noqa: S108 - it is only looked at


def existing_parent(path: str) -> str:
    """The path itself, or the nearest directory above it that exists; links resolved."""
    current = os.path.realpath(path)
    while not os.path.isdir(current) and current != "/":
        current = os.path.dirname(current)
    return current


def probe(machine: Machine, what: str, path: str) -> dict[str, Any]:
    """One entry of the `disk` part of the host document; `path` itself need not exist yet."""
    directory = existing_parent(path) if machine.live else path
    mount = machine.ask(f"disk.{what}.mount", None, _mount, machine, directory)
    if not machine.live:
        machine.doubt(f"disk.{what}", "a copied machine's disks cannot be measured")
    entry = {
        "path": path,
        "mount": mount.point if mount else None,
        "filesystem": mount.filesystem if mount else None,
        "free_bytes": None,
        "free_inodes": None,
        "noexec": "noexec" in mount.options if mount else None,
        "read_only": "ro" in mount.options if mount else None,
        "writable": None,
    }
    return {**entry, **machine.ask(f"disk.{what}", {}, _measure, directory)} if machine.live else entry


def _mount(machine: Machine, directory: str) -> Optional[mounts.Mount]:
    return mounts.holding(mounts.parse(machine.text("/proc/self/mountinfo")), directory)


def _measure(directory: str) -> dict[str, Any]:
    state = os.statvfs(directory)
    return {
        "free_bytes": state.f_bavail * state.f_frsize,
        # Btrfs and others have no fixed number of inodes and report 0 of 0.
        "free_inodes": state.f_favail if state.f_files else None,
        "noexec": bool(state.f_flag & os.ST_NOEXEC),
        "read_only": bool(state.f_flag & os.ST_RDONLY),
        "writable": os.access(directory, os.W_OK | os.X_OK),
    }
