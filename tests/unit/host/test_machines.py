"""What is read from the files of other machines."""

import pytest

from dnnready.host import collect


def facts(root):
    return collect("/opt/dnnready", [], root, environment={})


def at(document, path):
    for key in path.split("."):
        document = document[key]
    return document


def test_the_document_of_every_machine_keeps_to_the_schema(any_machine, validator):
    validator.validate(facts(any_machine))


def test_nothing_of_the_running_kernel_slips_into_a_copied_machine(machine):
    document = facts(machine("chroot-bare"))
    assert document["cpu"] == {
        "architecture": "", "vendor": "", "model": "", "level": "", "flags": [], "isa": "", "emulated": None,
    }  # fmt: skip
    assert document["python"] == []
    assert document["wx"] == {"allowed": None}
    assert document["memory"] == dict.fromkeys(("total_bytes", "available_bytes", "limit_bytes", "address_space_bytes"))
    assert document["os"] == {"id": "debian", "version_id": "", "codename": "forky", "kernel": ""}
    doubts = {entry["what"] for entry in document["unknown"]}
    assert doubts >= {
        "wx.allowed", "cpu.isa", "cores.online", "cores.quota", "libc", "python", "memory.total_bytes", "disk.target",
        "limits.processes", "virtualization.kind", "gpu.devices",
    }  # fmt: skip


