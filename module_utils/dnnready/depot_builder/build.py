"""Carry out a plan so that at every moment the depot serves the old manifest, or the new one.

New files come first, under names that the old manifest does not know. Then everything that is written here (indexes,
bill of materials, signature, manifest) is staged, synced and renamed in a row, the manifest last: between the first
rename and the last, which is less than a millisecond, a client sees parts of both, refuses them, and asks again. What
no manifest names goes afterwards.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from ..depot import manifest as documents
from ..depot import signature
from ..depot.manifest import Manifest
from ..errors import DnnreadyError
from ..files import fsync_directory, write_atomic
from ..lockfile import held
from ..release.lock import Requirement
from . import keys
from .plan import Plan, content, manifest, settle
from .request import Request
from .wheels import Source, download

_INCOMING = ".incoming"


@contextlib.contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Nobody else builds in the directory meanwhile; what a run that was cut left behind is gone."""
    try:
        for path in (directory, directory / "wheels"):
            _make(path)
        with held(directory / ".lock", "building the depot", f"The depot {directory}"):
            _sweep(directory)
            try:
                yield
            finally:
                _sweep(directory)
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        raise DnnreadyError(
            f"Cannot write the depot{where}: {error.strerror or error}.",
            "Check the space, the mount and the owner of depot_directory; a run after that goes on.",
        ) from error


def _sweep(directory: Path) -> None:
    for path in (directory / _INCOMING, *directory.glob("wheels/.incoming-*")):
        shutil.rmtree(path, ignore_errors=True)


def _make(path: Path) -> None:
    """A directory that a web server may read, whatever the umask is."""
    if not path.is_dir():
        path.mkdir(parents=True)
        path.chmod(0o755)


def build(request: Request, plan: Plan) -> Manifest:
    """Do what the plan says, within `alone`; the manifest that the depot has afterwards."""
    _room(request.directory, plan)
    _fetch_wheels(request, plan)
    for one in plan.repositories:
        place = request.directory / one.repository.path
        _make(place)
        if any(entry.path.startswith(f"{one.repository.path}/") for entry in plan.absent):
            incoming = request.directory / _INCOMING / one.repository.path
            one.apt.fetch(one.repository.packages, one.chosen, place, incoming)
            fsync_directory(place)
    settled = settle(request, plan)
    if settled.absent:
        names = ", ".join(entry.path for entry in settled.absent[:5])
        raise DnnreadyError(f"Fetched, but not whole: {names}.", "Run again. If it stays so, look at the disk.")
    after = settled.before
    if after is None or settled.reasons:
        after = _switch(request, settled)
    for path in settled.superfluous:  # no manifest names them now
        (request.directory / path).unlink()
    for place in sorted((request.directory / "apt").glob("*")):
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()
    return after


def _switch(request: Request, plan: Plan) -> Manifest:
    texts = content(plan, request.directory)
    after = manifest(plan, texts, time.time(), request.expires_days)
    staged = request.directory / _INCOMING / "staged"
    staged.mkdir(parents=True, exist_ok=True)
    names = {}
    contents = {path: text.encode() for path, text in texts.items()}
    contents.update({one.entry.path: one.content for one in plan.archives})
    for number, (path, content_of) in enumerate(sorted(contents.items())):
        names[path] = staged / str(number)
        write_atomic(names[path], content_of)
    document = staged / documents.FILE
    write_atomic(document, after.text())
    names[documents.SIGNATURE] = signature.sign(document, keys.usable(request.key))
    names[documents.FILE] = document
    for place in {(request.directory / path).parent for path in names}:
        _make(place)
    for path, source in names.items():
        os.replace(source, request.directory / path)
    for directory in sorted({(request.directory / path).parent for path in names}):
        fsync_directory(directory)
    return after


def _fetch_wheels(request: Request, plan: Plan) -> None:
    absent = {entry.path for entry in plan.absent}
    groups: dict[Source, list[Requirement]] = {}
    for wheel in plan.wheels:
        if wheel.path in absent:
            groups.setdefault(wheel.source, []).append(wheel.requirement)
    for source, requirements in groups.items():
        download(requirements, source, request.directory / "wheels", request.python)


def _room(directory: Path, plan: Plan) -> None:
    """Refuse before the first byte where the disk cannot take what is missing, the largest file twice for a while."""
    sizes = [entry.bytes for entry in plan.absent]
    needed = sum(sizes) + max(sizes, default=0)
    disk = os.statvfs(directory)
    free = disk.f_bavail * disk.f_frsize
    if needed > free:
        raise DnnreadyError(
            f"{directory} has {free} bytes free, and {needed} are needed.",
            "Make room, name another depot_directory, or ask for fewer targets (depot_targets, depot_sets).",
        )
