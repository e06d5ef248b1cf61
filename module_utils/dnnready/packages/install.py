"""Installs the packages that are missing, and notes them before the act.

apt is asked what it would do first: all that comes new, dependencies too, is in the footprint before dpkg starts.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from .. import footprint
from ..errors import DnnreadyError
from . import dpkg, trouble
from .apt import Apt, opened, would_install
from .dpkg import Package, Wanted
from .repair import settle


@dataclass(frozen=True)
class Request:
    """What is asked for."""

    packages: tuple[Wanted, ...]
    prefix: str = ""  #: whose footprint notes the packages; empty for none
    stack: str = ""
    repository: str = ""  #: a directory with Packages and .deb files; empty for apt's own sources
    lock_timeout: int = 300  #: seconds
    timeout: float = 1800  #: seconds for each run of apt


@dataclass
class Outcome:
    """What was done."""

    missing: list[str]
    installed: list[Package] = field(default_factory=list)
    repaired: bool = False  #: an interrupted dpkg was repaired
    updated: bool = False  #: the lists were fetched


def missing(request: Request) -> list[Wanted]:
    """What is asked for and not installed. Raises DnnreadyError on a host without dpkg."""
    if not shutil.which("dpkg-query"):
        raise DnnreadyError(
            f"Packages are needed and this host has no dpkg: {trouble.shown(request.packages)}.",
            "Install their counterparts, and take them out of the stack's definition.",
        )
    return dpkg.missing(request.packages, dpkg.status())


def install(request: Request) -> Outcome:
    """Install what is missing. Nothing missing: no apt at all."""
    lacking = missing(request)
    outcome = Outcome([str(one) for one in lacking])
    if lacking:
        _need_root(lacking)
        with opened(request.repository, request.lock_timeout, request.timeout) as apt:
            _install(request, lacking, apt, outcome)
    return outcome


def _need_root(lacking: list[Wanted]) -> None:
    if os.geteuid() != 0:
        names = trouble.shown(lacking)
        raise DnnreadyError(
            f"Packages are missing, and only root may install them: {names}.",
            f"Have root run: apt-get install --no-install-recommends {names.replace(',', '')}",
        )


def _install(request: Request, lacking: list[Wanted], apt: Apt, outcome: Outcome) -> None:
    what = f"Cannot install {trouble.shown(lacking)}"
    outcome.repaired = settle(what, request.lock_timeout, request.timeout)
    before = dpkg.status()
    _reconcile(request.prefix, before)
    lacking = dpkg.missing(lacking, before)
    if not lacking:
        return
    earlier = _update(apt, outcome) if not apt.fresh() else ""
    rehearsal = apt.install(lacking, rehearse=True)
    if not rehearsal.ok and trouble.unknown(rehearsal) and not outcome.updated:
        earlier = _update(apt, outcome)
        rehearsal = apt.install(lacking, rehearse=True)
    if not rehearsal.ok:
        raise trouble.explain(rehearsal, what, request.repository, earlier)
    _note(request, would_install(rehearsal.stdout), before)
    done = apt.install(lacking)
    if not done.ok and trouble.unknown(done) and not outcome.updated:  # the mirror moved on since the lists came
        earlier = _update(apt, outcome)
        _note(request, would_install(apt.install(lacking, rehearse=True).stdout), before)
        done = apt.install(lacking)
    after = dpkg.status()
    _reconcile(request.prefix, after)
    outcome.installed = dpkg.newly(before, after)
    if not done.ok:
        raise trouble.explain(done, what, request.repository, earlier)
    left = dpkg.missing(lacking, after)
    if left:
        raise DnnreadyError(
            f"apt installed no package of this name: {trouble.shown(left)}.",
            "A name that other packages provide is none: name one of them.",
        )


def _update(apt: Apt, outcome: Outcome) -> str:
    """Fetch the lists; returns what was said where that failed. A source that nobody needs here may be broken."""
    outcome.updated = True
    done = apt.update()
    return "" if done.ok else f"{done.stderr}\n{done.stdout}"


def _note(request: Request, versions: Mapping[str, str], before: Mapping[str, Package]) -> None:
    """Note the packages that come, without a version: it is not certain yet that they will."""
    if not request.prefix:
        return
    asked = {one.name.partition(":")[0] for one in request.packages}
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    footprint.note(
        request.prefix,
        packages=[
            {
                "name": name,
                "version": "",
                "manual": name.partition(":")[0] in asked,
                "when": now,
                "stack": request.stack,
                "purge": name not in before,
            }
            for name in versions
        ],
    )


def _reconcile(prefix: str, known: Mapping[str, Package]) -> None:
    """Say of the noted packages without a version what became of them, also in a run that was cut."""
    if not prefix or not os.path.isdir(prefix):
        return
    open_notes = [package for package in footprint.read(prefix)["packages"] if not package["version"]]
    there = {package["name"]: known.get(package["name"]) for package in open_notes}
    footprint.forget(
        prefix, [name for name, package in there.items() if package is None or package.state == "config-files"]
    )
    footprint.note(
        prefix,
        packages=[
            {**noted, "version": package.version}
            for noted in open_notes
            if (package := there[noted["name"]]) is not None and package.state == "installed"
        ],
    )
