"""The project as one file of a depot, for devices that pull it: the same bytes for the same content."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ..depot.manifest import Entry, project_path
from ..errors import DnnreadyError

_TIMEOUT = 300.0
#: What belongs to a checkout or to a run, not to the project.
_LEFT_OUT = {".git", "__pycache__", ".venv"}
_COMMIT = re.compile(r"[0-9a-f]{40,64}\Z")


@dataclass(frozen=True)
class Archive:
    """One archive to be."""

    name: str
    version: str  #: the commit of the first checkout among its directories, else the beginning of its digest
    content: bytes

    @property
    def entry(self) -> Entry:
        """What the manifest says of it."""
        return Entry(
            path=project_path(self.name),
            bytes=len(self.content),
            sha256=hashlib.sha256(self.content).hexdigest(),
            kind="project",
            name=self.name,
            version=self.version,
            architecture="any",
            stacks=(),
        )


@dataclass(frozen=True)
class _File:
    content: bytes
    executable: bool
    link: str  #: where it leads; empty for a regular file


def archive(name: str, directories: Sequence[Path]) -> Archive:
    """The directories laid over each other, a later one's files over those of an earlier.

    Of a checkout of git what its HEAD has, of any other directory what lies there. Raises DnnreadyError where there is
    no such directory, or nothing in it.
    """
    files: dict[str, _File] = {}
    version = ""
    for directory in directories:
        if not directory.is_dir():
            raise DnnreadyError(f"There is no directory {directory} for the depot's project.", "Correct depot_project.")
        if (directory / ".git").exists():
            version = version or _head(directory)
            files.update(_committed(directory))
        else:
            files.update(_lying(directory))
    if not files:
        raise DnnreadyError("The depot's project has no files.", "Commit them, or correct depot_project.")
    content = _packed(files)
    return Archive(name, version or hashlib.sha256(content).hexdigest()[:16], content)


def _packed(files: dict[str, _File]) -> bytes:
    """A tar file, compressed, that says nothing of when, by whom and where it was made."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, file in sorted(files.items()):
            member = tarfile.TarInfo(path)
            member.mode = 0o755 if file.executable and not file.link else 0o644
            if file.link:
                member.type, member.linkname = tarfile.SYMTYPE, file.link
            else:
                member.size = len(file.content)
            tar.addfile(member, io.BytesIO(file.content))
    return gzip.compress(packed.getvalue(), mtime=0)


def _lying(directory: Path) -> Iterator[tuple[str, _File]]:
    for root, directories, names in os.walk(directory):
        directories[:] = sorted(set(directories) - _LEFT_OUT)
        for name in names:
            path = Path(root, name)
            link = os.readlink(path) if path.is_symlink() else ""
            if link or path.is_file():
                content = b"" if link else path.read_bytes()
                yield str(path.relative_to(directory)), _File(content, os.access(path, os.X_OK), link)


def _committed(directory: Path) -> Iterator[tuple[str, _File]]:
    with tarfile.open(fileobj=io.BytesIO(_git(directory, "archive", "--format=tar", "HEAD"))) as tar:
        for member in tar:
            stream = tar.extractfile(member) if member.isreg() else None
            if stream is not None or member.issym():
                content = stream.read() if stream is not None else b""
                yield member.name, _File(content, bool(member.mode & 0o100), member.linkname if member.issym() else "")


def _head(directory: Path) -> str:
    found: Optional[re.Match[str]] = _COMMIT.match(_git(directory, "rev-parse", "HEAD").decode().strip())
    return found.group() if found else ""


def _git(directory: Path, *words: str) -> bytes:
    """Standard output in bytes, which `process.run` does not give."""
    try:
        done = subprocess.run(
            ["git", "-C", str(directory), *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DnnreadyError(f"Cannot read the checkout {directory}: {error}.", "Install git.") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise DnnreadyError(f"Cannot read the checkout {directory}: {said}.", "Commit something, or name another.")
    return done.stdout
