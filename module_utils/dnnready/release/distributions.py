"""The distributions in a site-packages directory, and the files that each of them lists in its RECORD."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, Optional

from ..errors import DnnreadyError
from .lock import normalize

_INFO = re.compile(r"(.+)-([^-]+)\.dist-info")


class Entry(NamedTuple):
    """One line of a RECORD (PyPA: recording installed projects)."""

    path: str  #: from site-packages on, with slashes
    digest: str  #: "sha256=…" as RECORD spells it, "" for RECORD itself and bytecode
    size: Optional[int]


def installed(packages: Path) -> list[dict[str, str]]:
    """Name and version of every distribution in a site-packages directory, sorted by name.

    Read from the directories' names (`torch-2.13.0+cpu.dist-info`), as pip does.
    """
    found = [{"name": name, "version": version} for name, (version, _) in directories(packages).items()]
    return sorted(found, key=lambda item: item["name"])


def directories(packages: Path) -> dict[str, tuple[str, str]]:
    """Version and `.dist-info` directory by normalized name."""
    matches = (_INFO.fullmatch(entry) for entry in os.listdir(packages))
    return {normalize(match.group(1)): (match.group(2), match.group(0)) for match in matches if match}


def read_record(packages: Path, info: str) -> list[Entry]:
    """The files of a distribution; DnnreadyError where its RECORD cannot be read."""
    path = packages / info / "RECORD"
    try:
        with open(path, encoding="utf-8", newline="") as stream:
            return [Entry(row[0], row[1], int(row[2]) if row[2] else None) for row in csv.reader(stream) if row]
    except (OSError, UnicodeDecodeError, csv.Error, ValueError, IndexError) as error:
        raise DnnreadyError(f"{path} cannot be read: {error}.") from error


def render_record(entries: Iterable[Entry]) -> str:
    """The text of a RECORD."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows((entry.path, entry.digest, "" if entry.size is None else entry.size) for entry in entries)
    return text.getvalue()


def inside(packages: str, venv: str, path: str) -> Optional[str]:
    """Where a path of a RECORD is; None where that is not below the venv."""
    place = os.path.normpath(os.path.join(packages, path))
    return place if place.startswith(f"{venv}{os.sep}") else None


def digest_of(path: str) -> str:
    """The SHA-256 of a file as RECORD spells it."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        for piece in iter(lambda: stream.read(1 << 20), b""):
            digest.update(piece)
    return _spelled(digest.digest())


def digest_of_bytes(data: bytes) -> str:
    """The SHA-256 of bytes as RECORD spells it."""
    return _spelled(hashlib.sha256(data).digest())


def _spelled(digest: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
