"""Where releases are on disk, what state they are in, and the one way to switch between them.

States, each visible on disk: *building* (a manifest that says so: a leftover unless someone holds the lock),
*installed* (the manifest says so, and it is written last), *verified* (proof.json), *active* (`current` names it, and
no switch.json says that this is not final).
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from ..errors import DnnreadyError
from ..files import fsync_directory, read_json
from .identity import IDENTIFIER, STACK

MANIFEST_SCHEMA = "dnnready/manifest/1"
PROOF_SCHEMA = "dnnready/proof/1"
#: A release that is being rebuilt waits under this name, to come back if the new build fails.
ASIDE = ".aside-"
#: What is being removed loses its name to this one first.
TRASH = ".trash-"


@dataclass(frozen=True)
class Store:
    """The releases of one stack below a prefix."""

    prefix: Path
    stack: str

    def __post_init__(self) -> None:
        if not self.prefix.is_absolute() or not STACK.match(self.stack):
            raise DnnreadyError(f"No place for stack {self.stack!r} below {self.prefix}.", "Both become directories.")

    @property
    def root(self) -> Path:
        """The directory of the stack."""
        return self.prefix / "stacks" / self.stack

    @property
    def releases(self) -> Path:
        """The directory of its releases."""
        return self.root / "releases"

    @property
    def lock(self) -> Path:
        """The file that one run at a time holds; beside the stack, so that it outlives its removal."""
        return self.prefix / "stacks" / f".{self.stack}.lock"

    @property
    def progress(self) -> Path:
        """What a build that runs now has done so far."""
        return self.root / "progress.json"

    @property
    def switch(self) -> Path:
        """What was before, while a switch is not final."""
        return self.root / "switch.json"

    @property
    def gate(self) -> Path:
        """What the last switch that became final had to pass, for who switches on the device."""
        return self.root / "gate.json"

    def rejection(self, identifier: str) -> Path:
        """Why a release had to go back."""
        return self.release(identifier) / "rejected.json"

    def release(self, identifier: str) -> Path:
        """The directory of one release."""
        if not IDENTIFIER.match(identifier):
            raise DnnreadyError(f"{identifier!r} is not the id of a release.", "It has 16 hexadecimal digits.")
        return self.releases / identifier

    def failure_log(self, identifier: str) -> Path:
        """The log of the last build that failed."""
        return self.root / "failed" / f"{identifier}.log"

    def linked(self, link: str) -> str:
        """The id that `current` or `previous` names; empty where the link is missing or leads elsewhere."""
        try:
            directory, _, identifier = os.readlink(self.root / link).rpartition("/")
        except OSError:
            return ""
        return identifier if directory == "releases" and IDENTIFIER.match(identifier) else ""

    def point(self, link: str, identifier: str) -> None:
        """Make `current` or `previous` name a release: by rename(2), so that no moment is without a target."""
        temporary = self.root / f".{link}.{os.getpid()}"
        try:
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()
            temporary.symlink_to(f"releases/{identifier}")
            os.replace(temporary, self.root / link)
            fsync_directory(self.root)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise DnnreadyError(
                f"Cannot make {identifier} {link}: {error.strerror} ({self.root / link}).",
                f"{link} is as it was. Check the space, the mount and the owner of {self.root}.",
            ) from error

    def unpoint(self, link: str) -> None:
        """Take `current` or `previous` away."""
        try:
            with contextlib.suppress(FileNotFoundError):
                (self.root / link).unlink()
                fsync_directory(self.root)
        except OSError as error:
            raise DnnreadyError(f"Cannot remove {self.root / link}: {error.strerror}.") from error

    def identifiers(self) -> list[str]:
        """The ids of all releases on disk, finished or not, the newest first."""
        try:
            found = [entry for entry in self.releases.iterdir() if IDENTIFIER.match(entry.name)]
        except OSError:
            return []
        return [entry.name for entry in sorted(found, key=_age)]

    def manifest(self, identifier: str) -> Optional[dict[str, Any]]:
        """The manifest of a release; None where there is none or it cannot be read, which means not finished."""
        try:
            document = read_json(self.release(identifier) / "manifest.json")
        except DnnreadyError:
            return None
        return document if isinstance(document, dict) and document.get("schema") == MANIFEST_SCHEMA else None

    def finished(self, identifier: str) -> bool:
        """Whether a release was built to its end."""
        manifest = self.manifest(identifier)
        return manifest is not None and manifest.get("state") == "installed"

    def proof(self, identifier: str) -> Optional[dict[str, Any]]:
        """The proof of a release; None where there is none or it cannot be read."""
        try:
            document = read_json(self.release(identifier) / "proof.json")
        except DnnreadyError:
            return None
        return document if isinstance(document, dict) and document.get("schema") == PROOF_SCHEMA else None

    def aside(self, identifier: str) -> Path:
        """Where a release waits while it is rebuilt."""
        return self.releases / f"{ASIDE}{identifier}"

    def remove(self, path: Path) -> None:
        """Remove a directory of this stack; it loses its name first, so that a cut leaves no half a release."""
        if not os.path.lexists(path):
            return
        trash = path.with_name(f"{TRASH}{path.name}")
        try:
            shutil.rmtree(trash, ignore_errors=True)
            if not renamed(path, trash):
                with contextlib.suppress(FileNotFoundError):
                    (path / "manifest.json").unlink()  # half a release is none
                trash = path
            shutil.rmtree(trash)
        except OSError as error:
            raise DnnreadyError(f"Cannot remove {path}: {error.strerror} ({error.filename}).") from error


def renamed(source: Path, target: Path) -> bool:
    """Rename a directory, or say False where overlayfs cannot: one of an image's lower layers (EXDEV)."""
    try:
        os.replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    return True


def move(source: Path, target: Path) -> None:
    """Give a directory another name; by a copy where overlayfs cannot rename it. At any moment one of both is whole."""
    if renamed(source, target):
        return
    partial = target.with_name(f"{TRASH}{target.name}")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(source, partial, symlinks=True)
    os.replace(partial, target)
    with contextlib.suppress(FileNotFoundError):
        (source / "manifest.json").unlink()
    shutil.rmtree(source)


def _age(path: Path) -> float:
    """Seconds since a release was finished, or since its directory changed; only the order counts."""
    for name in ("manifest.json", ""):
        with contextlib.suppress(OSError):
            return -(path / name).stat().st_mtime
    return 0.0


def flush(path: Path) -> None:
    """Write everything on the file system of `path` to the disk (syncfs(2)), before something says it is finished."""
    descriptor = os.open(str(path), os.O_RDONLY)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syncfs(descriptor):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(path))
    except AttributeError:  # a libc without syncfs
        os.sync()
    finally:
        os.close(descriptor)
