"""What was made on a host outside the prefix, so that removal can leave the host as it was found.

`<prefix>/footprint.json` is written before the act: a run that is cut between the note and the act leaves a note of
something that is not there, which removal passes over. It never leaves something without a note.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .errors import DnnreadyError
from .files import PathLike, fsync_directory, read_json, write_json

NAME = "footprint.json"
SCHEMA = "dnnready/footprint/1"
LOCK = ".footprint.lock"
#: Whatever the caller's umask: others may pass, the owner alone writes.
_MODE = 0o755


def empty() -> dict[str, Any]:
    """A footprint of nothing."""
    return {"schema": SCHEMA, "packages": [], "directories": [], "files": []}


def read(prefix: PathLike) -> dict[str, Any]:
    """The footprint below a prefix; an empty one where there is none.

    A prefix that is filled and has none is an earlier version's, which made it.
    Raises DnnreadyError for a file that is not a footprint: removal must not guess what was made.
    """
    path = Path(prefix) / NAME
    document = read_json(path)
    if document is None:
        filled = any((Path(prefix) / name).is_dir() for name in ("bin", "stacks"))
        return {**empty(), "directories": [str(prefix)] if filled else []}
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise DnnreadyError(
            f"{path} is not a footprint of dnnready ({SCHEMA}).", "Put it back from a backup, or move it away."
        )
    return {**empty(), **document}


def missing_directories(path: PathLike) -> list[str]:
    """The directories on the way to `path` and itself that are not there, the outermost first."""
    missing: list[str] = []
    place = Path(path)
    while not os.path.lexists(place):
        missing.insert(0, str(place))
        place = place.parent
    return missing


def make(prefix: PathLike, below: Iterable[str] = ()) -> list[str]:
    """Make the prefix and directories below it; returns what was made, the outermost first.

    What is missing on the way is made under another name with the note in it, and gets its name by one rename(2).
    """
    root = Path(prefix)
    missing = missing_directories(root)
    if missing:
        _make_noted(root, missing)
    elif not (root / NAME).exists():
        _change(root, lambda _: None)
    made = list(missing)
    for name in below:
        for directory in missing_directories(root / name):
            _mkdir(directory)
            made.append(directory)
    return made


def _make_noted(root: Path, missing: list[str]) -> None:
    outermost = Path(missing[0])
    try:
        scratch = Path(tempfile.mkdtemp(dir=str(outermost.parent), prefix=f".{outermost.name}."))
    except OSError as error:
        raise DnnreadyError(
            f"Cannot make {outermost}: {error.strerror}.",
            "Who runs this must own the prefix: become root (host scope) or take dnnready_scope=user.",
        ) from error
    try:
        os.chmod(scratch, _MODE)
        inner = scratch
        for directory in missing[1:]:
            inner = inner / Path(directory).name
            _mkdir(inner)
        write_json(inner / NAME, {**empty(), "directories": missing})
        os.rename(scratch, outermost)
    except OSError as error:
        if not outermost.is_dir():
            raise DnnreadyError(f"Cannot make {root}: {error.strerror}.") from error
        make(root)  # another run was faster
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    fsync_directory(outermost.parent)


def _mkdir(path: PathLike) -> None:
    with contextlib.suppress(FileExistsError):
        os.mkdir(path)
        os.chmod(path, _MODE)


def note(
    prefix: PathLike,
    *,
    packages: Iterable[Mapping[str, Any]] = (),
    directories: Iterable[PathLike] = (),
    files: Iterable[PathLike] = (),
) -> None:
    """Note what is about to be made. A package that is noted already keeps what was said first, but its version.

    Of `directories` give only those that are not there yet: `missing_directories`.
    """
    new_packages = [dict(package) for package in packages]
    paths = {"directories": [str(path) for path in directories], "files": [str(path) for path in files]}

    def merged(document: dict[str, Any]) -> None:
        known = {str(package["name"]): package for package in document["packages"]}
        for package in new_packages:
            first = known.get(package["name"], package)
            known[package["name"]] = {**package, **first, "version": package["version"] or first["version"]}
        document["packages"] = [known[name] for name in sorted(known)]
        for key, values in paths.items():
            document[key] = list(dict.fromkeys([*document[key], *values]))

    if new_packages or any(paths.values()):
        make(prefix)
        _change(prefix, merged)


def forget(prefix: PathLike, packages: Iterable[str]) -> None:
    """Take packages out of the footprint: they were not installed after all, or are gone."""
    names = set(packages)

    def without(document: dict[str, Any]) -> None:
        document["packages"] = [package for package in document["packages"] if package["name"] not in names]

    if names:
        _change(prefix, without)


def _change(prefix: PathLike, change: Callable[[dict[str, Any]], None]) -> None:
    with _locked(Path(prefix)):
        document = read(prefix)
        before = {key: list(value) if isinstance(value, list) else value for key, value in document.items()}
        change(document)
        if document != before or not (Path(prefix) / NAME).exists():
            write_json(Path(prefix) / NAME, document)


@contextlib.contextmanager
def _locked(prefix: Path) -> Iterator[None]:
    """Wait for a writer to end: it takes milliseconds, and the kernel lets go of a dead one."""
    try:
        descriptor = os.open(prefix / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise DnnreadyError(
            f"Cannot write below {prefix}: {error.strerror}.",
            "Who runs this must own the prefix: become root (host scope) or take dnnready_scope=user.",
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
