"""The installer uv, out of its wheel: <prefix>/tools/uv/<version>/uv."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import IO, Optional

from ..errors import DnnreadyError
from ..files import fsync_directory, read_json, write_json
from .cache import Cache
from .manifest import Entry, Manifest

SET = "uv"
#: Beside the program: which wheel it is from, and its own digest.
ORIGIN = "origin.json"
_VERSION = re.compile(r"[0-9][A-Za-z0-9.+!_]{0,60}\Z")
_LARGEST = 1 << 29


def wheel(manifest: Manifest) -> Optional[Entry]:
    """The wheel of uv for this machine; None where the depot has none."""
    entries = manifest.entries()
    machine = platform.machine()
    for lock in manifest.locks:
        if lock.set != SET or lock.architecture not in (machine, "any"):
            continue
        for path in lock.files:
            entry = entries[path]
            if entry.name == "uv" and entry.architecture in (machine, "any") and _VERSION.match(entry.version):
                return entry
    return None


def program(prefix: Path, entry: Entry) -> Path:
    """Where the program of a wheel belongs."""
    return prefix / "tools" / "uv" / entry.version / "uv"


def there(prefix: Path, entry: Entry, cache: Cache) -> bool:
    """Whether the program of this very wheel is there, whole and executable."""
    path = program(prefix, entry)
    try:
        origin = read_json(path.with_name(ORIGIN))
    except DnnreadyError:
        return False
    if not isinstance(origin, dict) or origin.get("wheel") != entry.sha256 or not os.access(path, os.X_OK):
        return False
    return cache.digest(path) == origin.get("program")


def others(prefix: Path, entry: Entry) -> list[Path]:
    """The directories of other versions."""
    root = prefix / "tools" / "uv"
    found = sorted(root.iterdir()) if root.is_dir() else []
    return [path for path in found if path.name != entry.version]


def unpack(prefix: Path, entry: Entry, source: Path, cache: Cache) -> None:
    """Put the program of a wheel, whose digest was checked, into its place."""
    path = program(prefix, entry)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".uv.")
    try:
        with os.fdopen(descriptor, "wb") as target:
            _extract(entry, source, target)
            target.flush()
            os.fchmod(target.fileno(), 0o755)
            os.fsync(target.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise DnnreadyError(f"Cannot write {path}: {error.strerror or error}.", "Check the space.") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
    fsync_directory(path.parent)
    write_json(path.with_name(ORIGIN), {"wheel": entry.sha256, "program": cache.digest(path)})


def _extract(entry: Entry, source: Path, target: IO[bytes]) -> None:
    member = f"uv-{entry.version}.data/scripts/uv"
    try:
        with zipfile.ZipFile(source) as archive:
            if archive.getinfo(member).file_size > _LARGEST:
                raise DnnreadyError(f"{entry.path}: {member} is larger than any uv.")
            with archive.open(member) as program_in_wheel:
                shutil.copyfileobj(program_in_wheel, target, 1 << 20)
    except (KeyError, zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise DnnreadyError(f"{entry.path} holds no {member}: {error}.", "Build the depot again.") from error
