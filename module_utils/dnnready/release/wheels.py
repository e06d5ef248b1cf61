"""Install the wheels of a lock into the venv of a release."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import DnnreadyError
from .build import Build
from .explain import not_found
from .lock import Lock, normalize

#: What to import for a probe.
FRAMEWORKS = {"pytorch": "torch", "tensorflow": "tensorflow"}


def install(build: Build, lock: Lock, index_url: str) -> dict[str, Any]:
    """Make the venv hold exactly what the lock pins; returns what the manifest says of it.

    pip's own configuration (environment, pip.conf) decides where wheels come from; every file must match its hash.
    """
    base = build.make_venv("--without-pip")
    python = str(build.venv / "bin" / "python")
    answer = build.ask(python)
    packages = Path(answer["packages"])
    pip, version = _pip(build, python, answer)
    # What is there by now is a tool, not content: it goes in the end, so that nothing changes the release.
    tools = {item["name"] for item in installed(packages)}
    build.progress.watch(build.temporary, packages)
    _install(build, lock, index_url, pip)
    build.progress.phase("finishing")
    _warm(build, python)
    superfluous = sorted(tools - {requirement.name for requirement in lock.requirements})
    if superfluous:
        done = build.attempt([*pip, "uninstall", "--yes", *superfluous])
        build.require(done, f"Taking {', '.join(superfluous)} out of the venv")
    found = installed(packages)
    _compare(lock, found)
    return {
        "distributions": found,
        "interpreter": {"path": base["path"], "version": base["version"]},
        "installer": {"name": "pip", "version": version},
    }


def _pip(build: Build, python: str, answer: Mapping[str, Any]) -> tuple[list[str], str]:
    """The command line of a pip for the venv, and its version.

    ensurepip brings pip as a wheel, and pip runs from its wheel: half the CPU time of a small stack is saved by not
    installing it. Where there is no such wheel, ensurepip does what it always does.
    """
    if answer["pip"]:
        wheel = answer["pip"][0]
        return [python, os.path.join(wheel, "pip")], os.path.basename(wheel).split("-")[1]
    build.require(build.attempt([python, "-m", "ensurepip"]), f"Giving the venv of {build.spec['python']} a pip")
    found = {item["name"]: item["version"] for item in installed(Path(answer["packages"]))}
    return [python, "-m", "pip"], found.get("pip", "")


def _install(build: Build, lock: Lock, index_url: str, pip: Sequence[str]) -> None:
    # --no-compile halves the CPU time: see _warm.
    command = [*pip, "install", "--require-hashes", "--only-binary", ":all:", "--no-compile"]
    command += ["--progress-bar", "off", *(["--no-deps"] if lock.listed else [])]
    file = ["-r", str(build.release / "requirements.txt")]
    done = build.attempt([*command, *file], on_line=build.progress.line)
    # The extra index is asked only now: where pip's own sources have everything (a wheelhouse, a mirror), it need not
    # be reachable, and pip waits long for an index that is not.
    if not done.ok and index_url and not_found(done):
        done = build.attempt([*command, "--extra-index-url", index_url, *file], on_line=build.progress.line)
    build.require(done, f"Installing the wheels of {build.spec['stack']}")


def _warm(build: Build, python: str) -> None:
    """Import the frameworks once, so that their bytecode is there for users who may not write here.

    Compiling what an import needs costs a tenth of compiling everything, and saves torch half of its start. Whether
    the frameworks work is not asked here: that is the proof's matter.
    """
    environment = {name: value for name, value in build.environment.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for probe in build.spec["probes"]:
        if probe in FRAMEWORKS:
            build.attempt([python, "-c", f"import {FRAMEWORKS[probe]}"], environment=environment, timeout=300)


def installed(packages: Path) -> list[dict[str, str]]:
    """Name and version of every distribution in a site-packages directory, sorted by name.

    Read from the directories' names (`torch-2.13.0+cpu.dist-info`), as pip does.
    """
    found = []
    for entry in os.listdir(packages):
        match = re.fullmatch(r"(.+)-([^-]+)\.dist-info", entry)
        if match:
            found.append({"name": normalize(match.group(1)), "version": match.group(2)})
    return sorted(found, key=lambda item: item["name"])


def _compare(lock: Lock, found: Sequence[Mapping[str, str]]) -> None:
    """Refuse a venv that does not hold what the lock pins; a line with a marker may rightly be absent."""
    names = {item["name"] for item in found}
    pinned = {requirement.name for requirement in lock.requirements}
    needed = {requirement.name for requirement in lock.requirements if not requirement.marker}
    if needed - names:
        raise DnnreadyError(f"pip ended well, but is missing: {', '.join(sorted(needed - names))}.", "Run again.")
    if names - pinned:
        raise DnnreadyError(
            f"pip installed more than the lock pins: {', '.join(sorted(names - pinned))}.", "Compile it completely."
        )
