"""Bring one distribution from the venv of another release into a new one, wholly or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Optional

from .clone import Cloner
from .distributions import Entry, digest_of, digest_of_bytes, inside, read_record, render_record

#: The longest first line of a script that Linux runs (BINPRM_BUF_SIZE less one); pip writes another one beyond.
_SHEBANG = 127


class UnfitError(Exception):
    """Why a distribution is not taken."""


class Transfer:
    """From one venv to another; both have their site-packages at the same place."""

    def __init__(self, cloner: Cloner, source: Path, target: Path, packages: str) -> None:
        self._cloner = cloner
        self._venvs = (str(source), str(target))
        self._packages = (str(source / packages), str(target / packages))
        self._made: list[str] = []
        self._known: set[str] = set()
        self._bytecode: dict[str, dict[str, list[str]]] = {}

    def take(self, info: str) -> tuple[int, int]:
        """Bring the distribution over that has this `.dist-info`; its files and bytes.

        Every file must be what RECORD says, scripts get the path of the new venv, the new RECORD is true again.
        Raises UnfitError, DnnreadyError or OSError, and then nothing of it is there.
        """
        self._made = []
        try:
            record = f"{info}/RECORD"
            entries = read_record(Path(self._packages[0]), info)
            moved = [entry if entry.path == record else self._bring(entry) for entry in entries]
            source, target = (os.path.join(packages, record) for packages in self._packages)
            if moved == entries:
                self._link(source, target)
            else:
                self._write(target, render_record(moved).encode(), 0o644)
            states = [os.lstat(path) for path in self._made]
        except BaseException:
            self._undo()
            raise
        sizes = [state.st_size for state in states if stat.S_ISREG(state.st_mode)]
        return len(sizes), sum(sizes)

    def _undo(self) -> None:
        self._known.clear()
        for path in reversed(self._made):
            with contextlib.suppress(OSError):
                if os.path.isdir(path):
                    os.rmdir(path)
                else:
                    os.unlink(path)

    def _bring(self, entry: Entry) -> Entry:
        """Bring one file over, with its bytecode; its line in the new RECORD."""
        source, target = (inside(packages, venv, entry.path) for packages, venv in zip(self._packages, self._venvs))
        if source is None or target is None:
            raise UnfitError(f"{entry.path} is outside of the venv")
        status = os.lstat(source)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
            raise UnfitError(f"{entry.path} is not a file of this user")
        if entry.size is not None and status.st_size != entry.size:
            raise UnfitError(f"{entry.path} has {status.st_size} bytes, not {entry.size}")
        if entry.digest and digest_of(source) != entry.digest:
            raise UnfitError(f"{entry.path} is not what it was")
        content = self._script(source) if os.path.dirname(source) == f"{self._venvs[0]}/bin" else None
        if content is not None:
            self._write(target, content, stat.S_IMODE(status.st_mode))
            return Entry(entry.path, digest_of_bytes(content), len(content))
        self._link(source, target)
        if source.endswith(".py"):
            for bytecode in self._bytecode_of(source):
                cache = os.path.join(os.path.dirname(target), "__pycache__")
                self._link(bytecode, os.path.join(cache, os.path.basename(bytecode)))
        return entry

    def _script(self, source: str) -> Optional[bytes]:
        """A script for the new venv; None where it names no venv."""
        with open(source, "rb") as stream:
            content = stream.read()
        if not content.startswith(b"#!"):
            return None
        old, new = (venv.encode() for venv in self._venvs)
        if old not in content:
            if b"/venv/bin/" in content[:1024]:
                raise UnfitError(f"{source} belongs to another venv")
            return None
        content = content.replace(old, new)
        if len(content.split(b"\n", 1)[0]) > _SHEBANG:
            raise UnfitError(f"the first line of {source} would be too long")
        return content

    def _bytecode_of(self, source: str) -> list[str]:
        """What Python keeps beside a module, and takes where it names the module's time and size, which links keep."""
        directory, name = os.path.split(source)
        if directory not in self._bytecode:
            found: dict[str, list[str]] = {}
            cache = os.path.join(directory, "__pycache__")
            with contextlib.suppress(OSError):
                for file in os.listdir(cache):
                    if file.endswith(".pyc"):
                        found.setdefault(file.split(".", 1)[0], []).append(os.path.join(cache, file))
            self._bytecode[directory] = found
        return self._bytecode[directory].get(name[:-3], [])

    def _link(self, source: str, target: str) -> None:
        """Link a file; where another distribution brought one already, it must be the same."""
        self._directory(os.path.dirname(target))
        try:
            self._cloner.clone(source, target)
        except FileExistsError:
            if digest_of(source) != digest_of(target):
                raise UnfitError(f"{target} is there with another content") from None
        else:
            self._made.append(target)

    def _write(self, target: str, data: bytes, mode: int) -> None:
        self._directory(os.path.dirname(target))
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._made.append(target)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fchmod(stream.fileno(), mode)

    def _directory(self, path: str) -> None:
        missing = []
        place = path
        while place not in self._known and not os.path.isdir(place):
            missing.append(place)
            place = os.path.dirname(place)
        for directory in reversed(missing):
            os.mkdir(directory)
            self._made.append(directory)
        self._known.add(path)
