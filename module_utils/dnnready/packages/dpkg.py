"""What dpkg knows of this host's packages, and names and versions as Debian allows them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import DnnreadyError
from ..host.packages import check_names
from ..process import Completed, run

#: Debian Policy 5.6.12: an epoch, the version, a revision.
_VERSION = re.compile(r"([0-9]+:)?[0-9][A-Za-z0-9.+~-]*\Z")
#: Where dpkg keeps what it has not merged into its database yet: files with numbers for names.
_JOURNAL = "/var/lib/dpkg/updates"
_UNFINISHED = frozenset({"half-installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending"})
_FORMAT = "${Package}\\t${Architecture}\\t${Version}\\t${db:Status-Status}\\n"


@dataclass(frozen=True)
class Package:
    """A package that dpkg knows."""

    name: str  #: with its architecture where that is not the host's own
    version: str
    state: str  #: `installed`, `config-files`, ... : dpkg-query(1), Status-Status


@dataclass(frozen=True)
class Wanted:
    """A package that is asked for, in any version where none is named."""

    name: str
    version: str = ""

    def __str__(self) -> str:
        return f"{self.name}={self.version}" if self.version else self.name


def environment() -> dict[str, str]:
    """The environment of dpkg and apt: no questions, no pagers, messages in English."""
    return {
        **os.environ,
        "DEBIAN_FRONTEND": "noninteractive",
        "APT_LISTCHANGES_FRONTEND": "none",
        "NEEDRESTART_MODE": "l",
        "LC_ALL": "C.UTF-8",
    }


def wanted(texts: Iterable[str]) -> list[Wanted]:
    """What is asked for as `name` or `name=version`; DnnreadyError where dpkg or apt would read something else."""
    found = []
    for text in dict.fromkeys(texts):
        name, equals, version = text.partition("=")
        check_names([name])
        if name.endswith("-"):  # apt-get would remove it
            raise DnnreadyError(f"'{name}' is no name of a Debian package.", "Correct the list `packages`.")
        if equals and (version.endswith("-") or not _VERSION.match(version)):
            raise DnnreadyError(
                f"'{version}' is no version of a Debian package ({text}).", "Correct the list `packages`."
            )
        found.append(Wanted(name, version))
    return found


def status() -> dict[str, Package]:
    """All packages that dpkg knows, by name.

    Raises DnnreadyError on a host without dpkg.
    """
    done = run(["dpkg-query", "--show", f"--showformat={_FORMAT}"], env=environment(), timeout=60)
    if not done.ok:
        raise DnnreadyError(
            f"dpkg-query failed: {done.stderr.strip()[-300:] or done.signal}.", "Look at /var/lib/dpkg."
        )
    return parse(done.stdout)


def parse(text: str) -> dict[str, Package]:
    """The packages in what dpkg-query prints."""
    rows = [line.split("\t") for line in text.splitlines() if line.count("\t") == len(_FORMAT.split("\\t")) - 1]
    own = next((architecture for name, architecture, _, _ in rows if name == "dpkg"), "")
    found = {}
    for name, architecture, version, state in rows:
        if state == "not-installed":
            continue
        full = name if architecture in (own, "all") else f"{name}:{architecture}"
        found[full] = Package(full, version, state)
        if architecture == own:  # libc6:amd64 is asked for by that name too
            found.setdefault(f"{name}:{own}", Package(full, version, state))
    return found


def missing(asked: Iterable[Wanted], known: dict[str, Package]) -> list[Wanted]:
    """Those that are not installed, or not in the version that is asked for."""
    lacking = []
    for one in asked:
        package = known.get(one.name)
        if package is None or package.state != "installed" or one.version not in ("", package.version):
            lacking.append(one)
    return lacking


def interrupted(known: dict[str, Package], journal: str = _JOURNAL) -> bool:
    """Whether a run of dpkg was cut, or is at work: apt refuses everything until it is repaired, or ends."""
    try:
        pending = any(entry.name.isdigit() for entry in Path(journal).iterdir())
    except OSError:
        pending = False
    return pending or any(package.state in _UNFINISHED for package in known.values())


def repair(timeout: float) -> Completed:
    """End what an interrupted dpkg began; the administrator's configuration files stay."""
    return run(["dpkg", "--force-confdef", "--force-confold", "--configure", "-a"], env=environment(), timeout=timeout)


def newly(before: dict[str, Package], after: dict[str, Package]) -> list[Package]:
    """The packages that are installed now and were not, by name."""
    fresh = {
        package.name: package
        for name, package in after.items()
        if package.state == "installed" and (name not in before or before[name].state != "installed")
    }
    return [fresh[name] for name in sorted(fresh)]
