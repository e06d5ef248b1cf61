"""Two states of a signed depot with real wheels, each on a web server of this process, for the kills of a sync."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.unit.depot import depots, server

#: The wheels of each state: one stays, some go, some come. Their beginnings; versions follow the locks.
FIRST = ("onednn_cpu_gomp", "keras", "markdown_it_py", "six")
SECOND = ("onednn_cpu_gomp", "h5py", "libclang", "pygments", "six")


@dataclass(frozen=True)
class Served:
    """One state of the depot as a device is told of it."""

    name: str
    url: str
    signer: str
    locks: Sequence[str]


class Depots:
    """Makes both states, signed by one key; the servers end with the process."""

    def __init__(self, scratch: Path, wheelhouse: Path) -> None:
        self.scratch = scratch
        self.wheelhouse = wheelhouse
        self.key: Path | None = None
        self.servers = ExitStack()

    def first(self) -> Served:
        """What the host has fetched before."""
        return self._serve("first", FIRST, 1000, "0.13.8")

    def second(self) -> Served:
        """What it is to fetch: two wheels go, three come, the installer is a newer one."""
        return self._serve("second", SECOND, 2000, "0.13.9")

    def _serve(self, name: str, wheels: Sequence[str], serial: int, uv: str) -> Served:
        if self.key is None:
            self.key = depots.key(self.scratch, "depot-key")
        directory = self.scratch / f"depot-{name}"
        directory.mkdir()
        made = depots.Made(directory, self.key, serial=serial)
        paths = []
        for wheel in self._wheels(wheels):
            project, version = re.match(r"(.+?)-([^-]+)-", wheel.name).groups()  # type: ignore[union-attr]  # a wheel's name
            made.add(f"wheels/{wheel.name}", wheel.read_bytes(), name=project, version=version)
            paths.append(f"wheels/{wheel.name}")
        lock = hashlib.sha256(name.encode()).hexdigest()
        made.locks[lock] = ("onednn", paths)
        made.add_uv(uv)
        made.write()
        served = self.servers.enter_context(server.serve(directory))
        return Served(name, served.url, depots.public(self.key), [lock])

    def _wheels(self, names: Sequence[str]) -> Iterator[Path]:
        for name in names:
            found = sorted(self.wheelhouse.glob(f"{name}-*.whl"))
            if not found:
                raise FileNotFoundError(f"There is no wheel of {name} in {self.wheelhouse}: run `make test-host`.")
            yield found[0]
