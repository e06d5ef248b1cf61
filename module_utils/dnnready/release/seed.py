"""Take distributions from other finished releases of this host instead of unpacking their wheels again.

A distribution is taken where the lock of the other release pins the same version, and every hash that it allowed is
allowed here too. Each of its files must be what its RECORD says, by size and SHA-256, so damage does not spread:
hashing everything costs 2 s of CPU for TensorFlow, shared objects alone 1.2 s, and pip some 40 s for its wheels.
Whatever is not as expected, vanishes meanwhile or cannot be linked makes a distribution one for the installer.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import DnnreadyError
from .clone import Cloner
from .distributions import directories
from .lock import Lock
from .neighbours import Neighbour
from .transfer import Transfer, UnfitError


@dataclass
class Taken:
    """What came from one release."""

    other: Neighbour
    distributions: list[str] = field(default_factory=list)
    files: int = 0
    size: int = 0

    def document(self) -> dict[str, Any]:
        """As the manifest has it."""
        return {
            "stack": self.other.stack,
            "id": self.other.identifier,
            "distributions": self.distributions,
            "files": self.files,
            "bytes": self.size,
        }


def seed(lock: Lock, venv: Path, packages: Path, others: Sequence[Neighbour]) -> tuple[list[Taken], list[str]]:
    """Fill a venv with what others have; what was taken from each, and a line about each distribution that was not fit.

    The release with the same lock is asked first, so that a changed environment takes everything from one place.
    """
    cloner, told = Cloner(), []
    ranked = sorted(others, key=lambda other: (other.lock.sha256 != lock.sha256, -len(_common(lock, other.lock))))
    missing = {requirement.name for requirement in lock.requirements}
    taken = []
    for other in ranked:
        offered = _common(lock, other.lock) & missing
        if not offered or not other.packages.is_dir():
            continue
        place = os.path.relpath(packages, venv)
        there, transfer, one = directories(other.packages), Transfer(cloner, other.venv, venv, place), Taken(other)
        for name in sorted(offered & there.keys()):  # a line whose marker does not hold is not there
            version, info = there[name]
            try:
                files, size = transfer.take(info)
            except (UnfitError, DnnreadyError, OSError) as error:
                told.append(f"{name} {version} is not taken from {other.stack} {other.identifier}: {error}")
                continue
            one.distributions.append(name)
            one.files, one.size = one.files + files, one.size + size
        missing -= set(one.distributions)
        if one.distributions:
            taken.append(one)
    return taken, told


def _common(lock: Lock, other: Lock) -> set[str]:
    """The names that both pin to one version, where the other allowed no file that this one does not."""
    pinned = {one.name: one for one in lock.requirements}
    return {
        one.name
        for one in other.requirements
        if one.name in pinned
        and one.version == pinned[one.name].version
        and set(one.hashes) <= set(pinned[one.name].hashes)
    }
