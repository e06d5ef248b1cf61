"""A host that can run everything; tests spoil one fact of it."""

import copy

import pytest

GIB = 1 << 30
DISK = {
    "path": "/opt/dnnready", "mount": "/", "filesystem": "ext4", "free_bytes": 100 * GIB, "free_inodes": 10_000_000,
    "noexec": False, "read_only": False, "writable": True,
}  # fmt: skip
PYTHON = {
    "path": "/usr/bin/python3.11", "aliases": ["/usr/bin/python3"], "version": "3.11.2", "tag": "cp311",
    "implementation": "CPython", "bits": 64, "venv": True, "externally_managed": True, "shared": True,
}  # fmt: skip
HOST = {
    "schema": "dnnready/host/1",
    "target": "/opt/dnnready",
    "cpu": {
        "architecture": "x86_64", "vendor": "GenuineIntel", "model": "Intel(R) Core(TM) i5-8250U CPU @ 1.60GHz",
        "level": "x86-64-v3", "flags": ["sse4_1", "sse4_2", "avx", "avx2", "fma"], "isa": "avx2", "emulated": False,
    },
    "cores": {
        "effective": 4, "online": 4, "affinity": [0, 1, 2, 3], "quota": None, "physical": 4, "threads_per_core": 1,
        "numa_nodes": 1,
    },
    "libc": {"name": "glibc", "version": "2.36"},
    "libstdcxx": {"path": "/lib/x86_64-linux-gnu/libstdc++.so.6", "glibcxx": "3.4.30"},
    "os": {"id": "debian", "version_id": "12", "codename": "bookworm", "kernel": "6.1.0-25-amd64"},
    "python": [PYTHON],
    "memory": {
        "total_bytes": 8 * GIB, "available_bytes": 6 * GIB, "limit_bytes": None, "address_space_bytes": None,
    },
    "disk": {"target": DISK, "temporary": {**DISK, "path": "/tmp"}},
    "limits": {"processes": 31339, "open_files": 1024, "locked_bytes": 8 << 20, "stack_bytes": 8 << 20},
    "wx": {"allowed": True},
    "kernel_files": {"proc": True, "sys_cpu": True},
    "virtualization": {"kind": "none", "container": None},
    "gpu": {"devices": [], "nvidia_driver": None},
    "packages": {"manager": "dpkg", "installed": {"libstdc++6": "12.2.0-14"}, "missing": []},
    "user": {"uid": 1000, "name": "alice", "home": "/home/alice", "data_home": "/home/alice/.local/share"},
    "program": {"path": "/opt/dnnready/bin/dnnready", "sha256": None},
    "stacks": {},
    "unknown": [],
}  # fmt: skip
TENSORFLOW = {
    "name": "tensorflow", "title": "TensorFlow", "source": "wheel", "locks": "tensorflow", "packages": {},
    "system_packages": ["libstdc++6"], "probes": ["tensorflow"], "options": {"onednn_convolution": "required"},
    "needs": {
        "architectures": ["x86_64"], "cpu_flags": ["avx"], "memory_bytes": 768 << 20, "installed_bytes": 2 * GIB,
    },
}  # fmt: skip
PYTORCH = {
    "name": "pytorch", "title": "PyTorch", "source": "wheel", "locks": "pytorch",
    "packages": {"bookworm": ["python3-torch"], "trixie": ["python3-torch"]}, "system_packages": ["libstdc++6"],
    "probes": ["pytorch"], "options": {},
    "needs": {"architectures": ["x86_64", "aarch64"], "memory_bytes": 512 << 20, "installed_bytes": 1 * GIB},
}  # fmt: skip
MKL = {
    "name": "mkl", "title": "Intel MKL", "source": "wheel", "locks": "mkl", "packages": {}, "system_packages": [],
    "probes": ["mkl"], "options": {}, "needs": {"memory_bytes": 256 << 20, "installed_bytes": GIB // 2},
}  # fmt: skip
LOCK = {"tag": "cp311", "architecture": "x86_64", "glibc": "2.28", "path": "locks/x", "sha256": "0" * 64}


def changed(document, changes):
    """A copy of a document with the facts at dotted paths replaced."""
    result = copy.deepcopy(document)
    for path, value in changes.items():
        place = result
        *parents, last = path.split(".")
        for key in parents:
            place = place[key]
        place[last] = value
    return result


@pytest.fixture
def host():
    """Makes the host with some facts changed."""
    return lambda changes=(): changed(HOST, dict(changes))
