"""What a device has of a depot, and whether it is whole: without reading gigabytes each time.

A file that was hashed once is known by its modification time, size and inode (`verified.json`). So a file that was
replaced, truncated or written to is seen at once; bits that turn on the medium by themselves are seen by the installer,
which checks every hash once more. Without `verified.json` everything is hashed again.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Any, Optional

from ..errors import DnnreadyError
from ..files import read_json, sha256_file, write_json
from .manifest import Entry

FILE = "verified.json"


class Cache:
    """The files below one directory, `<prefix>/depot`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known = _read(root / FILE)
        self._saved = dict(self._known)

    def path(self, entry: Entry) -> Path:
        """Where a file of the depot is, or belongs."""
        return self._root / entry.path

    def whole(self, entry: Entry) -> bool:
        """Whether a file of the manifest is there as it must be."""
        status = _status(self.path(entry))
        return status is not None and status.st_size == entry.bytes and self.digest(self.path(entry)) == entry.sha256

    def digest(self, path: Path) -> str:
        """The SHA-256 of a regular file, remembered from the last time or computed now; empty where there is none."""
        status = _status(path)
        if status is None:
            return ""
        name = os.path.relpath(path, self._root)
        stamp = [status.st_mtime_ns, status.st_size, status.st_ino]
        known = self._known.get(name)
        if known is not None and known[1:] == stamp:
            return str(known[0])
        try:
            found = sha256_file(path)
        except OSError:  # unreadable is as good as damaged
            return ""
        self._known[name] = [found, *stamp]
        return found

    def learn(self, entry: Entry) -> None:
        """A file of the manifest was hashed on its way and has its name now."""
        status = os.lstat(self.path(entry))
        self._known[entry.path] = [entry.sha256, status.st_mtime_ns, status.st_size, status.st_ino]

    def save(self) -> None:
        """Remember for the next time; what is no longer there is forgotten.

        Where it cannot be written (a full disk has been said by then), the next run hashes again.
        """
        kept = {name: known for name, known in self._known.items() if _status(self._root / name) is not None}
        if kept != self._saved:
            with contextlib.suppress(DnnreadyError):
                write_json(self._root / FILE, kept)
                self._saved = kept


def _status(path: Path) -> Optional[os.stat_result]:
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _read(path: Path) -> dict[str, list[Any]]:
    try:
        document = read_json(path)
    except DnnreadyError:
        return {}
    items = document.items() if isinstance(document, dict) else ()
    length = 4
    return {name: known for name, known in items if isinstance(known, list) and len(known) == length}
