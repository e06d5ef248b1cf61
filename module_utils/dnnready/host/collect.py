"""The host document: every fact that plan, preflight, environment and proof need, from one cheap look."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional, Union

from . import cores, cpu, disk, gpu, interpreters, libc, memory, packages, prefix, user, virtualization, wx
from .machine import Machine

SCHEMA = "dnnready/host/1"
_NO_CORES = {
    "effective": 1,
    "online": 1,
    "affinity": [0],
    "quota": None,
    "physical": 1,
    "threads_per_core": 1,
    "numa_nodes": 1,
}
_NO_MEMORY = dict.fromkeys(("total_bytes", "available_bytes", "limit_bytes", "address_space_bytes"))
_NO_LIMITS = dict.fromkeys(("processes", "open_files", "locked_bytes", "stack_bytes"))
_NO_OS = dict.fromkeys(("id", "version_id", "codename", "kernel"), "")
_NO_USER = {"uid": -1, "name": "", "home": "/", "data_home": "/"}
_NO_CPU = {"architecture": "", "vendor": "", "model": "", "level": "", "flags": [], "isa": ""}


def collect(
    target: str,
    names: Sequence[str],
    root: Union[str, Path] = "/",
    *,
    scope: str = "host",
    asked_interpreters: Sequence[str] = (),
    environment: Optional[Mapping[str, str]] = None,
) -> dict[str, Any]:
    """The `host` document of docs/architecture.md.

    `target` is the prefix of dnnready, "" for the one that belongs to the `scope` (host|user). `names` are
    distribution packages to look up. `asked_interpreters` are paths to examine beside those that are found.
    A probe that fails leaves an entry in `unknown` and takes no other down; only a wrong parameter raises
    DnnreadyError. With another `root` the files of a copied machine are read, see `Machine`.
    """
    packages.check_names(names)
    machine = Machine(str(root))
    variables = os.environ if environment is None else environment
    executed = machine.ask("wx.allowed", {}, wx.probe) if machine.live else {}
    if executed.get("allowed") is None:
        machine.doubt("wx.allowed", executed.get("why") or "only the machine itself can tell")
    ask = machine.ask
    processor = ask("cpu", _NO_CPU, cpu.probe, machine, executed)
    architecture = processor["architecture"]
    account = ask("user", _NO_USER, user.probe, variables)
    place = prefix.resolve(target, scope, account["data_home"])
    return {
        "schema": SCHEMA,
        "target": place,
        "cpu": {
            **processor,
            "emulated": ask("cpu.emulated", None, virtualization.emulated, machine, architecture, executed),
        },
        "cores": ask("cores", _NO_CORES, cores.probe, machine),
        "libc": ask("libc", {"name": "unknown", "version": ""}, libc.probe, machine, architecture),
        "libstdcxx": ask("libstdcxx", None, libc.libstdcxx, machine, architecture),
        "os": ask("os", _NO_OS, libc.os_release, machine),
        "python": ask("python", [], interpreters.probe, machine, account["home"], variables, asked_interpreters),
        "memory": ask("memory", _NO_MEMORY, memory.probe, machine),
        "disk": {
            "target": disk.probe(machine, "target", place),
            "temporary": disk.probe(machine, "temporary", disk.temporary_directory(variables)),
        },
        "limits": ask("limits", _NO_LIMITS, memory.limits, machine),
        "wx": {"allowed": executed.get("allowed")},
        "kernel_files": _kernel_files(machine),
        "virtualization": ask(
            "virtualization", {"kind": None, "container": None}, virtualization.probe, machine, executed, variables
        ),
        "gpu": ask("gpu", {"devices": [], "nvidia_driver": None}, gpu.probe, machine),
        "packages": ask(
            "packages", {"manager": None, "installed": {}, "missing": list(names)}, packages.probe, machine, names
        ),
        "user": account,
        "program": ask("program", {"path": f"{place}/bin/dnnready", "sha256": None}, prefix.program, machine, place),
        "stacks": ask("stacks", {}, prefix.stacks, machine, place),
        "unknown": machine.unknown,
    }


def _kernel_files(machine: Machine) -> dict[str, bool]:
    """What frameworks read at start: TensorFlow aborts without /proc/self/exe, others guess the number of CPUs."""
    proc = machine.exists("/proc/self/exe") if machine.live else machine.exists("/proc/cpuinfo")
    return {
        "proc": proc and bool(machine.optional("/proc/cpuinfo")),
        "sys_cpu": bool(machine.optional("/sys/devices/system/cpu/online")),
    }
