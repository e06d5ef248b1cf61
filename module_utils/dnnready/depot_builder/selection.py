"""Which locks a depot serves, and which wheels they need."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DnnreadyError
from ..release.lock import Requirement, describe
from ..release.locks import find
from .wheels import Source

#: The lock set of the installer: every depot has it for its architectures.
INSTALLER = "uv"


@dataclass(frozen=True)
class Chosen:
    """A lock that devices shall find in the depot."""

    stack: str  #: name of the lock set
    tag: str  #: cp311, or any
    architecture: str
    glibc: str
    sha256: str
    index: str  #: asked where pip's own sources do not have a wheel
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True)
class Wheel:
    """A file of one or more locks."""

    requirement: Requirement
    architecture: str  #: of the machines that it is for: x86_64, aarch64 or any
    source: Source
    stacks: tuple[str, ...]

    @property
    def path(self) -> str:
        """Its place in the depot."""
        return f"wheels/{self.requirement.wheel}"

    @property
    def sha256(self) -> str:
        """The digest that the locks agree on."""
        return self.requirement.hashes[0].partition(":")[2]


def choose(
    directories: Sequence[Path],
    files: Mapping[str, Path],
    sets: Sequence[str],
    targets: Sequence[Mapping[str, Any]],
) -> list[Chosen]:
    """The locks of the wanted sets (none named: all) for the wanted targets (none: all), sorted.

    A target is {python: cp311, architecture: x86_64}; either may be left out, and then any will do. Raises
    DnnreadyError for a set that does not exist and a target that no lock serves.
    """
    found = find(directories, files)
    unknown = sorted(set(sets) - set(found))
    if unknown:
        raise DnnreadyError(
            f"There is no lock set {', '.join(unknown)}.", f"There are: {', '.join(sorted(found))}. Correct the sets."
        )
    names = sorted({*sets, *({INSTALLER} & set(found))} if sets else set(found))
    for target in targets:
        if not any(_serves(lock, target) for name in names if name != INSTALLER for lock in found[name]):
            words = " ".join(f"{key}={value}" for key, value in sorted(target.items()) if value)
            raise DnnreadyError(f"No lock serves the target {words}.", "Make one with `make lock`: docs/locks.md.")
    wanted = [
        _chosen(name, lock)
        for name in names
        for lock in found[name]
        if not targets or any(_serves(lock, target) for target in targets)
    ]
    machines = {lock.architecture for lock in wanted if lock.stack != INSTALLER}
    wanted = [lock for lock in wanted if lock.stack != INSTALLER or not machines or lock.architecture in machines]
    return sorted(wanted, key=lambda one: (one.stack, one.tag, one.architecture))


def _serves(lock: Mapping[str, Any], target: Mapping[str, Any]) -> bool:
    python, architecture = target.get("python") or "", target.get("architecture") or ""
    return (not python or lock["tag"] in (python, "any")) and (
        not architecture or lock["architecture"] in (architecture, "any")
    )


def _chosen(name: str, lock: Mapping[str, Any]) -> Chosen:
    path = Path(lock["path"])
    text = path.read_text(encoding="utf-8")
    described = describe(text, str(path))
    for one in described.requirements:
        sha256 = [value for value in one.hashes if value.startswith("sha256:")]
        if not one.wheel or one.size is None or len(one.hashes) != 1 or not sha256:
            raise DnnreadyError(
                f"{path}: {one.name} is not tied to one wheel with its size and one SHA-256.",
                "A depot lists its files before it fetches them. Make the lock with `make lock`: docs/locks.md.",
            )
    return Chosen(
        stack=name,
        tag=described.tag,
        architecture=described.architecture,
        glibc=described.glibc,
        sha256=described.sha256,
        index=_index(path),
        requirements=described.requirements,
    )


def _index(lock: Path) -> str:
    """The index that the .in file beside a lock names."""
    for source in sorted(lock.parent.glob("*.in")):
        found = re.search(r"\A# dnnready:.*\sindex=(\S+)", source.read_text(encoding="utf-8").split("\n", 1)[0])
        if found:
            return found.group(1)
    return ""


def wheels(locks: Iterable[Chosen]) -> list[Wheel]:
    """Every file of the locks once, sorted by path; DnnreadyError where two locks mean different files by one name."""
    found: dict[str, Wheel] = {}
    for lock in locks:
        for one in lock.requirements:
            before = found.get(one.wheel)
            if before and before.requirement.hashes != one.hashes:
                raise DnnreadyError(
                    f"{one.wheel}: the locks of {', '.join(before.stacks)} and {lock.stack} name different files.",
                    "Make one of them again with `make lock`.",
                )
            stacks = tuple(sorted({lock.stack, *(before.stacks if before else ())}))
            place = "any" if one.wheel.endswith("-any.whl") else lock.architecture
            # pip is asked for a target that takes the wheel: that of the first lock that has it.
            source = before.source if before else Source(lock.tag, lock.architecture, lock.index)
            found[one.wheel] = Wheel(one, place, source, stacks)
    return sorted(found.values(), key=lambda wheel: wheel.path)
