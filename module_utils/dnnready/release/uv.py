"""uv as the installer of a release: the same result as pip's for a tenth to a third of the CPU time."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Optional

from ..errors import DnnreadyError
from ..process import run
from .build import Build
from .installer import COMMON, Installer, only_from
from .means import Means
from .sources import configured, for_uv

#: The oldest one that knows all options used here (`--default-index` came with 0.4.23).
OLDEST = (0, 4, 23)


def find(prefix: Path, given: str, path: str) -> list[str]:
    """Where a uv may be, the best first: the given one, else the newest below the prefix, then the one on PATH."""
    if given:
        return [given]
    below = sorted(prefix.glob("tools/uv/*/uv"), key=lambda program: _numbers(program.parent.name), reverse=True)
    on_path = shutil.which("uv", path=path)
    return [*map(str, below), *([on_path] if on_path else [])]


def prepare(build: Build, python: str, means: Means) -> Optional[Installer]:
    """A uv that runs here, where it is the right installer; None where pip is.

    Left to itself (`auto`) dnnready takes uv where a directory of wheels is given, or pip has no configuration of its
    own about where to look. Otherwise pip: it goes on with a wheelhouse when an index is out of reach, uv ends there.
    A uv that is asked for by name gets pip's configuration translated.
    """
    settings = {} if means.wheels else configured(build.environment)
    if means.installer == "pip" or (means.installer == "auto" and settings):
        return None
    environment = _environment(build)
    candidates = find(build.prefix, means.uv, environment.get("PATH", os.defpath))
    whys = []
    for program in candidates:
        version, why = _version(program, environment)
        if version:
            break
        whys.append(why)
    else:
        if means.installer == "auto":
            return None
        raise DnnreadyError(
            " ".join(whys) or f"There is no uv below {build.prefix}/tools/uv and none on PATH.",
            "Set dnnready_installer: auto, or install uv.",
        )
    sources, variables = for_uv(settings)
    return Installer(
        name="uv",
        version=version,
        program=(program, "pip"),
        install=(
            *("install", *COMMON, "--python", python, "--no-config", "--link-mode", "hardlink"),
            # As pip does: the best version of all sources. What it is, the hashes say.
            *("--index-strategy", "unsafe-best-match", "--no-progress", "--color", "never"),
            *(only_from(means.wheels) if means.wheels else sources),
        ),
        extra_index="--index",
        environment={**environment, **variables},
    )


def unpacked(build: Build) -> Path:
    """Where uv has one directory for every wheel that it downloaded and unpacked, before it installs any."""
    return _cache(build) / "archive-v0"


def _cache(build: Build) -> Path:
    return build.temporary / "uv"


def _environment(build: Build) -> dict[str, str]:
    """The environment of uv: no variable of the caller's may send it elsewhere.

    Its cache is inside the release, so on the same file system: uv unpacks into it and links from there. It goes with
    everything temporary.
    """
    kept = {name: value for name, value in build.environment.items() if not name.startswith("UV_")}
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        kept.pop(name, None)
    return {**kept, "UV_CACHE_DIR": str(_cache(build)), "UV_PYTHON_DOWNLOADS": "never"}


def _version(program: str, environment: Mapping[str, str]) -> tuple[str, str]:
    """The version of a uv, or why it cannot be taken."""
    try:
        done = run([program, "--version"], env=environment, timeout=60)
    except DnnreadyError as error:
        return "", error.message
    found = re.match(r"uv (\d+\.\d+\.\d+)", done.stdout)
    if not done.ok or not found:
        said = (done.stderr or done.stdout).strip().splitlines()
        return "", f"{program} does not run: {said[-1] if said else done.signal or done.exit_code}."
    if _numbers(found.group(1)) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        return "", f"{program} is uv {found.group(1)}, needed is {wanted} or newer."
    return found.group(1), ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))
