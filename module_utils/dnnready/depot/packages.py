"""Which packages of the depot this host needs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import DnnreadyError
from ..host.machine import Machine
from ..host.packages import check_names, probe
from . import apt
from .cache import Cache
from .fetch import Fetcher
from .manifest import Entry, Manifest, Repository


def repository(manifest: Manifest, codename: str, architecture: str) -> Repository:
    """The repository for a release of the distribution."""
    for found in manifest.repositories:
        if (found.codename, found.architecture) == (codename, architecture):
            return found
    has = ", ".join(f"{found.codename} {found.architecture}" for found in manifest.repositories) or "none at all"
    raise DnnreadyError(
        f"The depot has no packages for {codename} {architecture}; it has {has}.",
        "Add it to dnnready_depot_distributions and run playbooks/depot.yml again.",
    )


def wanted(found: Repository, manifest: Manifest, names: Sequence[str], index: Path, scratch: Path) -> list[Entry]:
    """The files that apt would take from the repository for `names`, as this host is now.

    index: the Packages of the repository, in a directory that apt may read.
    """
    check_names(names)
    # Only what is missing: apt would also bring newer versions of what is there.
    missing = probe(Machine(), names)["missing"]
    if not missing:
        return []
    entries = manifest.entries()
    files = [f"{found.path}/{name}" for name in apt.needed(index.parent, scratch, missing)]
    for path in files:
        if path not in entries:
            raise DnnreadyError(f"{found.index} names {path}, which the manifest does not.", "Build the depot again.")
    return [entries[path] for path in files]


def place_index(entry: Entry, cache: Cache, fetcher: Fetcher, scratch: Path, check: bool) -> tuple[Path, bool]:
    """Where Packages lies by now, and whether it had to be fetched; in check mode it is fetched into `scratch`."""
    if cache.whole(entry):
        return cache.path(entry), False
    target = scratch / entry.path if check else cache.path(entry)
    fetcher.fetch(entry, target)
    return target, True
