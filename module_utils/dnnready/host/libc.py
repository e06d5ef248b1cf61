"""Which C library and which C++ run-time library binary wheels meet here."""

from __future__ import annotations

import mmap
import os
import re
from typing import Optional

from ..process import run
from . import loader
from .machine import Machine

_RELEASE = re.compile(rb"GNU C Library .{0,200}?version (\d+\.\d+)")
_GLIBCXX = re.compile(rb"GLIBCXX_(\d+\.\d+(?:\.\d+)?)\0")
_MUSL_LOADER = re.compile(r"ld-musl-[\w.]+\.so\.1\Z")


def probe(machine: Machine, architecture: str) -> dict[str, str]:
    """The `libc` part of the host document."""
    version = _running() if machine.live else ""
    if version.startswith("glibc "):
        return {"name": "glibc", "version": version.split()[1]}
    library = loader.find(machine, "libc.so.6", architecture)
    musl = next((name for name in machine.names("/lib") if _MUSL_LOADER.match(name)), None)
    if library:
        found = newest(machine.path(library), _RELEASE)
        if not found:
            machine.doubt("libc.version", f"no version in {library}")
        return {"name": "glibc", "version": found}
    if musl:
        return {"name": "musl", "version": _musl_version(machine, f"/lib/{musl}")}
    machine.doubt("libc", "neither glibc's libc.so.6 nor musl's loader was found")
    return {"name": "unknown", "version": ""}


def _running() -> str:
    """What the C library of this very process says; glibc alone knows the question."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (ValueError, OSError, AttributeError):
        return ""


def _musl_version(machine: Machine, path: str) -> str:
    if not machine.live:
        machine.doubt("libc.version", "musl tells its version only when it runs")
        return ""
    # Without arguments musl's loader prints its name and version, and exits with 1.
    match = re.search(r"^Version (\S+)", run([path], env=dict(os.environ), timeout=5).stderr, re.MULTILINE)
    return match.group(1) if match else ""


def newest(path: str, pattern: re.Pattern[bytes]) -> str:
    """The highest version that a pattern finds in a file, "" where it finds none. Raises OSError and ValueError."""
    with open(path, "rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        versions = {match.group(1).decode() for match in pattern.finditer(data)}
    return max(versions, key=version_key, default="")


def version_key(version: str) -> tuple[int, ...]:
    """Sorts dotted numbers: 2.9 before 2.36."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


def libstdcxx(machine: Machine, architecture: str) -> Optional[dict[str, str]]:
    """The `libstdcxx` part: the loader's library and its newest GLIBCXX symbol version, None where it is absent."""
    path = loader.find(machine, "libstdc++.so.6", architecture)
    if path is None:
        return None
    return {"path": path, "glibcxx": machine.ask("libstdcxx.glibcxx", "", newest, machine.path(path), _GLIBCXX)}


def os_release(machine: Machine) -> dict[str, str]:
    """The `os` part, from os-release(5)."""
    text = machine.optional("/etc/os-release") or machine.optional("/usr/lib/os-release")
    if not text:
        machine.doubt("os", "there is no /etc/os-release")
    fields = dict(re.findall(r"""^([A-Z_]+)=["']?([^"'\n]*)["']?\s*$""", text, re.MULTILINE))
    return {
        "id": fields.get("ID", ""),
        "version_id": fields.get("VERSION_ID", ""),
        "codename": fields.get("VERSION_CODENAME", ""),
        "kernel": os.uname().release if machine.live else machine.optional("/proc/sys/kernel/osrelease"),
    }
