"""Runs apt-get: from apt's own sources, or from one flat repository of a depot and nothing else."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ..depot.apt import options
from ..errors import DnnreadyError
from ..process import Completed, run
from .dpkg import Wanted, environment

_LISTS = Path("/var/lib/apt/lists")
#: Each of them is touched when lists were fetched; a list itself has the mirror's time.
_STAMPS = (_LISTS, _LISTS / "partial", Path("/var/lib/apt/periodic/update-success-stamp"))
#: Seconds for which lists count as fresh.
_FRESH = 3600
_KEEP_CONFIGURATION = ("Dpkg::Options::=--force-confdef", "Dpkg::Options::=--force-confold")
#: `Inst name [old version] (version origin [architecture])`: without the old version it is a new package.
_INSTALLED = re.compile(r"^Inst (\S+) \((\S+)", re.MULTILINE)
_TOUCHED = re.compile(r"^(?:Remv|Purg|Inst) (\S+)", re.MULTILINE)
#: apt waits for dpkg's lock by itself, and not for that of the lists.
_LISTS_LOCKED = re.compile(r"Could not get lock \S*/(?:lists|archives)/lock")


@dataclass(frozen=True)
class Apt:
    """How apt-get is run. `own` are options for a repository of a depot; empty for the host's sources."""

    own: tuple[str, ...]
    lock_timeout: int
    timeout: float

    def run(self, *words: str) -> Completed:
        """Run apt-get; waits while another one holds a lock."""
        settings = [
            f"DPkg::Lock::Timeout={self.lock_timeout}",
            "APT::Get::AutomaticRemove=false",
            "Acquire::Retries=2",
            *_KEEP_CONFIGURATION,
        ]
        command = [
            "apt-get",
            "--yes",
            "--quiet",
            *self.own,
            *(word for each in settings for word in ("-o", each)),
            *words,
        ]
        until = time.monotonic() + self.lock_timeout
        while True:
            done = run(command, env=environment(), timeout=self.timeout)
            if done.ok or not _LISTS_LOCKED.search(done.stderr) or time.monotonic() > until:
                return done
            time.sleep(1)

    def update(self) -> Completed:
        """Fetch the lists of packages; a source that cannot be read is a failure and not a warning."""
        return self.run("update", "-o", "APT::Update::Error-Mode=any")

    def install(self, asked: Sequence[Wanted], *, rehearse: bool = False) -> Completed:
        """Install packages without what they only recommend, and remove none."""
        extra = ["--simulate"] if rehearse else []
        return self.run("install", "--no-install-recommends", "--no-remove", *extra, "--", *map(str, asked))

    def remove(self, names: Sequence[str], *, rehearse: bool = False) -> Completed:
        """Remove packages and what depends on them."""
        return self.run("remove", *(["--simulate"] if rehearse else []), "--", *names)

    def fresh(self) -> bool:
        """Whether lists are there that were fetched within the hour."""
        if self.own:
            return False
        if not any(_LISTS.glob("*Packages*")):
            return False
        return max(_changed(stamp) for stamp in _STAMPS) > time.time() - _FRESH


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


@contextmanager
def opened(repository: str = "", lock_timeout: int = 300, timeout: float = 1800) -> Iterator[Apt]:
    """apt-get with the host's sources, or with `repository` alone: a directory with Packages and .deb files."""
    if not repository:
        yield Apt((), lock_timeout, timeout)
        return
    place = Path(repository)
    if not place.is_absolute() or not (place / "Packages").is_file():
        raise DnnreadyError(
            f"{repository} is no repository of packages: it has no Packages.",
            "The depot has none for this distribution and architecture: build it with them, and fetch it again.",
        )
    with TemporaryDirectory(prefix="dnnready-apt-") as scratch:
        yield Apt(tuple(options(place, Path(scratch))), lock_timeout, timeout)


def would_install(rehearsal: str) -> dict[str, str]:
    """The new packages of a rehearsal, with their versions."""
    return dict(_INSTALLED.findall(rehearsal))


def would_touch(rehearsal: str) -> set[str]:
    """The packages that a rehearsal removes, installs or upgrades: apt may bring another one for what it removes."""
    return set(_TOUCHED.findall(rehearsal))
