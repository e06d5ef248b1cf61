"""The manifest of a depot: which files there are, what each must be, and which lock needs which.

Whoever signed it is trusted, not whoever serves it. Still everything is checked before it is used: paths become names
on a disk and in addresses, sizes become reservations. `docs/schema/depot-1.json` says the same as a JSON Schema.
"""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass
from typing import Any, Optional

from ..errors import DnnreadyError
from ..files import canonical_json
from .checked import AGAIN, Check, seconds, short

SCHEMA = "dnnready/depot/1"
FILE = "manifest.json"
SIGNATURE = "manifest.json.sig"
SBOM = "sbom.cdx.json"
#: Larger than any manifest: a server must not fill a memory.
MOST_BYTES = 32 << 20

#: A file name: no separator, nothing that a shell or an address reads otherwise, no leading dot or dash.
_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.+~!%-]{0,254}"
_PATHS = {
    "wheel": re.compile(rf"wheels/(?={_NAME}\Z).+\.whl\Z"),
    "package": re.compile(rf"apt/[a-z0-9.]+-[a-z0-9]+/(?={_NAME}\Z).+\.deb\Z"),
    "index": re.compile(r"apt/[a-z0-9.]+-[a-z0-9]+/Packages\Z"),
    "sbom": re.compile(rf"{re.escape(SBOM)}\Z"),
    "project": re.compile(r"project/[a-z][a-z0-9_-]{0,62}\.tar\.gz\Z"),
}
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_WORD = re.compile(r"[A-Za-z0-9.!+_~:-]{0,200}\Z")
_SET = re.compile(r"[a-z][a-z0-9_-]{0,62}\Z")
_CODENAME = re.compile(r"[a-z][a-z0-9.]{0,62}\Z")
#: Debian Policy 5.6.1: the grammar of a package name.
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+\Z")
_PYTHON = re.compile(r"(?:cp[0-9]{2,4}|any)\Z")
_GLIBC = re.compile(r"(?:[0-9]+\.[0-9]+)?\Z")
_ARCHITECTURE = re.compile(r"(?:x86_64|aarch64|any)\Z")
_DEBIAN_ARCHITECTURE = re.compile(r"(?:amd64|arm64)\Z")


@dataclass(frozen=True)
class Entry:
    """One file of the depot."""

    path: str  #: below the depot: wheels/x.whl
    bytes: int
    sha256: str
    kind: str  #: wheel, package, index, sbom, project
    name: str  #: of the distribution, package or project; empty for index and sbom
    version: str
    architecture: str  #: x86_64, aarch64, any
    stacks: tuple[str, ...]


@dataclass(frozen=True)
class LockEntry:
    """One lock and the wheels that it pins."""

    set: str  #: `uv` holds the installer
    python: str  #: cp311, any
    architecture: str
    glibc: str  #: the oldest that the wheels run on; may be empty
    sha256: str  #: of the lock, as release specs name it
    files: tuple[str, ...]


@dataclass(frozen=True)
class Repository:
    """One flat apt repository."""

    codename: str
    architecture: str  #: amd64, arm64
    path: str  #: apt/<codename>-<architecture>
    index: str  #: its Packages
    packages: tuple[str, ...]  #: what was asked for; their dependencies are there too


@dataclass(frozen=True)
class Manifest:
    """What a depot holds."""

    serial: int  #: grows with every manifest
    created: str  #: ISO 8601, UTC, ends with Z
    expires: str
    files: tuple[Entry, ...]
    locks: tuple[LockEntry, ...]
    repositories: tuple[Repository, ...]

    def text(self) -> str:
        """The bytes that are signed: canonical JSON and a newline, files sorted by path."""
        document = dataclasses.asdict(dataclasses.replace(self, files=tuple(sorted(self.files, key=_path))))
        return canonical_json({"schema": SCHEMA, **document}) + "\n"

    def entries(self) -> dict[str, Entry]:
        """The files by path."""
        return {entry.path: entry for entry in self.files}

    def lock(self, sha256: str) -> Optional[LockEntry]:
        """The lock of a release spec's `lock_sha256`; None where the depot was made from other locks."""
        return next((lock for lock in self.locks if lock.sha256 == sha256), None)


def project_path(name: str) -> str:
    """Where the archive of a project is; DnnreadyError for what is no name."""
    if not _SET.match(name):
        raise DnnreadyError(
            f"{short(repr(name))} is no name of a project.", "Use lower-case letters, digits, '-', '_'."
        )
    return f"project/{name}.tar.gz"


