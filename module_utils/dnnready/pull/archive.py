"""Unpacks a signed archive without trust in it: nothing gets outside of its directory, nothing but files and links."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path, PurePosixPath

from .trouble import FailedError

_MOST_BYTES = 1 << 30
_MOST_MEMBERS = 200_000


def unpack(archive: Path, target: Path) -> None:
    """Unpack a tar file, compressed or not, into an empty directory; FailedError where something in it is not right.

    Owner and time are not kept; of the mode only whether a file may be executed.
    """
    size = 0
    try:
        with tarfile.open(archive) as tar:
            for number, member in enumerate(tar):
                size += member.size
                if number >= _MOST_MEMBERS or size > _MOST_BYTES:
                    raise _wrong(member.name, "the archive is larger than any project")
                _extract(tar, member, target)
    except (tarfile.TarError, EOFError, UnicodeError, ValueError) as error:
        raise FailedError(f"{archive.name} is no archive that can be read: {error}.", "Make it again.") from error


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts or "\0" in member.name:
        raise _wrong(member.name, "it leads out of the project")
    path = target.joinpath(*name.parts)
    if path == target and member.isdir():
        return
    _no_link_above(path, target, member.name)
    if member.isdir():
        path.mkdir(exist_ok=True, parents=True)
        return
    path.parent.mkdir(exist_ok=True, parents=True)
    if os.path.lexists(path):
        raise _wrong(member.name, "it is there twice")
    if member.issym():
        inside = os.path.normpath(os.path.join(*name.parent.parts, member.linkname))
        if member.linkname.startswith("/") or inside.split("/")[0] == "..":
            raise _wrong(member.name, f"it is a link that leads out of the project, to {member.linkname}")
        os.symlink(member.linkname, path)
    elif member.isreg():
        stream = tar.extractfile(member)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            if stream is not None:
                shutil.copyfileobj(stream, file, 1 << 18)
            os.fchmod(file.fileno(), 0o755 if member.mode & 0o100 else 0o644)
    else:
        raise _wrong(member.name, "it is neither a file nor a directory nor a link")


def _no_link_above(path: Path, target: Path, name: str) -> None:
    place = path.parent
    while place != target:
        if place.is_symlink():
            raise _wrong(name, "a directory above it is a link")
        place = place.parent


def _wrong(name: str, what: str) -> FailedError:
    return FailedError(f"The project's archive has {name!a}: {what}.", "Make it again without that.")
