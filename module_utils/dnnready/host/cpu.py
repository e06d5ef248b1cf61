"""The CPU that programs get: its name, flags, level, and what oneDNN makes of it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from . import arm, x86
from .machine import Machine

_X86, _ARM = "x86_64", "aarch64"


def field(text: str, name: str) -> str:
    """The value of the first line `name : value` of /proc/cpuinfo, "" where there is none."""
    match = re.search(rf"^{re.escape(name)}[ \t]*:[ \t]*(.*)$", text, re.MULTILINE)
    return match.group(1).strip() if match else ""


def architecture(machine: Machine, cpuinfo: str) -> str:
    """The name of uname(2); of a copied machine what its /proc/cpuinfo looks like."""
    if machine.live:
        return os.uname().machine
    for name, architecture_name in (("vendor_id", _X86), ("CPU implementer", _ARM), ("isa", "riscv64")):
        if field(cpuinfo, name):
            return architecture_name
    return ""


def probe(machine: Machine, executed: Mapping[str, Any]) -> dict[str, Any]:
    """The `cpu` part of the host document without `emulated`; `executed` is the answer of wx.probe."""
    cpuinfo = machine.optional("/proc/cpuinfo")
    name = architecture(machine, cpuinfo)
    if name == _X86:
        facts = _x86(machine, cpuinfo, executed)
    elif name == _ARM:
        facts = _arm(machine, cpuinfo, executed)
    else:
        facts = {"vendor": "", "model": _board(machine) or field(cpuinfo, "uarch"), "level": "", "flags": [], "isa": ""}
        machine.doubt("cpu.isa", f"oneDNN's dispatch on {name or 'this architecture'} is not known to dnnready")
    return {"architecture": name, **facts}


def _x86(machine: Machine, cpuinfo: str, executed: Mapping[str, Any]) -> dict[str, Any]:
    leaves = executed.get("cpuid")
    if leaves:
        flags = x86.flags_of_cpuid(leaves, int(executed["xcr0"]))
        vendor, model = x86.vendor(leaves), x86.model(leaves)
    else:
        flags = x86.flags_of_text(field(cpuinfo, "flags").split())
        vendor, model = field(cpuinfo, "vendor_id"), field(cpuinfo, "model name")
        why = "CPUID could not be executed, and /proc/cpuinfo "
        why += "leaves out newer flags such as avx_vnni_int8 and avx10" if cpuinfo else "cannot be read"
        machine.doubt("cpu.flags", why)
    allowed = executed.get("amx_allowed")
    return {
        "vendor": vendor,
        "model": model,
        "level": x86.level(flags) if flags or leaves else "",
        "flags": flags,
        "isa": x86.isa(flags, allowed),
    }


def _arm(machine: Machine, cpuinfo: str, executed: Mapping[str, Any]) -> dict[str, Any]:
    if "hwcap" in executed:
        flags, sve_bytes = arm.flags_of_hwcap(executed["hwcap"]), int(executed["sve_bytes"])
    else:
        flags = arm.flags_of_text(field(cpuinfo, "Features").split())
        sve_bytes = int(machine.optional("/proc/sys/abi/sve_default_vector_length") or 0)
        if not flags:
            machine.doubt("cpu.flags", "neither AT_HWCAP nor /proc/cpuinfo could be read")
    midr = machine.optional("/sys/devices/system/cpu/cpu0/regs/identification/midr_el1")
    vendor, model = arm.vendor_and_model(cpuinfo)
    if not model and midr:
        vendor, model = arm.vendor_and_model(arm.midr_text(midr))
    return {
        "vendor": vendor,
        "model": ", ".join(filter(None, (model, _board(machine)))),
        "level": arm.level(flags),
        "flags": flags,
        "isa": arm.isa(flags, sve_bytes),
    }


def _board(machine: Machine) -> str:
    return machine.optional("/proc/device-tree/model").rstrip("\0")
