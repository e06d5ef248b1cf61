"""Files that are either the old ones or the new ones, never something between."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Union

from .errors import DnnreadyError

PathLike = Union[str, Path]

#: How the name of a file ends while it is written; nobody else's files end so.
_UNFINISHED = ".dnnready"


def fsync_directory(path: PathLike) -> None:
    """Make the names in a directory survive a power cut."""
    descriptor = os.open(str(path), os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def readable() -> Iterator[None]:
    """Whatever the caller's umask: what is made within may be read and run by everyone, written by its owner alone."""
    before = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(before)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise DnnreadyError(
            f"Cannot write {path}: {reason}.", "Check the space, the mount and the owner of its directory."
        ) from error


def write_atomic(path: PathLike, data: Union[str, bytes], mode: int = 0o644) -> None:
    """Write a file by mkstemp, fsync and rename(2) in its own directory; what a killed writer of it left there goes."""
    target = Path(path)
    content = data.encode() if isinstance(data, str) else data
    with _explained(target):
        _sweep(target)
        descriptor, temporary = tempfile.mkstemp(_UNFINISHED, f".{target.name}.", str(target.parent))
        try:
            with os.fdopen(descriptor, "wb") as stream:
                with contextlib.suppress(OSError):
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # tells other writers that this one lives
                stream.write(content)
                stream.flush()
                os.fchmod(stream.fileno(), mode)
                os.fsync(stream.fileno())
            os.replace(temporary, str(target))
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise
        fsync_directory(target.parent)


def _sweep(target: Path) -> None:
    """Remove what writers of a file left that were killed; the kernel has let go of their locks."""
    with contextlib.suppress(OSError):  # a directory that may not be read may still be written to
        for name in os.listdir(target.parent):
            if name.startswith(f".{target.name}.") and name.endswith(_UNFINISHED):
                path = target.parent / name
                with contextlib.suppress(OSError), path.open("rb") as left:
                    fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    path.unlink()


def canonical_json(document: Any) -> str:
    """JSON with one spelling per value, so that its digest identifies it."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def write_json(path: PathLike, document: Any, mode: int = 0o644) -> None:
    """Write a JSON document for people and programs, atomically."""
    write_atomic(path, json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n", mode)


def read_json(path: PathLike) -> Any:
    """The document in a file, or None where there is no such file.

    A file that is not JSON raises DnnreadyError: a cut file is not the same as none.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise DnnreadyError(f"Cannot read {path}: {error}.") from error
    try:
        return json.loads(text)
    except ValueError as error:
        raise DnnreadyError(f"{path} is not JSON: {error}.") from error


def sha256_bytes(content: bytes) -> str:
    """Hexadecimal SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def sha256_text(text: str) -> str:
    """The hexadecimal SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def sha256_file(path: PathLike) -> str:
    """The hexadecimal SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        for piece in iter(lambda: stream.read(1 << 20), b""):
            digest.update(piece)
    return digest.hexdigest()
