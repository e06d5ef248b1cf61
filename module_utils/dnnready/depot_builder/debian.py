"""Debian packages with everything that they depend on, chosen and fetched by an apt that sees nothing of this machine.

Its status file is empty, so that all dependencies are missing: a device may have older versions of any of them. They
are kept to the last one, `Essential` too: `perl` wants its `perl-base` to the point release, and a device takes no more
than it needs. apt checks the archive's signature, and every file against the signed index.
"""

from __future__ import annotations

import os
import re
import shutil
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import DnnreadyError
from ..files import sha256_file, write_atomic
from ..process import Completed, run
from .stanza import Package, packages

#: apt's settings of this machine that an isolated apt needs too: how to reach the network, and nothing that runs hooks.
_KEPT = re.compile(r"Acquire::(?:https?::|ftp::|Retries\b|ForceIPv[46]\b|Check-Valid-Until\b)", re.IGNORECASE)
#: Debian Policy 5.6.1.
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+\Z")
_URI = re.compile(r"'[^']+' (?P<file>\S+) (?P<size>[0-9]+) ?\S*\Z")
_FILE = re.compile(r"(?P<name>[^_]+)_(?P<version>[^_]+)_[^_]+\.deb\Z")
_UPDATE_PATIENCE = 1800.0
_FETCH_PATIENCE = 6 * 3600.0


def available() -> bool:
    """Whether this machine has the apt that is needed."""
    return bool(shutil.which("apt-get") and shutil.which("apt-cache"))


class Apt:
    """apt for one release and architecture, with state of its own below `root`, which may be kept between runs."""

    def __init__(self, root: Path, architecture: str, sources: Sequence[str]) -> None:
        self._root = root
        if '"' in str(root) or "\n" in str(root):
            raise DnnreadyError(f"apt cannot be told of the directory {root!s}: it has a quotation mark.", "")
        for part in ("state/lists/partial", "cache/archives/partial"):
            (root / part).mkdir(parents=True, exist_ok=True)
        write_atomic(root / "status", "")
        write_atomic(root / "sources.list", "".join(f"{line}\n" for line in sources))
        write_atomic(root / "apt.conf", self._configuration(architecture))
        self._environment = {**os.environ, "LC_ALL": "C", "APT_CONFIG": str(root / "apt.conf")}

    def _configuration(self, architecture: str) -> str:
        environment = {name: value for name, value in os.environ.items() if name != "APT_CONFIG"}
        dumped = run(["apt-config", "dump", "Acquire"], env=environment, timeout=60).stdout.splitlines()
        root = self._root
        return "\n".join(
            [
                *(line for line in dumped if _KEPT.match(line)),
                'Dir::Etc::main "/dev/null";',
                'Dir::Etc::parts "/dev/null";',
                'Dir::Etc::preferences "/dev/null";',
                'Dir::Etc::preferencesparts "/dev/null";',
                'Dir::Etc::sourceparts "/dev/null";',
                f'Dir::Etc::sourcelist "{root}/sources.list";',
                f'Dir::State "{root}/state";',
                f'Dir::State::status "{root}/status";',
                f'Dir::Cache "{root}/cache";',
                f'APT::Architecture "{architecture}";',
                "#clear APT::Architectures;",
                f'APT::Architectures {{ "{architecture}"; }};',
                'APT::Install-Recommends "false";',
                'APT::Sandbox::User "root";',
                'APT::Update::Error-Mode "any";',
                "#clear Acquire::Languages;",
                'Acquire::Languages "none";',
                'Acquire::Retries "3";',
                "",
            ]
        )

    def _run(self, command: Sequence[str], patience: float, what: str) -> str:
        done = run(command, env=self._environment, timeout=patience)
        if not done.ok:
            raise _explained(done, what)
        return done.stdout

    def update(self) -> None:
        """Fetch the archive's indexes; only what changed is sent."""
        self._run(["apt-get", "-qq", "update"], _UPDATE_PATIENCE, "apt cannot read the archive's indexes")

    def known(self, names: Sequence[str]) -> list[str]:
        """Those of the names that the archive has; DnnreadyError for what cannot be a name."""
        for name in names:
            if not _NAME.match(name):
                raise DnnreadyError(f"'{name}' is no name of a Debian package.", "Correct depot_packages.")
        said = self._run(["apt-cache", "madison", *names], 120, "apt cannot look packages up")
        there = {line.split("|", 1)[0].strip() for line in said.splitlines()}
        return [name for name in names if name in there]

    def closure(self, names: Sequence[str]) -> list[Package]:
        """The packages and all that they depend on, sorted by file name."""
        if not names:
            return []
        said = self._run(
            ["apt-get", "-qq", "--yes", "--print-uris", "install", *names], 300, f"apt cannot choose {', '.join(names)}"
        )
        wanted = versions(said)
        asked = [f"{name}={version}" for name, version in sorted(wanted.items())]
        return packages(self._run(["apt-cache", "show", *asked], 300, "apt cannot describe packages"), wanted)

    def fetch(self, names: Sequence[str], chosen: Sequence[Package], depot: Path, incoming: Path) -> None:
        """Put what `depot` (a directory of .deb files) lacks of the closure there, whole and checked.

        What is there already is shared with `incoming`, which is on the same file system, so that apt sees it.
        """
        (incoming / "partial").mkdir(parents=True, exist_ok=True)
        places = {package.file: incoming / archive_name(package) for package in chosen}
        for package in chosen:
            if whole(depot / package.file, package) and not places[package.file].exists():
                _share(depot / package.file, places[package.file])
        self._run(
            ["apt-get", "-qq", "--yes", "--download-only", f"-oDir::Cache::archives={incoming}", "install", *names],
            _FETCH_PATIENCE,
            "apt cannot fetch packages",
        )
        for package in chosen:
            source = places[package.file]
            if not whole(source, package):
                raise DnnreadyError(f"apt fetched another {package.file} than the index says.", "Run again.")
            if whole(depot / package.file, package):
                source.unlink()
                continue
            with source.open("rb") as stream:
                os.fsync(stream.fileno())
            source.chmod(0o644)
            source.replace(depot / package.file)


