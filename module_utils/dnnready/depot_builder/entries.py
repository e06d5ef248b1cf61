"""What the manifest says of wheels, packages, locks and of the files that are written here."""

from __future__ import annotations

from ..depot.manifest import SBOM, Entry, LockEntry
from ..files import sha256_text
from .selection import Chosen, Wheel
from .stanza import Package

#: Debian's names of architectures, and those of the manifest.
ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64", "all": "any"}


def of_text(path: str, text: str) -> Entry:
    """An index (its directory ends with its architecture) or the bill of materials."""
    directory = path.rpartition("/")[0]
    return Entry(
        path=path,
        bytes=len(text.encode()),
        sha256=sha256_text(text),
        kind="sbom" if path == SBOM else "index",
        name="",
        version="",
        architecture="any" if path == SBOM else ARCHITECTURES[directory.rpartition("-")[2]],
        stacks=(),
    )


def of_wheel(wheel: Wheel) -> Entry:
    """A wheel of a lock."""
    one = wheel.requirement
    return Entry(
        path=wheel.path,
        bytes=one.size or 0,
        sha256=wheel.sha256,
        kind="wheel",
        name=one.name,
        version=one.version,
        architecture=wheel.architecture,
        stacks=wheel.stacks,
    )


def of_package(directory: str, package: Package) -> Entry:
    """A package of the flat repository in `directory`."""
    return Entry(
        path=f"{directory}/{package.file}",
        bytes=package.bytes,
        sha256=package.sha256,
        kind="package",
        name=package.name,
        version=package.version,
        architecture=ARCHITECTURES[package.architecture],
        stacks=(),
    )


def of_lock(lock: Chosen) -> LockEntry:
    """A lock and its wheels."""
    return LockEntry(
        set=lock.stack,
        python=lock.tag,
        architecture=lock.architecture,
        glibc=lock.glibc,
        sha256=lock.sha256,
        files=tuple(f"wheels/{one.wheel}" for one in lock.requirements),
    )
