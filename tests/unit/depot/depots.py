"""Small depots: real files, a real manifest, a real signature."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dnnready.depot.checked import timestamp
from dnnready.depot.manifest import FILE, Entry, LockEntry, Manifest, Repository
from dnnready.depot.signature import sign

PYTORCH, ONEDNN, UV = ("1" * 64, "2" * 64, "3" * 64)
TORCH = "wheels/torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"
NUMPY = "wheels/numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl"
DNNL = "wheels/onednn_cpu_gomp-2023.2.0-py3-none-any.whl"


def key(directory: Path, name: str) -> Path:
    """A new key."""
    path = directory / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)], check=True)
    return path


def public(path: Path) -> str:
    return path.with_name(f"{path.name}.pub").read_text()


def noise(size: int, seed: str) -> bytes:
    return hashlib.shake_256(seed.encode()).digest(size)


@dataclass
class Made:
    """A depot in a directory."""

    directory: Path
    key: Path
    serial: int = 1000
    created: float = field(default_factory=lambda: float(int(time.time()) - 3600))
    days: float = 30.0
    files: dict[str, tuple[bytes, str, str, str]] = field(default_factory=dict)  #: content, kind, name, version
    locks: dict[str, tuple[str, Sequence[str]]] = field(default_factory=dict)
    repositories: list[Repository] = field(default_factory=list)

    def add(self, path: str, content: bytes, kind: str = "wheel", name: str = "x", version: str = "1") -> None:
        self.files[path] = (content, kind, name, version)

    def add_uv(self, version: str = "0.13.9", content: bytes = b"#!/bin/sh\necho uv\n") -> str:
        path = f"wheels/uv-{version}-py3-none-any.whl"
        file = self.directory / "uv.zip"
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(f"uv-{version}.data/scripts/uv", content)
        self.add(path, file.read_bytes(), name="uv", version=version)
        file.unlink()
        self.locks[UV] = ("uv", [path])
        return path

    def write(self) -> Manifest:
        """Write everything, and sign it."""
        entries = []
        for path, (content, kind, name, version) in self.files.items():
            file = self.directory / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            digest = hashlib.sha256(content).hexdigest()
            entries.append(Entry(path, len(content), digest, kind, name, version, "any", ("pytorch",)))
        manifest = Manifest(
            serial=self.serial,
            created=timestamp(self.created),
            expires=timestamp(self.created + self.days * 86400),
            files=tuple(entries),
            locks=tuple(
                LockEntry(name, "any", platform.machine(), "", digest, tuple(paths))
                for digest, (name, paths) in self.locks.items()
            ),
            repositories=tuple(self.repositories),
        )
        (self.directory / FILE).write_text(manifest.text())
        sign(self.directory / FILE, self.key)
        return manifest


def small(directory: Path, signing: Path, size: int = 300_000) -> Made:
    """A depot with two locks."""
    directory.mkdir(exist_ok=True)
    depot = Made(directory, signing)
    depot.add(TORCH, noise(size, "torch"), name="torch", version="2.13.0+cpu")
    depot.add(NUMPY, noise(size // 3, "numpy"), name="numpy", version="2.4.6")
    depot.add(DNNL, noise(size // 2, "dnnl"), name="onednn-cpu-gomp", version="2023.2.0")
    depot.locks = {PYTORCH: ("pytorch", [TORCH, NUMPY]), ONEDNN: ("onednn", [DNNL])}
    depot.write()
    return depot


def tree(root: Path) -> dict[str, tuple[int, int, bytes]]:
    """Everything below a directory: mode, inode, content."""
    found = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found[os.path.relpath(path, root)] = (status.st_mode, status.st_ino, content)
    return found
