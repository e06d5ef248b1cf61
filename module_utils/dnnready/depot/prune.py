"""What a device has of a depot and needs no more; what a run that was ended left."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from .cache import Cache
from .manifest import Entry, Manifest, Repository

_HASH = re.compile(r"sha256:([0-9a-f]{64})")
SCRATCH = ".scratch-"


def wheels(root: Path, needed: Iterable[Entry], cache: Cache) -> list[Path]:
    """The wheels that neither `needed` nor the lock of any release on disk names, by their digests."""
    names = {Path(entry.path).name for entry in needed}
    spare = [path for path in _files(root / "wheels", ".whl") if path.name not in names]
    if not spare:
        return []
    pinned = set(_pinned(root.parent))
    return [path for path in spare if cache.digest(path) not in pinned]


def packages(root: Path, repository: Repository, manifest: Manifest) -> list[Path]:
    """The .deb files that are not in the repository any more."""
    there = manifest.entries()
    return [path for path in _files(root / repository.path, ".deb") if f"{repository.path}/{path.name}" not in there]


def leftovers(root: Path, prefix: Path) -> None:
    """Remove what a run that was killed left under temporary names; what it was fetching stays, to be continued."""
    places = [
        root,
        root / "wheels",
        root / "project",
        *_directories(root / "apt"),
        *_directories(prefix / "tools" / "uv"),
    ]
    for place in places:
        for path in place.iterdir() if place.is_dir() else ():
            if path.name.startswith(SCRATCH):
                shutil.rmtree(path, ignore_errors=True)
            elif path.name.startswith(".") and path.name != ".lock" and path.is_file():
                path.unlink()


def remove(path: Path) -> None:
    """Remove a file, or a directory with what is in it; no error where it is gone."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _pinned(prefix: Path) -> Iterator[str]:
    """The hashes in the locks of all releases on disk."""
    for path in prefix.glob("stacks/*/releases/*/requirements.txt"):
        yield from _HASH.findall(path.read_text(encoding="utf-8", errors="replace"))


def _files(directory: Path, suffix: str) -> list[Path]:
    found = sorted(directory.iterdir()) if directory.is_dir() else []
    return [path for path in found if path.name.endswith(suffix) and not path.name.startswith(".")]


def _directories(directory: Path) -> list[Path]:
    return [path for path in directory.iterdir() if path.is_dir()] if directory.is_dir() else []
