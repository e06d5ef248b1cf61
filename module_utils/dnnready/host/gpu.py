"""GPUs of the host: dnnready uses none, but a build for them on a host without them is a common fault."""

from __future__ import annotations

import re
from typing import Any

from .machine import Machine

_VENDORS = {"0x10de": "NVIDIA", "0x1002": "AMD", "0x8086": "Intel"}
#: Base class of display controllers in PCI class codes.
_DISPLAY = "0x03"
_PCI = "/sys/bus/pci/devices"
_NVIDIA = "/proc/driver/nvidia"


def probe(machine: Machine) -> dict[str, Any]:
    """The `gpu` part of the host document: models where the driver tells them, else vendor and PCI id."""
    devices = []
    if not machine.exists("/sys/bus"):
        machine.doubt("gpu.devices", "/sys cannot be read")
    for gpu in machine.names(f"{_NVIDIA}/gpus"):
        model = re.search(r"^Model:\s*(.+)$", machine.optional(f"{_NVIDIA}/gpus/{gpu}/information"), re.MULTILINE)
        devices.append(model.group(1).strip() if model else "NVIDIA")
    for slot in machine.names(_PCI):
        if not machine.optional(f"{_PCI}/{slot}/class").startswith(_DISPLAY):
            continue
        vendor = machine.optional(f"{_PCI}/{slot}/vendor")
        known = vendor == "0x10de" and devices  # the driver has named it
        if vendor in _VENDORS and not known:
            device = machine.optional(f"{_PCI}/{slot}/device")
            devices.append(f"{_VENDORS[vendor]} {vendor[2:]}:{device[2:]}")
    version = re.search(r"Kernel Module\s.*?(\d+\.\d+(?:\.\d+)?)\b", machine.optional(f"{_NVIDIA}/version"))
    return {"devices": devices, "nvidia_driver": version.group(1) if version else None}
