"""What a depot shall hold, what it holds, and what that makes necessary. Changes nothing in the depot."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from ..depot import manifest as documents
from ..depot.checked import seconds, timestamp
from ..depot.manifest import Entry, LockEntry, Manifest, Repository
from ..errors import DnnreadyError
from ..files import sha256_file
from . import apt_sources, debian, entries, keys, sbom, stanza
from .project import Archive, archive
from .request import Asked, Request
from .selection import Wheel, wheels

_DAY = 86400


@dataclass(frozen=True)
class Debian:
    """A flat repository to be."""

    apt: debian.Apt
    repository: Repository
    chosen: tuple[stanza.Package, ...]

    @property
    def index(self) -> str:
        """The text of its Packages."""
        return stanza.index(self.chosen)


@dataclass
class Plan:
    """What there is to do."""

    wheels: list[Wheel]
    repositories: list[Debian]
    entries: list[Entry]  #: wheels and packages
    absent: list[Entry]  #: those of them that are not there whole
    locks: tuple[LockEntry, ...]
    superfluous: list[str]  #: files of an earlier manifest
    before: Optional[Manifest]
    archives: tuple[Archive, ...] = ()
    reasons: list[str] = field(default_factory=list)  #: why the manifest is to be written; empty where it is not
    left_out: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether carrying it out changes the depot."""
        return bool(self.absent or self.superfluous or self.reasons)


def make(request: Request) -> Plan:
    """Look, ask apt, and compare."""
    files = wheels(request.locks)
    left_out: list[str] = []
    repositories = [one for wanted in request.packages for one in _repository(request, wanted, left_out)]
    needed = [entries.of_wheel(wheel) for wheel in files]
    needed += [entries.of_package(one.repository.path, package) for one in repositories for package in one.chosen]
    plan = Plan(
        wheels=files,
        repositories=repositories,
        entries=needed,
        absent=[entry for entry in needed if not _whole(request.directory, entry)],
        locks=tuple(entries.of_lock(lock) for lock in request.locks),
        superfluous=[],
        before=_before(request.directory),
        archives=(archive(request.project_name, request.project),) if request.project else (),
        left_out=left_out,
    )
    if not request.keep:
        named = {entry.path for entry in needed} | {one.repository.index for one in repositories}
        named |= {one.entry.path for one in plan.archives}
        plan.superfluous = [path for path in _held(request.directory) if path not in named]
    plan.reasons = list(_reasons(request, plan))
    return plan


def settle(request: Request, plan: Plan) -> Plan:
    """The plan after its files were fetched: what is left of it, now that the bill of materials can be compared too."""
    absent = [entry for entry in plan.absent if not _whole(request.directory, entry)]
    settled = dataclasses.replace(plan, absent=absent, before=_before(request.directory))
    settled.reasons = list(_reasons(request, settled))
    return settled


def content(plan: Plan, directory: Path) -> dict[str, str]:
    """The files that are written here, by path: the indexes and the bill of materials. Wants the wheels to be there."""
    texts = {one.repository.index: one.index for one in plan.repositories}
    return {**texts, documents.SBOM: sbom.render(plan.entries, directory)}


def manifest(plan: Plan, texts: Mapping[str, str], now: float, expires_days: float) -> Manifest:
    """The manifest for the plan, later than the one before."""
    written = [entries.of_text(path, text) for path, text in texts.items()]
    archived = [one.entry for one in plan.archives]
    return Manifest(
        serial=max(int(now), plan.before.serial + 1 if plan.before else 0),
        created=timestamp(now),
        expires=timestamp(now + expires_days * _DAY),
        files=tuple(sorted([*plan.entries, *written, *archived], key=lambda entry: entry.path)),
        locks=plan.locks,
        repositories=tuple(one.repository for one in plan.repositories),
    )


def _reasons(request: Request, plan: Plan) -> Iterator[str]:
    """Why the manifest that is there does not do."""
    if plan.before is None:
        yield "there is no manifest that can be read"
    elif plan.absent:
        yield "files are missing"
    else:
        yield from _outdated(request, plan, plan.before)


def _outdated(request: Request, plan: Plan, before: Manifest) -> Iterator[str]:
    now = time.time()
    texts = content(plan, request.directory)
    after = manifest(plan, texts, now, request.expires_days)
    if (after.files, after.locks, after.repositories) != (before.files, before.locks, before.repositories):
        yield "its content changes"
    torn = [path for path, text in texts.items() if _text(request.directory / path) != text]
    torn += [one.entry.path for one in plan.archives if not _whole(request.directory, one.entry)]
    if torn:
        yield f"{', '.join(torn)} is written again"
    if seconds(before.expires) - now < request.expires_days * _DAY / 3:
        yield f"it expires {before.expires}"
    document = (request.directory / documents.FILE).read_bytes()
    if not keys.signed(document, request.directory, request.key):
        yield "it is not signed by the key"


def _before(directory: Path) -> Optional[Manifest]:
    path = directory / documents.FILE
    with contextlib.suppress(OSError, DnnreadyError):
        return documents.parse(path.read_bytes(), str(path))
    return None


def _text(path: Path) -> str:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8")
    return ""


def _repository(request: Request, wanted: Asked, left_out: list[str]) -> list[Debian]:
    name = f"{wanted.codename}-{wanted.architecture}"
    if not wanted.names:
        return []
    if not debian.available():
        left_out.append(f"packages for {name}: this machine has no apt; build on Debian or a derivative of it")
        return []
    lines = request.apt_sources.get(wanted.codename)
    sources = apt_sources.machine_sources(wanted.codename) if lines is None else apt_sources.given(lines)
    if not sources:
        left_out.append(f"packages for {name}: apt here names no Debian mirror; depot_apt_sources can name one")
        return []
    apt = debian.Apt(request.cache / "apt" / name, wanted.architecture, sources)
    apt.update()
    known = apt.known(sorted(set(wanted.names)))
    absent = [package for package in wanted.names if package not in known]
    left_out += [f"{package} for {name}: the apt sources do not have it" for package in absent]
    if not known:
        return []
    repository = Repository(
        codename=wanted.codename,
        architecture=wanted.architecture,
        path=f"apt/{name}",
        index=f"apt/{name}/Packages",
        packages=tuple(known),
    )
    return [Debian(apt, repository, tuple(apt.closure(known)))]


def _whole(directory: Path, entry: Entry) -> bool:
    path = directory / entry.path
    return path.is_file() and path.stat().st_size == entry.bytes and sha256_file(path) == entry.sha256


def _held(directory: Path) -> list[str]:
    """The files in the depot that are its own to remove; whatever else lies there is not touched."""
    patterns = ("wheels/*.whl", "apt/*/*.deb", "apt/*/Packages", "project/*.tar.gz")
    return sorted(os.fspath(path.relative_to(directory)) for pattern in patterns for path in directory.glob(pattern))
