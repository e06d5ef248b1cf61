"""Files that other releases of this host have too are on the disk once."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import DnnreadyError
from .clone import Cloner
from .distributions import directories, inside, read_record
from .neighbours import Neighbour

#: Below a block of the file system nothing is saved but an inode.
SMALLEST = 4096
_PIECE = 1 << 20


def share(venv: Path, packages: Path, others: Sequence[Neighbour]) -> tuple[int, int]:
    """Replace what other releases have at the same place, byte by byte the same, by links; how many files and bytes.

    RECORD says what may be the same, and the bytes are compared. Every file is whole at any moment. What cannot be
    linked stays as it is.
    """
    cloner, files, size = Cloner(), 0, 0
    wanted = {(path, digest): count for path, digest, count in _recorded(venv, packages)}
    for other in others:
        if not wanted:
            break
        for path, digest, _ in _recorded(other.venv, other.packages):
            count = wanted.get((path, digest))
            source, target = os.path.join(other.venv, path), os.path.join(venv, path)
            if count is None or not _alike(source, target):
                continue
            try:
                cloner.replace(source, target)
            except OSError:
                continue
            files, size = files + 1, size + count
            del wanted[(path, digest)]
    return files, size


def _recorded(venv: Path, packages: Path) -> Iterator[tuple[str, str, int]]:
    """Path from the venv on, digest and size of every listed file that is worth it."""
    try:
        infos = [info for _, info in directories(packages).values()]
    except OSError:
        return
    for info in infos:
        try:
            entries = read_record(packages, info)
        except DnnreadyError:
            continue
        for entry in entries:
            if entry.digest and entry.size is not None and entry.size >= SMALLEST:
                place = inside(str(packages), str(venv), entry.path)
                if place is not None:
                    yield os.path.relpath(place, venv), entry.digest, entry.size


def _alike(first: str, second: str) -> bool:
    """Whether two files are two, with the same owner, mode and bytes, on one file system."""
    try:
        one, two = os.lstat(first), os.lstat(second)
        if (one.st_dev, one.st_ino) == (two.st_dev, two.st_ino) or not stat.S_ISREG(one.st_mode & two.st_mode):
            return False
        if any(
            getattr(one, name) != getattr(two, name) for name in ("st_dev", "st_mode", "st_uid", "st_gid", "st_size")
        ):
            return False
        with open(first, "rb") as here, open(second, "rb") as there:
            while True:
                piece = here.read(_PIECE)
                if piece != there.read(_PIECE):
                    return False
                if not piece:
                    return True
    except OSError:
        return False