TRUTH = {
    "hybrid-vm": {
        "cpu.architecture": "x86_64",
        "cpu.vendor": "GenuineIntel",
        "cpu.model": "Intel(R) Xeon(R) Processor",
        "cpu.level": "x86-64-v4",
        "cpu.isa": "avx512_core_amx",
        "cpu.emulated": False,
        "cores": {
            "effective": 2, "online": 2, "affinity": [0, 1], "quota": None, "physical": 2, "threads_per_core": 1,
            "numa_nodes": 1,
        },
        "memory.limit_bytes": 2 << 30,
        "memory.total_bytes": 24684092 << 10,
        "limits": {"processes": 96365, "open_files": 20000, "locked_bytes": 8 << 20, "stack_bytes": 8 << 20},
        "disk.target.mount": "/",
        "disk.target.filesystem": "ext4",
        # The mark of an image is left on a disk that was made from it.
        "virtualization": {"kind": "unknown", "container": None},
    },
    "podman-cgroup1": {
        "cores.quota": 0.5,
        "cores.effective": 1,
        "cores.physical": 2,
        "memory.limit_bytes": 256 << 20,
        "limits.processes": 50,
        "disk.target.filesystem": "overlay",
        "virtualization.container": "podman",
        "os": {"id": "debian", "version_id": "12", "codename": "bookworm", "kernel": "6.1.0-25-amd64"},
    },
    "systemd-cgroup2": {
        "cpu.isa": "avx512_core_bf16",
        "cpu.level": "x86-64-v4",
        # Limits stand two groups up; CPU 8 is offline; two of six CPUs share a core with another one.
        "cores": {
            "effective": 3, "online": 8, "affinity": [0, 1, 2, 3, 4, 5], "quota": 3.5, "physical": 4,
            "threads_per_core": 2, "numa_nodes": 2,
        },
        "memory.limit_bytes": 8 << 30,
        "memory.address_space_bytes": None,
        "limits.processes": 42336,
        "disk.temporary.filesystem": "tmpfs",
        "disk.temporary.noexec": True,
        "disk.target.noexec": False,
        "virtualization": {"kind": "none", "container": None},
    },
    "kubernetes-cgroup2": {
        # The group lies outside the namespace: only the mounted part can be read.
        "cores.quota": 2.5,
        "cores.effective": 2,
        "memory.limit_bytes": 512 << 20,
        "limits.processes": 1,
        "virtualization": {"kind": "xen", "container": "containerd"},
    },
    "raspberry-pi-4": {
        "cpu.architecture": "aarch64",
        "cpu.vendor": "ARM",
        "cpu.model": "Cortex-A72, Raspberry Pi 4 Model B Rev 1.5",
        "cpu.level": "armv8-a",
        "cpu.isa": "asimd",
        "cpu.flags": ["fp", "asimd", "crc32"],
        "memory.total_bytes": 926028 << 10,
        "virtualization": {"kind": "none", "container": None},
    },
    "rk3588": {"cpu.model": "Cortex-A55 + Cortex-A76", "cpu.level": "armv8.2-a", "cpu.isa": "asimd", "cores.online": 2},
    "graviton3": {
        "cpu.model": "Neoverse-V1",
        "cpu.level": "armv8.4-a",
        "cpu.isa": "sve_256",
        "virtualization.kind": "kvm",
    },
    "nehalem": {
        "cpu.level": "x86-64-v2",
        "cpu.isa": "sse41",
        "cpu.model": "Intel(R) Core(TM) i7 CPU         920  @ 2.67GHz",
        "virtualization.kind": "none",
    },
    "alpine-musl": {
        "libc": {"name": "musl", "version": ""},
        "libstdcxx": None,
        "os.id": "alpine",
        "os.version_id": "3.20.3",
        "packages.manager": None,
        "virtualization.container": "docker",
    },
    "nvidia-docker": {
        "cpu.isa": "avx2_vnni",
        "cpu.level": "x86-64-v3",
        "gpu": {"devices": ["NVIDIA H100 PCIe", "Intel 8086:64a0"], "nvidia_driver": "535.161.08"},
        "virtualization.container": "docker",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [(name, path, expected) for name, facts in TRUTH.items() for path, expected in facts.items()],
)
def test_facts_of_a_machine(machine, name, path, expected):
    assert at(facts(machine(name)), path) == expected


@pytest.mark.parametrize(
    ("product", "vendor", "kind"),
    [
        ("KVM Virtual Machine", "QEMU", "kvm"),
        ("QEMU Virtual Machine", "QEMU", "qemu"),
        ("VMware Virtual Platform", "VMware, Inc.", "vmware"),
        ("VirtualBox", "innotek GmbH", "virtualbox"),
        ("Virtual Machine", "Microsoft Corporation", "hyperv"),
        ("ThinkPad X1", "LENOVO", "none"),
    ],
)
def test_dmi_names_the_hypervisor_where_cpuid_cannot(machine, product, vendor, kind):
    root = machine("raspberry-pi-4")
    place = root / "sys/class/dmi/id"
    place.mkdir(parents=True)
    (place / "product_name").write_text(product + "\n")
    (place / "sys_vendor").write_text(vendor + "\n")
    assert facts(root)["virtualization"]["kind"] == kind


@pytest.mark.parametrize(
    ("path", "text", "emulated"),
    [
        ("proc/sys/kernel/arch", "x86_64\n", True),
        ("proc/sys/kernel/arch", "aarch64\n", False),
        ("proc/cpuinfo", "vendor_id : GenuineIntel\nmodel name : QEMU TCG CPU version 2.5+\n", True),
        ("proc/cpuinfo", "vendor_id : VirtualApple\n", True),
        ("sys/class/dmi/id/product_name", "QEMU Virtual Machine\n", True),
        ("sys/class/dmi/id/product_name", "KVM Virtual Machine\n", False),
    ],
)
def test_emulators_are_told(machine, path, text, emulated):
    root = machine("rk3588")
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)
    assert facts(root)["cpu"]["emulated"] is emulated


def test_midr_names_the_core_where_cpuinfo_does_not(machine):
    root = machine("raspberry-pi-4")
    place = root / "sys/devices/system/cpu/cpu0/regs/identification"
    place.mkdir(parents=True)
    (place / "midr_el1").write_text("0x00000000414fd0b1\n")
    (root / "proc/device-tree/model").unlink()
    text = (root / "proc/cpuinfo").read_text().replace("CPU part", "hidden")
    (root / "proc/cpuinfo").write_text(text.replace("CPU implementer", "CPU implementer\t: 0x41\nhidden", 1))
    assert facts(root)["cpu"]["model"] == "Cortex-A76"
