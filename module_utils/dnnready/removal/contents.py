"""What lies below a prefix: what dnnready makes there, and what somebody else put there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .. import footprint
from ..release.identity import IDENTIFIER, STACK
from ..release.store import ASIDE, TRASH

#: By directory, the names that dnnready gives. `.<name>.*` are files on their way to such a name.
_OWN = {
    "": (footprint.NAME,),
    "bin": ("dnnready", "ansible_tmp"),
    "facts.d": ("dnnready.fact",),
    "tools": ("uv",),
    "watch": ("state.json", ".lock"),
    "pull": (
        *("settings.json", "variables.json", "inventory.json", "git.config", "signers", "revoked", "known_hosts"),
        *(
            "program",
            "repository",
            "trees",
            "current",
            "state.json",
            "run.json",
            "log",
            "tmp",
            "home",
            "stacks",
            ".lock",
        ),
    ),
    "depot": (
        "manifest.json",
        "manifest.json.sig",
        "accepted.json",
        "verified.json",
        "sbom.cdx.json",
        "signers",
        "revoked",
        "wheels",
        "apt",
        "project",
        "incoming",
        ".lock",
    ),
}
_STACK = ("releases", "current", "previous", "progress.json", "switch.json", "gate.json", "failed")
#: What the last step of a removal takes: without it nobody would know how to go on after a cut.
LAST = (footprint.NAME, footprint.LOCK)


@dataclass(frozen=True)
class Contents:
    """Paths below a prefix; without the releases of stacks, which have their own way out."""

    stacks: tuple[str, ...]
    own: tuple[Path, ...]  #: files and whole directories
    frame: tuple[Path, ...]  #: directories that go where they are empty, the innermost first
    foreign: tuple[Path, ...]


def look(prefix: Path) -> Contents:
    """Sort what is below a prefix. Only the directories that dnnready shares with others are looked through."""
    own: list[Path] = []
    foreign: list[Path] = []
    for directory, names in _OWN.items():
        for entry in _entries(prefix / directory):
            if directory == "" and (entry.name in LAST or entry.name in (*_OWN, "stacks")):
                continue
            (own if _named(entry.name, names) else foreign).append(entry)
    stacks = []
    for entry in _entries(prefix / "stacks"):
        if STACK.match(entry.name) and entry.is_dir():
            strays = foreign_in_stack(entry)
            foreign += strays
            if not strays or in_stack(entry) or in_releases(entry / "releases"):
                stacks.append(entry.name)
        elif not (entry.name.startswith(".") and entry.name.endswith(".lock")):
            foreign.append(entry)
    frame = [prefix / name for name in (*_OWN, "stacks") if name and (prefix / name).is_dir()]
    return Contents(tuple(stacks), tuple(own), tuple(frame), tuple(foreign))


def locks(prefix: Path) -> list[Path]:
    """The lock files of stacks, which outlive them where a run was cut."""
    return [
        entry for entry in _entries(prefix / "stacks") if entry.name.startswith(".") and entry.name.endswith(".lock")
    ]


def in_stack(root: Path) -> list[Path]:
    """What dnnready made in the directory of a stack, the releases apart."""
    return [entry for entry in _entries(root) if _named(entry.name, _STACK) and entry.name != "releases"]


def in_releases(releases: Path) -> list[Path]:
    """The releases of a stack, finished or not, and what is on its way in or out."""
    return [entry for entry in _entries(releases) if _release(entry.name)]


def foreign_in_stack(root: Path) -> list[Path]:
    """What somebody else put into the directory of a stack. Releases are dnnready's with all that is in them."""
    strays = [entry for entry in _entries(root) if not _named(entry.name, _STACK)]
    return strays + [entry for entry in _entries(root / "releases") if not _release(entry.name)]


def empty_without(directory: Path, gone: set[str]) -> bool:
    """Whether nothing would be in a directory once what is in `gone` is not there any more."""
    return directory.is_dir() and not directory.is_symlink() and all(str(one) in gone for one in _entries(directory))


def _release(name: str) -> bool:
    return bool(IDENTIFIER.match(name)) or name.startswith((ASIDE, TRASH))


def _named(name: str, names: tuple[str, ...]) -> bool:
    return name in names or any(name.startswith(f".{one}") for one in names) or name.startswith(TRASH)


def _entries(directory: Path) -> list[Path]:
    return sorted(_listed(directory))


def _listed(directory: Path) -> Iterator[Path]:
    try:
        names = os.listdir(directory)
    except OSError:
        return
    for name in names:
        yield directory / name
