"""Virtual machines, containers and emulators."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Optional

from . import mounts, x86
from .cpu import field
from .machine import Machine

#: CPUID leaf 40000000h.
_SIGNATURES = {
    "KVMKVMKVM": "kvm",
    "Linux KVM Hv": "kvm",
    "TCGTCGTCGTCG": "qemu",
    "Microsoft Hv": "hyperv",
    "VMwareVMware": "vmware",
    "XenVMMXenVMM": "xen",
    "VBoxVBoxVBox": "virtualbox",
    "prl hyperv": "parallels",
    "lrpepyh  vr": "parallels",
    "bhyve bhyve": "bhyve",
    "ACRNACRNACRN": "acrn",
    "HAXMHAXMHAXM": "qemu",
}
#: Texts of DMI's sys_vendor and product_name, in this order: "KVM" is more exact than the "QEMU" beside it.
_DMI = (
    ("KVM", "kvm"),
    ("QEMU", "qemu"),
    ("VMware", "vmware"),
    ("VirtualBox", "virtualbox"),
    ("Xen", "xen"),
    ("Virtual Machine", "hyperv"),
    ("Amazon EC2", "kvm"),
    ("Google Compute Engine", "kvm"),
    ("Parallels", "parallels"),
    ("Apple Virtualization", "apple"),
    ("Bochs", "bochs"),
)
_DMI_FILES = ("/sys/class/dmi/id/product_name", "/sys/class/dmi/id/sys_vendor")


def probe(machine: Machine, executed: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Optional[str]]:
    """The `virtualization` part of the host document."""
    kind = kind_of(machine, executed)
    if kind is None:
        machine.doubt("virtualization.kind", "neither CPUID, DMI nor /proc/cpuinfo tells")
    return {"kind": kind, "container": container(machine, environment)}


def kind_of(machine: Machine, executed: Mapping[str, Any]) -> Optional[str]:
    """none, the name of a hypervisor, or None where nothing tells."""
    if "microsoft" in machine.optional("/proc/sys/kernel/osrelease").lower():
        return "wsl"
    if executed.get("cpuid"):
        signature = x86.hypervisor(executed["cpuid"])
        return _SIGNATURES.get(signature, signature) if signature else "none"
    if machine.optional("/sys/hypervisor/type") == "xen":
        return "xen"
    dmi = " ".join(machine.optional(name) for name in _DMI_FILES).strip()
    named = next((kind for text, kind in _DMI if text in dmi), None)
    tree = machine.optional("/proc/device-tree/hypervisor/compatible").rstrip("\0")
    if named or tree:
        return named or tree.rpartition(",")[2]
    flags = field(machine.optional("/proc/cpuinfo"), "flags").split()
    if flags:
        return "unknown" if "hypervisor" in flags else "none"
    return "none" if dmi or machine.exists("/proc/device-tree/model") else None


def container(machine: Machine, environment: Mapping[str, str]) -> Optional[str]:
    """podman, docker, kubernetes, systemd-nspawn, lxc …, None outside containers."""
    if environment.get("KUBERNETES_SERVICE_HOST") and machine.live:
        return "kubernetes"
    if not _own_disk(machine):  # else the marks are left over from an image that became a disk
        for mark, kind in (("/run/.containerenv", "podman"), ("/.dockerenv", "docker")):
            if machine.exists(mark):
                return kind
    named = machine.optional("/run/systemd/container") or (environment.get("container", "") if machine.live else "")
    if named:
        return named
    for word, kind in (("kubepods", "kubernetes"), ("docker", "docker"), ("libpod", "podman"), ("/lxc", "lxc")):
        if word in machine.optional("/proc/1/cgroup"):
            return kind
    return "openvz" if machine.exists("/proc/vz") and not machine.exists("/proc/bc") else None


def _own_disk(machine: Machine) -> bool:
    """Whether the root directory is the root of a disk, as it is on machines and not in containers."""
    root = mounts.holding(mounts.parse(machine.optional("/proc/self/mountinfo")), "/")
    return root is not None and root.root == "/" and root.source.startswith("/dev/")


def emulated(machine: Machine, architecture: str, executed: Mapping[str, Any]) -> Optional[bool]:
    """Whether another program executes the instructions: qemu without KVM, qemu-user, Rosetta. None: cannot tell."""
    leaves = executed.get("cpuid")
    cpuinfo = machine.optional("/proc/cpuinfo")
    kernel = machine.optional("/proc/sys/kernel/arch")  # Linux 6.1; qemu-user shows the real kernel's
    marks = (
        leaves and x86.hypervisor(leaves) == "TCGTCGTCGTCG",
        leaves and "VirtualApple" in x86.vendor(leaves),
        "QEMU TCG" in field(cpuinfo, "model name"),
        "VirtualApple" in field(cpuinfo, "vendor_id"),
        kernel and architecture and not _same_family(kernel, architecture),
        architecture == "aarch64" and field(cpuinfo, "vendor_id"),
        # The name that qemu gives to its ARM board where it does not run under KVM.
        machine.optional(_DMI_FILES[0]) == "QEMU Virtual Machine",
    )
    if any(marks):
        return True
    if not machine.live:
        return False if cpuinfo else None
    try:
        # qemu-user answers for /proc/self itself; through thread-self the kernel names the emulator.
        program = os.readlink("/proc/thread-self/exe")
    except OSError:
        return False if leaves else None
    return os.path.basename(program).startswith(("qemu-", "rosetta"))


def _same_family(kernel: str, architecture: str) -> bool:
    families = ({"x86_64", "i386", "i486", "i586", "i686"}, {"aarch64", "armv8l", "armv7l", "armv6l"})
    return kernel == architecture or any({kernel, architecture} <= family for family in families)
