"""Wheels of a few bytes, made by hand, and locks for them."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Optional


class Wheel(NamedTuple):
    """A file that was made."""

    name: str
    version: str
    path: Path
    sha256: str


def make_wheel(
    directory: Path,
    name: str,
    version: str = "1.0",
    *,
    tag: str = "py3-none-any",
    requires: Sequence[str] = (),
    content: Optional[Mapping[str, bytes]] = None,
) -> Wheel:
    """A valid wheel with one module, and whatever `content` adds by path."""
    directory.mkdir(parents=True, exist_ok=True)
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"]
    files = {
        f"{name.replace('-', '_')}.py": f"VERSION = {version!r}\n".encode(),
        **(content or {}),
        f"{info}/METADATA": "".join([*metadata, *(f"Requires-Dist: {one}\n" for one in requires)]).encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
    }
    record = "".join(f"{path},{_digest(data)},{len(data)}\n" for path, data in files.items())
    path = directory / f"{stem}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inside, data in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n".encode()}.items():
            archive.writestr(zipfile.ZipInfo(inside), data)
    return Wheel(name, version, path, hashlib.sha256(path.read_bytes()).hexdigest())


def lock_of(*wheels: Wheel, header: str = "") -> str:
    """The text of a lock for wheels."""
    lines = [header] if header else []
    for wheel in wheels:
        lines += [f"# {wheel.path.name} {wheel.path.stat().st_size}", f"{wheel.name}=={wheel.version} \\"]
        lines += [f"    --hash=sha256:{wheel.sha256}"]
    return "\n".join(lines) + "\n"


def _digest(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
