"""Which locks there are: by set, for the plan on the controller."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import DnnreadyError
from .lock import Lock, describe


def entry(path: Path) -> dict[str, Any]:
    """What a plan needs to know of one lock file."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DnnreadyError(f"Cannot read the requirements {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DnnreadyError(f"Cannot read the requirements {path}: it is not UTF-8 text.") from error
    lock: Lock = _described(text, os.path.normpath(path))
    return {
        "tag": lock.tag,
        "architecture": lock.architecture,
        "glibc": lock.glibc,
        "path": str(path),
        "sha256": lock.sha256,
        "download_bytes": lock.download_bytes,
    }


#: Kept by content: Ansible's workers begin with what its main process has read.
_described = functools.lru_cache(maxsize=1024)(describe)


def find(directories: Sequence[Path], files: Mapping[str, Path]) -> dict[str, list[dict[str, Any]]]:
    """All locks by set: those in `<directory>/<set>/*.txt`, then single requirements `files` by name.

    Of two locks of one set for the same Python and architecture the earlier directory's counts, so that a user's own
    can come first; a name in `files` replaces a set. Raises DnnreadyError for a directory that is missing and a file
    that is no lock.
    """
    found: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
    for directory in directories:
        if not directory.is_dir():
            raise DnnreadyError(f"The lock directory {directory} does not exist.", "Correct dnnready_lock_directories.")
        for path in sorted(directory.glob("*/*.txt")):
            lock = entry(path)
            found.setdefault(path.parent.name, {}).setdefault((lock["tag"], lock["architecture"]), lock)
    sets = {name: list(locks.values()) for name, locks in found.items()}
    return {**sets, **{name: [entry(path)] for name, path in files.items()}}
