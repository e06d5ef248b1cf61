"""One file from a depot: continued after a cut, never longer than it may be, under its name only when it is right."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import DnnreadyError
from ..files import fsync_directory
from .manifest import Entry
from .source import Source, SourceError, Stream

#: How often in a row a file is asked for without getting on.
ATTEMPTS = 5
#: Seconds before the second time, doubled each time.
PAUSE = 0.5
#: This much is getting on.
_PROGRESS = 1 << 20
_PIECE = 1 << 20


class Fetcher:
    """Fetches files of one depot into `incoming`, and from there to their names."""

    def __init__(self, source: Source, incoming: Path) -> None:
        self.received = 0  #: bytes that came, in all
        self._source = source
        self._incoming = incoming

    @property
    def source(self) -> Source:
        """Where it fetches from."""
        return self._source

    def small(self, path: str, most: int, missing: str = "") -> bytes:
        """The content of a file that no manifest describes (yet), of at most `most` bytes.

        `missing` says what it means where there is no such file.
        """
        for attempt in range(1, ATTEMPTS + 1):
            content = bytearray()
            try:
                with self._source.open(path) as stream:
                    while piece := stream.read():
                        content += piece
                        self.received += len(piece)
                        if len(content) > most:
                            raise DnnreadyError(
                                f"{self._source.address(path)} is larger than {most} bytes: this is no {path}.", _WHERE
                            )
                return bytes(content)
            except SourceError as trouble:
                if trouble.missing and missing:
                    raise DnnreadyError(f"{self._source.address(path)} is not there: {missing}.", _WHERE) from trouble
                self._again(path, trouble, attempt)
        raise AssertionError  # pragma: no cover - _again raises at the last attempt

    def fetch(self, entry: Entry, target: Path) -> None:
        """Put a file of the manifest at `target`; what is there already stays until the new one is whole."""
        partial = self._incoming / entry.sha256
        with _written(partial, entry):
            failures, reached = 0, 0
            while True:
                try:
                    found, kind, continued = self._receive(entry, partial)
                except SourceError as trouble:
                    size = _size(partial)
                    failures = 1 if size - reached >= _PROGRESS else failures + 1
                    reached = size
                    self._again(entry.path, trouble, failures, f" after {size} of {entry.bytes} bytes")
                    continue
                if found == entry.sha256:
                    break
                # What lay there from an earlier run may have been something else: once more, from the start.
                partial.unlink()
                if not continued:
                    raise self._wrong(entry, found, kind)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(partial, target)
            fsync_directory(target.parent)

    def _receive(self, entry: Entry, partial: Path) -> tuple[str, str, bool]:
        """Bring `partial` to its full length.

        Returns its SHA-256, what the server calls it, and whether a part was there before.
        """
        partial.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            have = os.fstat(descriptor).st_size
            if have > entry.bytes:
                have = 0
            if have == entry.bytes > 0:
                return _digest_of(file, have).hexdigest(), "", True
            with self._source.open(entry.path, have) as stream:
                os.ftruncate(descriptor, stream.offset)
                digest = _digest_of(file, stream.offset)
                length = self._copy(stream, file, digest, entry.bytes)
            os.fsync(descriptor)
        if length < entry.bytes:
            raise SourceError("the server ended it", again=True)
        return digest.hexdigest(), stream.kind, stream.offset > 0

    def _copy(self, stream: Stream, file: io.FileIO, digest: Any, most: int) -> int:
        """Append to the file until it has `most` bytes or the server ends; returns its length."""
        length = stream.offset
        while length < most and (piece := stream.read()):
            self.received += len(piece)
            left = memoryview(piece)[: most - length]
            digest.update(left)
            while left:
                written = file.write(left)
                left = left[written:]
                length += written
        return length

    def _again(self, path: str, trouble: SourceError, attempt: int, where: str = "") -> None:
        """Wait, and longer each time; or give up."""
        if not trouble.again or attempt >= ATTEMPTS:
            tried = f", {attempt} times" if attempt > 1 else ""
            raise DnnreadyError(f"Cannot fetch {self._source.address(path)}: {trouble}{where}{tried}.", _WHERE)
        time.sleep(PAUSE * 2 ** (attempt - 1))

    def _wrong(self, entry: Entry, found: str, kind: str) -> DnnreadyError:
        page = f" It came as {kind.partition(';')[0]}: is this a web page?" if kind.startswith("text/html") else ""
        return DnnreadyError(
            f"{self._source.address(entry.path)} is not the file of the signed manifest: "
            f"its SHA-256 is {found}, not {entry.sha256}.{page}",
            "It was thrown away. Bring the depot to its place again, or find out who changes it.",
        )


_WHERE = "What was fetched is kept, and the next run continues there. Is this the depot, and is it complete?"


def _digest_of(file: io.FileIO, length: int) -> Any:
    """The digest of the first bytes of a file, ready to go on; the file is left behind them."""
    digest = hashlib.sha256()
    file.seek(0)
    while length and (piece := file.read(min(_PIECE, length))):
        digest.update(piece)
        length -= len(piece)
    return digest


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


@contextlib.contextmanager
def _written(path: Path, entry: Entry) -> Iterator[None]:
    """Say what a disk refuses in words."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        hint = "Check the mount and the owner of the prefix."
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            reason, hint = out_of(path, reason)
        if error.errno == errno.EROFS:
            hint = "Mount it for writing, or choose another prefix."
        raise DnnreadyError(f"Cannot write {entry.path} below {path.parent}: {reason}.", hint) from error


def out_of(path: Path, reason: str) -> tuple[str, str]:
    """What a file system has no more of: bytes or inodes; and what to do."""
    hint = "Make room; what was fetched is kept, and the next run continues there."
    with contextlib.suppress(OSError):
        state = os.statvfs(path.parent)
        if state.f_files and not state.f_favail and state.f_bavail:
            return "no inodes left", hint.replace("room", "room by removing small files")
        return f"{reason} ({state.f_bavail * state.f_frsize} bytes left)", hint
    return reason, hint
