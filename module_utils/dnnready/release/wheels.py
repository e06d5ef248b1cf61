"""Install the wheels of a lock into the venv of a release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import DnnreadyError
from ..process import Completed
from . import pip, uv
from .build import Build, without_credentials
from .distributions import installed
from .explain import not_found
from .lock import Lock
from .means import Means
from .neighbours import Neighbour, neighbours
from .seed import Taken, seed
from .share import share

#: What to import for a probe.
FRAMEWORKS = {"pytorch": "torch", "tensorflow": "tensorflow"}


def install(build: Build, lock: Lock, means: Means, *, fresh: bool) -> dict[str, Any]:
    """Make the venv hold exactly what the lock pins; returns what the manifest says of it.

    What other releases have is taken from there, unless everything shall be `fresh`. Everything else is installed from
    where `means` or pip's own configuration (environment, pip.conf) says; every file must match its hash.
    """
    base = build.make_venv("--without-pip")
    python = str(build.venv / "bin" / "python")
    answer = build.ask(python)
    packages = Path(answer["packages"])
    others = neighbours(build.prefix, build.release, build.spec["tag"], str(packages.relative_to(build.venv)))
    taken = [] if fresh else _seed(build, lock, packages, others)
    # All of another release of the same lock: an installer looked at it there.
    whole = len(taken) == 1 and taken[0].other.lock.sha256 == lock.sha256 and not _missing(lock, installed(packages))
    installer = taken[0].other.installer if whole else _fill(build, lock, means, answer)
    build.progress.phase("finishing")
    document: dict[str, Any] = {
        "distributions": installed(packages),
        "interpreter": {"path": base["path"], "version": base["version"]},
        "installer": installer,
        "index_url": without_credentials(means.index_url),
        "wheels": means.wheels,
        "seeded": [one.document() for one in taken],
    }
    _compare(lock, document["distributions"], installer["name"])
    if means.share:
        # Before any module is compiled: bytecode names the time of its module, and a link has the other one's.
        files, size = share(build.venv, packages, others)
        document["shared"] = {"files": files, "bytes": size}
    if not whole:  # else the bytecode came along
        warm(build, python)
    return document


def _seed(build: Build, lock: Lock, packages: Path, others: Sequence[Neighbour]) -> list[Taken]:
    build.progress.phase("seeding")
    taken, told = seed(lock, build.venv, packages, others)
    lines = [
        f"{len(one.distributions)} distributions, {one.files} files, {one.size} bytes "
        f"taken from {one.other.stack} {one.other.identifier}"
        for one in taken
    ]
    build.note([*lines, *told])
    return taken


def _fill(build: Build, lock: Lock, means: Means, answer: Mapping[str, Any]) -> dict[str, str]:
    """Install what is missing; which installer did it. It also looks whether what is there fits together."""
    python, packages = str(build.venv / "bin" / "python"), Path(answer["packages"])
    before = {item["name"] for item in installed(packages)}
    installer = uv.prepare(build, python, means) or pip.prepare(build, python, answer, means)
    # What came with pip is a tool, not content: it goes in the end, so that nothing changes the release.
    tools = {item["name"] for item in installed(packages)} - before
    build.progress.watch(build.temporary, packages, uv.unpacked(build) if installer.name == "uv" else None)
    file = build.release / "requirements.txt"
    environment = installer.environment

    def attempt(index: str) -> Completed:
        command = installer.command(file, listed=lock.listed, index_url=index)
        return build.attempt(command, on_line=build.progress.line, environment=environment)

    done = attempt("")
    # The extra index is asked only now: where the other sources have everything (a wheelhouse, a mirror), it need not
    # be reachable, and pip waits long for an index that is not.
    if not done.ok and means.index_url and not means.wheels and not_found(done):
        done = attempt(means.index_url)
    build.require(done, f"Installing the wheels of {build.spec['stack']}")
    (build.venv / ".lock").unlink(missing_ok=True)  # uv's
    superfluous = sorted(tools - {requirement.name for requirement in lock.requirements})
    if superfluous:
        done = build.attempt([*installer.program, "uninstall", "--yes", *superfluous])
        build.require(done, f"Taking {', '.join(superfluous)} out of the venv")
    return {"name": installer.name, "version": installer.version}


def warm(build: Build, python: str) -> None:
    """Import the frameworks once, so that their bytecode is there for users who may not write here.

    Compiling what an import needs costs a tenth of compiling everything, and saves torch half of its start. Whether
    the frameworks work is not asked here: that is the proof's matter.
    """
    environment = {name: value for name, value in build.environment.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for probe in build.spec["probes"]:
        if probe in FRAMEWORKS:
            build.attempt([python, "-c", f"import {FRAMEWORKS[probe]}"], environment=environment, timeout=300)


def _compare(lock: Lock, found: Sequence[Mapping[str, str]], installer: str) -> None:
    """Refuse a venv that does not hold what the lock pins; a line with a marker may rightly be absent."""
    missing = _missing(lock, found)
    if missing:
        raise DnnreadyError(f"{installer} ended well, but is missing: {', '.join(missing)}.", "Run again.")
    more = sorted({item["name"] for item in found} - {requirement.name for requirement in lock.requirements})
    if more:
        raise DnnreadyError(
            f"{installer} installed more than the lock pins: {', '.join(more)}.", "Compile it completely."
        )


def _missing(lock: Lock, found: Sequence[Mapping[str, str]]) -> list[str]:
    """What has to be there and is not."""
    needed = {requirement.name for requirement in lock.requirements if not requirement.marker}
    return sorted(needed - {item["name"] for item in found})