def versions(printed: str) -> Mapping[str, str]:
    """Name to version, from what `apt-get --print-uris` prints."""
    found = {}
    for line in printed.splitlines():
        uri = _URI.match(line.strip())
        file = _FILE.match(uri.group("file")) if uri else None
        if file:
            found[file.group("name")] = urllib.parse.unquote(file.group("version"))
    return found


def archive_name(package: Package) -> str:
    """The name that apt gives to the file in its cache: unlike in the pool, with the epoch."""
    version = package.version.replace("%", "%25").replace(":", "%3a").replace("_", "%5f")
    return f"{package.name}_{version}_{package.architecture}.deb"


def _share(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a stick's file system has no links
        shutil.copyfile(source, target)


def whole(path: Path, package: Package) -> bool:
    """Whether the file is there and is what the index says."""
    return path.is_file() and path.stat().st_size == package.bytes and sha256_file(path) == package.sha256


def _explained(done: Completed, what: str) -> DnnreadyError:
    said = " ".join(line for line in done.stderr.splitlines() if line.startswith(("E:", "W:", "Err")))[-1200:]
    if "No space left" in done.stderr or "enough free space" in done.stderr:
        return DnnreadyError(f"The disk is full: {what}.", "Make room, and run again: it goes on.")
    if "NO_PUBKEY" in done.stderr or "not signed" in done.stderr:
        return DnnreadyError(
            f"{what}: {said}", "The archive's key is not known here: install debian-archive-keyring of a newer release."
        )
    return DnnreadyError(f"{what}: {said}", "Is the mirror reachable? depot_apt_sources names another.")
