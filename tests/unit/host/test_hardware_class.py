"""Which hosts are of one class, and what its name is."""

import copy

import pytest

from dnnready.host import collect
from dnnready.host.hardware_class import hardware_class, memory_class, short_model

GIB = 1 << 30
HOST = {
    "cpu": {
        "architecture": "x86_64", "vendor": "GenuineIntel", "model": "Intel(R) Core(TM) i5-8250U CPU @ 1.60GHz",
        "isa": "avx2", "flags": ["avx", "fma", "avx2"], "emulated": False,
    },
    "cores": {"effective": 4, "online": 8, "threads_per_core": 2, "numa_nodes": 1, "quota": None, "affinity": [0]},
    "memory": {"total_bytes": 8225964032, "limit_bytes": None, "available_bytes": 1},
    "unknown": [],
}  # fmt: skip


def changed(path, value):
    host = copy.deepcopy(HOST)
    part, key = path.split(".")
    host[part][key] = value
    return host


def test_a_class_has_a_digest_and_a_name():
    found = hardware_class(HOST)
    assert found["name"] == "Intel Core i5-8250U, 4 cores, 8 GiB, avx2"
    assert found["certain"] is True
    assert found["id"] == "3107a3337942"  # kept in earlier pages: a change makes every host one of another class


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("memory.total_bytes", 8225964032 - 3_000_000),  # the kernel of another version keeps more
        ("memory.limit_bytes", 64 * GIB),  # a limit above what there is
        ("cpu.flags", ["fma", "avx2", "avx"]),
        ("cpu.model", "Intel(R) Core(TM)  i5-8250U CPU @ 1.60GHz "),
        ("cores.online", 4),
        ("cores.affinity", [3]),
        ("memory.available_bytes", 7),
    ],
)
def test_siblings_are_of_one_class(path, value):
    assert hardware_class(changed(path, value))["id"] == hardware_class(HOST)["id"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("cpu.architecture", "aarch64"),
        ("cpu.vendor", "AuthenticAMD"),
        ("cpu.model", "Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz"),
        ("cpu.isa", "avx2_vnni"),
        ("cpu.flags", ["avx", "fma", "avx2", "f16c"]),
        ("cpu.emulated", True),
        ("cores.effective", 2),
        ("cores.threads_per_core", 1),
        ("cores.numa_nodes", 2),
        ("memory.total_bytes", 16 * GIB),
        ("memory.limit_bytes", 2 * GIB),
    ],
)
def test_what_decides_speed_or_kernels_makes_another_class(path, value):
    assert hardware_class(changed(path, value))["id"] != hardware_class(HOST)["id"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("cpu.architecture", ""), ("cpu.model", ""), ("cpu.isa", ""), ("cpu.flags", []), ("cpu.emulated", None),
        ("memory.total_bytes", None),
    ],
)  # fmt: skip
def test_a_part_that_is_not_known_makes_no_siblings(path, value):
    assert hardware_class(changed(path, value))["certain"] is False


@pytest.mark.parametrize(
    ("what", "certain"),
    [("cpu.flags", False), ("cores.quota", False), ("memory.limit_bytes", False), ("gpu.devices", True)],
)
def test_a_doubt_about_a_part_is_a_doubt_about_the_class(what, certain):
    host = {**HOST, "unknown": [{"what": what, "why": "cannot be read"}]}
    assert hardware_class(host)["certain"] is certain


@pytest.mark.parametrize(
    ("total", "limit", "size"),
    [
        (None, None, None),
        (0, None, None),
        (100 << 20, None, 0.5),
        (512 << 20, None, 0.5),
        ((512 << 20) + 1, None, 0.75),
        (925 << 20, None, 1),
        (GIB, None, 1),
        (1.4 * GIB, None, 1.5),
        (3.7 * GIB, None, 4),
        (5.6 * GIB, None, 6),
        (25276510208, None, 24),
        (25276510208, 2 * GIB, 2),
        (None, 2 * GIB, 2),
        (2 * GIB, 25276510208, 2),
        (500 * GIB, None, 512),
        (700 * GIB, None, 768),
    ],
)
def test_memory_is_as_it_is_sold(total, limit, size):
    assert memory_class(total, limit) == size


@pytest.mark.parametrize(
    ("model", "short"),
    [
        ("", ""),
        ("Intel(R) Xeon(R) Processor", "Intel Xeon"),
        ("Intel(R) Celeron(R) J4125 CPU @ 2.00GHz", "Intel Celeron J4125"),
        ("AMD EPYC 7763 64-Core Processor", "AMD EPYC 7763"),
        ("Cortex-A72, Raspberry Pi 4 Model B Rev 1.4", "Cortex-A72, Raspberry Pi 4 Model B Rev 1.4"),
    ],
)
def test_a_model_without_what_all_carry(model, short):
    assert short_model(model) == short


def test_every_captured_machine_has_a_class(any_machine):
    host = collect("/opt/dnnready", [], any_machine, environment={})
    found = hardware_class(host)
    assert found["name"] and len(found["id"]) == 12
    assert found["certain"] is False  # nothing could be executed on a copy
