"""Build a release at its final path, so that it is either finished or not there."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

from .. import __version__
from ..errors import DnnreadyError
from ..files import fsync_directory, readable, write_atomic, write_json
from ..lockfile import held
from . import debian, wheels
from .build import Build
from .leftovers import clean, end_children
from .lock import Lock, describe
from .means import DEFAULT, Means
from .progress import Progress
from .store import MANIFEST_SCHEMA, Store, flush, move


def needed(store: Store, spec: Mapping[str, Any], force: bool) -> bool:
    """Whether `install` would build anything."""
    return force or not store.finished(spec["id"])


def requirements_of(spec: Mapping[str, Any], text: str) -> Optional[Lock]:
    """The lock that the release was planned with, or DnnreadyError: another text would be another release."""
    if spec["source"] != "wheel":
        return None
    lock = describe(text, f"requirements of {spec['stack']}")
    if lock.sha256 != spec["lock_sha256"]:
        raise DnnreadyError(
            f"The requirements of {spec['stack']} are not those that its release was planned with.",
            f"Their SHA-256 is {lock.sha256}, planned was {spec['lock_sha256']}: run again.",
        )
    return lock


def install(
    store: Store,
    spec: Mapping[str, Any],
    requirements: str,
    index_url: str,
    *,
    force: bool,
    means: Means = DEFAULT,
    gate: Callable[[Path], None] = lambda _release: None,
) -> bool:
    """Build the release of a (validated) spec; whether anything was built.

    Distributions that another release has already are taken from there, but never with `force`: then something may be
    wrong with them.
    `gate` gets the directory of the new release before the old one goes, and raises to have the old one back.

    What an earlier run left unfinished is removed first. On any failure the directory is gone again, its log is kept
    in `failed/<id>.log`, and DnnreadyError says why; a finished release that `force` rebuilds comes back.
    Raises DnnreadyError also where another run is at work on this stack.
    """
    lock = requirements_of(spec, requirements)
    if not needed(store, spec, force):
        return False

    def content(build: Build) -> dict[str, Any]:
        if lock is None:
            return debian.install(build)
        return wheels.install(build, lock, replace(means, index_url=index_url), fresh=force)

    with readable(), held(store.lock, f"building {spec['id']}"):
        if not needed(store, spec, force):  # the other run did it
            return False
        with _room(store, spec["id"]) as release:
            _build(store, spec, lock, requirements, content)
            fsync_directory(release.parent)
            gate(release)
        return True


@contextlib.contextmanager
def _room(store: Store, identifier: str) -> Iterator[Path]:
    """An empty directory at the final path; on failure what was finished there before comes back."""
    release, aside = store.release(identifier), store.aside(identifier)
    clean(store)
    store.releases.mkdir(parents=True, exist_ok=True)
    if release.exists():  # to be rebuilt
        move(release, aside)
    release.mkdir()
    try:
        yield release
    except BaseException:
        end_children(release)
        _keep_log(store, identifier)
        store.remove(release)
        if aside.is_dir():
            move(aside, release)
        raise
    store.remove(aside)
    with contextlib.suppress(OSError):
        store.failure_log(identifier).unlink()


def _build(
    store: Store,
    spec: Mapping[str, Any],
    lock: Optional[Lock],
    requirements: str,
    content: Callable[[Build], dict[str, Any]],
) -> None:
    release = store.release(spec["id"])
    started = time.monotonic()
    manifest: dict[str, Any] = {
        "schema": MANIFEST_SCHEMA,
        "state": "building",
        "spec": dict(spec),
        "dnnready": __version__,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    write_json(release / "manifest.json", manifest)
    for name in ("log", "tmp"):
        (release / name).mkdir()
    with Progress(store.progress, lock) as progress:
        build = Build(spec, store.prefix, release, store.failure_log(spec["id"]), progress)
        if lock:
            write_atomic(release / "requirements.txt", requirements.rstrip() + "\n")
        manifest.update(content(build))
        progress.phase("finishing")
        store.remove(build.temporary)
        files, size = measure(build.venv)
        flush(release)
        manifest.update(state="installed", files=files, bytes=size, seconds=round(time.monotonic() - started, 1))
        write_json(release / "manifest.json", manifest)


def measure(directory: Path) -> tuple[int, int]:
    """Number and bytes of the regular files below a directory."""
    files = size = 0
    for root, _, names in os.walk(directory):
        for name in names:
            status = os.lstat(os.path.join(root, name))
            if stat.S_ISREG(status.st_mode):
                files += 1
                size += status.st_size
    return files, size


def _keep_log(store: Store, identifier: str) -> None:
    """Keep the log of this failure, and only of this one."""
    kept = store.failure_log(identifier)
    with contextlib.suppress(OSError):
        kept.parent.mkdir(exist_ok=True)
        for other in kept.parent.iterdir():
            other.unlink()
        os.replace(store.release(identifier) / "log" / "install.log", kept)
