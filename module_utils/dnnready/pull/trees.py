"""The trees of the project: the one that is current, and the one that is tried beside it."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from ..files import fsync_directory
from ..release.store import flush
from .archive import unpack

_INCOMING = ".incoming"
LINK = "current"


def current(root: Path) -> str:
    """The revision of the tree that is current; empty where none is."""
    try:
        directory, _, name = os.readlink(root / LINK).rpartition("/")
    except OSError:
        return ""
    return name if directory == "trees" and (root / "trees" / name).is_dir() else ""


def prepare(root: Path, revision: str, archive: Path) -> Path:
    """The tree of a revision, beside the current one: whole under its name, or not there."""
    tree, incoming = root / "trees" / revision, root / "trees" / _INCOMING
    if tree.is_dir():
        return tree
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir(parents=True)
    unpack(archive, incoming)
    flush(incoming)
    os.rename(incoming, tree)
    fsync_directory(tree.parent)
    return tree


def switch(root: Path, revision: str) -> None:
    """Make a tree current by rename(2), and remove the others."""
    temporary = root / f".{LINK}.{os.getpid()}"
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    temporary.symlink_to(f"trees/{revision}")
    os.replace(temporary, root / LINK)
    fsync_directory(root)
    sweep(root)


def sweep(root: Path) -> None:
    """Remove every tree but the current one, and what a run that was killed left on its way."""
    keep = current(root)
    with contextlib.suppress(OSError):
        for path in (root / "trees").iterdir():
            if path.name != keep:
                shutil.rmtree(path, ignore_errors=True)
    for left in root.glob(f".{LINK}.*"):
        left.unlink(missing_ok=True)