def parse(data: bytes, origin: str) -> Manifest:
    """The manifest in `data`, with everything about it checked; DnnreadyError names what is wrong and the `origin`."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DnnreadyError(f"{origin} is not JSON: {short(error)}.", AGAIN) from error
    check = Check(origin)
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise DnnreadyError(
            f"{origin} has the schema {short(repr(schema))}, not {SCHEMA}.",
            "Depot and dnnready must be of versions that know each other.",
        )
    top = check.mapping(document, "the document")
    serial = check.number(top, "serial", "the document")
    created, expires = (check.time(top, key) for key in ("created", "expires"))
    manifest = Manifest(
        serial=serial,
        created=created,
        expires=expires,
        files=tuple(_entry(check, item, at) for at, item in check.items(top, "files", "")),
        locks=tuple(_lock(check, item, at) for at, item in check.items(top, "locks", "")),
        repositories=tuple(_repository(check, item, at) for at, item in check.items(top, "repositories", "")),
    )
    _consistent(check, manifest)
    return manifest


def _path(entry: Entry) -> str:
    return entry.path


def _entry(check: Check, value: Any, where: str) -> Entry:
    item = check.mapping(value, where)
    kind = item.get("kind")
    if not isinstance(kind, str) or kind not in _PATHS:
        raise check.wrong(f"{where}.kind", f"must be one of {', '.join(_PATHS)}, not {short(repr(kind))}")
    path = check.text(item, "path", _PATHS[kind], where)
    return Entry(
        path=path,
        bytes=check.number(item, "bytes", path),
        sha256=check.text(item, "sha256", _SHA256, path),
        kind=kind,
        name=check.text(item, "name", _WORD, path),
        version=check.text(item, "version", _WORD, path),
        architecture=check.text(item, "architecture", _ARCHITECTURE, path),
        stacks=check.texts(item, "stacks", _SET, path),
    )


def _lock(check: Check, value: Any, where: str) -> LockEntry:
    item = check.mapping(value, where)
    return LockEntry(
        set=check.text(item, "set", _SET, where),
        python=check.text(item, "python", _PYTHON, where),
        architecture=check.text(item, "architecture", _ARCHITECTURE, where),
        glibc=check.text(item, "glibc", _GLIBC, where),
        sha256=check.text(item, "sha256", _SHA256, where),
        files=check.texts(item, "files", _PATHS["wheel"], where),
    )


def _repository(check: Check, value: Any, where: str) -> Repository:
    item = check.mapping(value, where)
    return Repository(
        codename=check.text(item, "codename", _CODENAME, where),
        architecture=check.text(item, "architecture", _DEBIAN_ARCHITECTURE, where),
        path=check.text(item, "path", re.compile(r"apt/[a-z0-9.]+-[a-z0-9]+\Z"), where),
        index=check.text(item, "index", _PATHS["index"], where),
        packages=check.texts(item, "packages", _PACKAGE, where),
    )


def _consistent(check: Check, manifest: Manifest) -> None:
    """What no single value shows: names that are there twice, references that lead nowhere."""
    if seconds(manifest.expires) <= seconds(manifest.created):
        raise check.wrong("expires", f"{manifest.expires} is not after {manifest.created}, when it was created")
    entries = manifest.entries()
    if len(entries) != len(manifest.files):
        paths = [entry.path for entry in manifest.files]
        raise check.wrong("files", f"{next(path for path in paths if paths.count(path) > 1)} is there twice")
    first: dict[str, tuple[str, ...]] = {}
    for lock in manifest.locks:
        for path in lock.files:
            if path not in entries:
                raise check.wrong(f"lock {lock.set} for {lock.python}", f"{path} is not among the files")
        if sorted(lock.files) != sorted(first.setdefault(lock.sha256, lock.files)):
            raise check.wrong(f"lock {lock.set} for {lock.python}", f"{lock.sha256} is there twice, with other files")
    directories = {f"{repository.path}/" for repository in manifest.repositories}
    for repository in manifest.repositories:
        expected = f"apt/{repository.codename}-{repository.architecture}"
        if repository.path != expected or repository.index != f"{expected}/Packages":
            raise check.wrong(f"repository {repository.path}", f"its path must be {expected}, its index below it")
        if repository.index not in entries:
            raise check.wrong(f"repository {repository.path}", f"{repository.index} is not among the files")
    if len(directories) != len(manifest.repositories):
        raise check.wrong("repositories", "one is there twice")
    for entry in manifest.files:
        if entry.kind in ("package", "index") and f"{entry.path.rpartition('/')[0]}/" not in directories:
            raise check.wrong(entry.path, "lies in no repository")
