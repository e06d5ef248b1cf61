"""Bring what this host needs of a depot: decide, then fetch, and only then say that the manifest was accepted."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from ..errors import DnnreadyError
from ..files import readable
from ..lockfile import held
from . import prune, tools, trust
from .cache import Cache
from .fetch import Fetcher
from .manifest import Entry, Manifest, Repository, project_path
from .source import Source


@dataclass(frozen=True)
class Wish:
    """What to bring, from where, and whom to trust."""

    source: str
    prefix: Path
    locks: Sequence[str] = ()  #: digests, as release specs name them
    codename: str = ""
    architecture: str = ""  #: of packages: amd64
    packages: Sequence[str] = ()  #: names; none for no packages
    uv: bool = False
    project: str = ""  #: the name of one, whose archive is wanted
    signers: Sequence[str] = ()
    revoked: Sequence[str] = ()
    now: float = 0.0  #: 0: the clock of this host
    prune: bool = True
    silence: float = 60.0  #: seconds without a byte, after which a server counts as gone

    @property
    def root(self) -> Path:
        """Where the device keeps what it has of the depot."""
        return self.prefix / "depot"


@dataclass
class _Decision:
    fetch: list[Entry] = field(default_factory=list)
    remove: list[Path] = field(default_factory=list)
    uv: Optional[Entry] = None
    unpack: bool = False
    repository: Optional[Repository] = None
    index: list[Entry] = field(default_factory=list)  #: Packages, where it was fetched already, to ask apt


def sync(wish: Wish, check: bool = False) -> dict[str, Any]:
    """Do it, or in check mode say what would be done. One run at a time; what was fetched before a cut is used."""
    if not wish.prefix.is_absolute():
        raise DnnreadyError(f"The prefix '{wish.prefix}' is no absolute path.", "Give one such as /opt/dnnready.")
    with contextlib.ExitStack() as stack:
        stack.enter_context(readable())
        if not check:
            subject = f"The depot's files below {wish.prefix}"
            stack.enter_context(held(wish.root / ".lock", "fetching from the depot", subject))
            prune.leftovers(wish.root, wish.prefix)
        scratch = _scratch(wish.root, stack, check)
        source = Source(wish.source, wish.silence)
        fetcher = Fetcher(source, (scratch if check else wish.root) / "incoming")
        cache = Cache(wish.root)
        trusted = trust.obtain(fetcher, wish.root, wish.signers, wish.revoked, wish.now)
        before = _listing(wish.root)
        decision = _decide(wish, trusted.manifest, cache, fetcher, scratch, check=check)
        _room(wish.root, decision.fetch)
        if not check:
            try:
                _act(wish, decision, cache, fetcher)
            finally:
                cache.save()
        written = trust.keep(wish.root, trusted, check)
        brought = decision.index + decision.fetch
        after = _after(before, brought, decision, wish)
    return {
        "changed": bool(brought or decision.remove or decision.unpack or written),
        "source": source.shown,
        "serial": trusted.manifest.serial,
        "created": trusted.manifest.created,
        "signer": trusted.signer,
        "fetched": [{"path": entry.path, "bytes": entry.bytes} for entry in brought],
        "bytes_fetched": sum(entry.bytes for entry in brought) if check else fetcher.received,
        "requests": source.requests,
        "wheels": str(wish.root / "wheels"),
        "repository": str(wish.root / decision.repository.path) if decision.repository else "",
        "uv": str(tools.program(wish.prefix, decision.uv)) if decision.uv else "",
        "removed": [str(path.relative_to(wish.prefix)) for path in decision.remove],
        "warnings": trusted.warnings,
        "diff": {"before": _text(before), "after": _text(after)},
    }


def _scratch(root: Path, stack: contextlib.ExitStack, check: bool) -> Path:
    """A directory for a moment; below the prefix it is made when something needs it."""
    if check:
        return Path(stack.enter_context(tempfile.TemporaryDirectory()))
    scratch = root / f"{prune.SCRATCH}{os.getpid()}"
    stack.callback(shutil.rmtree, scratch, ignore_errors=True)
    return scratch


def _decide(wish: Wish, manifest: Manifest, cache: Cache, fetcher: Fetcher, scratch: Path, *, check: bool) -> _Decision:
    decision = _Decision()
    entries = manifest.entries()
    needed = {path: entries[path] for digest in wish.locks for path in _lock(manifest, digest, fetcher)}
    if wish.uv:
        decision.uv = tools.wheel(manifest)
    if decision.uv is not None:
        decision.unpack = not tools.there(wish.prefix, decision.uv, cache)
        decision.remove += tools.others(wish.prefix, decision.uv) if wish.prune else []
    fetch = dict(needed)
    if decision.uv is not None and decision.unpack:
        fetch[decision.uv.path] = decision.uv
    if wish.packages:
        from . import packages  # noqa: PLC0415  brings all of `host`: a sixth of the CPU time of a run that changes nothing

        repository = packages.repository(manifest, wish.codename, wish.architecture)
        entry = entries[repository.index]
        index, fetched = packages.place_index(entry, cache, fetcher, scratch, check)
        decision.index = [entry] if fetched else []
        wanted = packages.wanted(repository, manifest, wish.packages, index, scratch)
        fetch.update({entry.path: entry for entry in wanted})
        decision.repository = repository
        decision.remove += prune.packages(wish.root, repository, manifest) if wish.prune else []
    if wish.project:
        fetch[project_path(wish.project)] = _project(entries, wish.project, fetcher)
    decision.fetch = [entry for _, entry in sorted(fetch.items()) if not cache.whole(entry)]
    if wish.prune:
        # The wheel of uv is not kept: its program is.
        decision.remove += prune.wheels(wish.root, needed.values(), cache)
    return decision


def _lock(manifest: Manifest, digest: str, fetcher: Fetcher) -> Sequence[str]:
    lock = manifest.lock(digest)
    if lock is None:
        raise DnnreadyError(
            f"The depot {fetcher.source.shown} has no wheels for the lock {digest}: it was built from other locks "
            f"({manifest.created}).",
            "Run playbooks/depot.yml again, with the locks and Pythons of this host.",
        )
    return lock.files


def _project(entries: Mapping[str, Entry], name: str, fetcher: Fetcher) -> Entry:
    entry = entries.get(project_path(name))
    if entry is None:
        raise DnnreadyError(
            f"The depot {fetcher.source.shown} holds no project {name}.",
            "Build it with depot_project: docs/pull.md.",
        )
    return entry


def _room(root: Path, fetch: Sequence[Entry]) -> None:
    """Refuse before the first byte what cannot fit."""
    place = root
    while not place.exists():
        place = place.parent
    state = os.statvfs(place)
    partial = sum(_size(root / "incoming" / entry.sha256) for entry in fetch)
    bytes_needed, bytes_free = sum(entry.bytes for entry in fetch) - partial, state.f_bavail * state.f_frsize
    if bytes_needed > bytes_free:
        raise DnnreadyError(
            f"{len(fetch)} files of the depot need {bytes_needed / 1e6:.1f} MB below {root}, and "
            f"{bytes_free / 1e6:.1f} MB are free.",
            "Make room; nothing was fetched.",
        )
    if state.f_files and state.f_favail < len(fetch):
        raise DnnreadyError(
            f"{len(fetch)} files of the depot need as many inodes below {root}, and {state.f_favail} are left.",
            "Remove small files; nothing was fetched.",
        )


def _act(wish: Wish, decision: _Decision, cache: Cache, fetcher: Fetcher) -> None:
    for entry in decision.fetch:
        fetcher.fetch(entry, cache.path(entry))
        cache.learn(entry)
    if decision.uv is not None and decision.unpack:
        tools.unpack(wish.prefix, decision.uv, cache.path(decision.uv), cache)
        if wish.prune:
            prune.remove(cache.path(decision.uv))
    for path in decision.remove:
        prune.remove(path)
    # What is left here belongs to files that nobody wants any more.
    shutil.rmtree(wish.root / "incoming", ignore_errors=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _listing(root: Path) -> dict[str, int]:
    """Path and size of what is there, for the diff."""
    found = [*root.glob("wheels/*.whl"), *root.glob("apt/*/*"), *root.glob("project/*.tar.gz")]
    return {str(path.relative_to(root)): _size(path) for path in found if not path.name.startswith(".")}


def _after(before: dict[str, int], brought: Sequence[Entry], decision: _Decision, wish: Wish) -> dict[str, int]:
    gone = {os.path.relpath(path, wish.root) for path in decision.remove}
    after = {path: size for path, size in before.items() if path not in gone}
    after.update({entry.path: entry.bytes for entry in brought})
    if decision.uv is not None and decision.unpack and wish.prune:
        after.pop(decision.uv.path, None)
    return after


def _text(listing: dict[str, int]) -> str:
    return "".join(f"{path} {size} bytes\n" for path, size in sorted(listing.items()))
