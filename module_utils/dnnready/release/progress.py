"""How far a build is, in a small file that others may read at any moment."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Optional

from .lock import Lock

_MEGABYTE = 10**6
#: Seconds between two looks at what the installer has written.
EVERY = 1.0


class Progress:
    """Watches an installation and writes what it sees: a context manager around the whole build.

    The document: phase (preparing, seeding, downloading, installing, finishing), done and total (wheels), bytes and
    total_bytes (downloaded; bytes null with uv, which unpacks what it downloads; total null where the lock does not
    know), package, seconds. It is replaced by rename(2), without fsync: a reader never sees half of it, and after a
    power cut it is worth nothing anyway.
    """

    def __init__(self, path: Path, lock: Optional[Lock]) -> None:
        requirements = lock.requirements if lock else ()
        self._path = path
        self._sizes = {item.wheel: item.size or 0 for item in requirements}
        self._document: dict[str, Any] = {
            "phase": "preparing",
            "done": 0,
            "total": len(requirements),
            "bytes": 0,
            "total_bytes": lock.download_bytes if lock else None,
            "package": "",
        }
        self._started = time.monotonic()
        self._seen: list[str] = []
        self._temporary: Optional[Path] = None
        self._packages: Optional[Path] = None
        self._unpacked: Optional[Path] = None
        self._before: frozenset[str] = frozenset()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Progress:
        self._write()
        self._thread.start()
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._end.set()
        self._thread.join()
        with contextlib.suppress(OSError):
            self._path.unlink()

    def phase(self, name: str) -> None:
        """Enter the next phase."""
        self._document["phase"] = name
        self._document["package"] = ""
        self._write()

    def watch(self, temporary: Path, packages: Path, unpacked: Optional[Path] = None) -> None:
        """Say where the installer puts what it downloads, and where it installs to.

        `unpacked`: the directory that has one entry for every wheel that uv has downloaded and unpacked.
        """
        self._temporary, self._packages, self._unpacked = temporary, packages, unpacked
        self._before = _installed(packages)
        self._document["total"] -= len(self._before)
        if unpacked:
            self._document["bytes"] = None
        self.phase("downloading")

    def line(self, text: str) -> None:
        """Take in one line of the installer's output."""
        words = text.split()
        if not words:
            return
        if words[0] == "Collecting" and len(words) > 1:
            self._document["package"] = words[1].split("==")[0]
        elif text.startswith(("Installing collected packages", "Prepared ")):
            self.phase("installing")
        elif words[0] in ("Downloading", "Using", "Processing"):
            wheel = next((os.path.basename(word) for word in words if word.endswith(".whl")), "")
            if wheel and wheel not in self._seen:
                self._seen.append(wheel)

    def _watch(self) -> None:
        while not self._end.wait(EVERY):
            self._measure()
            self._write()

    def _measure(self) -> None:
        if self._document["phase"] == "downloading" and self._unpacked is not None:
            with contextlib.suppress(OSError):
                self._document["done"] = len(os.listdir(self._unpacked))
        elif self._document["phase"] == "downloading" and self._temporary is not None:
            complete = self._seen[:-1]
            known = sum(self._sizes.get(wheel, 0) for wheel in complete)
            self._document["done"] = len(complete)
            self._document["bytes"] = max(known, _size(self._temporary), self._document["bytes"])
        elif self._document["phase"] == "installing" and self._packages is not None:
            self._document["done"] = len(_installed(self._packages) - self._before)
            if self._unpacked is None:
                self._document["bytes"] = self._document["total_bytes"] or self._document["bytes"]

    def _write(self) -> None:
        document = {**self._document, "seconds": round(time.monotonic() - self._started)}
        temporary = self._path.with_name(f".{self._path.name}")
        # Progress is a courtesy: a full disk is the installer's to report.
        with contextlib.suppress(OSError):
            temporary.write_text(json.dumps(document), encoding="utf-8")
            os.replace(temporary, self._path)


def words(document: Mapping[str, Any]) -> str:
    """A progress document in one line: `downloading 12 of 42 wheels, 310 of 552 MB, 35 s`; empty for an empty one."""
    if not document:
        return ""
    parts = [str(document.get("phase", ""))]
    if document.get("phase") in ("downloading", "installing") and document.get("total"):
        parts[0] += f" {document.get('done')} of {document['total']} wheels"
    if document.get("phase") == "downloading" and document.get("bytes") is not None:
        amount = f"{document['bytes'] // _MEGABYTE}"
        total = document.get("total_bytes")
        parts.append(f"{amount} of {total // _MEGABYTE} MB" if total else f"{amount} MB")
    parts.append(f"{document.get('seconds')} s")
    return ", ".join(parts)


def _installed(packages: Path) -> frozenset[str]:
    """The distributions in a site-packages directory, as name-version."""
    with contextlib.suppress(OSError):
        return frozenset(name for name in os.listdir(packages) if name.endswith(".dist-info"))
    return frozenset()


def _size(directory: Path) -> int:
    """The bytes of all files below a directory; files may vanish meanwhile."""
    total = 0
    for root, _, names in os.walk(directory):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(root, name)).st_size
    return total
