"""What somebody wants of a depot."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .selection import Chosen, choose


@dataclass(frozen=True)
class Asked:
    """Debian packages that devices of one release and architecture need."""

    codename: str
    architecture: str  #: amd64, arm64
    names: tuple[str, ...]


def asked(codename: str, architecture: str, packages: Mapping[str, Any]) -> Asked:
    """What a release needs of lists by codename, those of `any` included."""
    found = [name for key in ("any", codename) for name in packages.get(key) or ()]
    return Asked(codename, architecture, tuple(dict.fromkeys(str(name) for name in found)))


@dataclass(frozen=True)
class Request:
    """The options, as the logic wants them."""

    directory: Path
    locks: Sequence[Chosen]
    packages: Sequence[Asked]
    apt_sources: Mapping[str, Sequence[str]]  #: lines of a sources.list by codename
    key: Path
    expires_days: float
    cache: Path  #: apt's indexes
    keep: bool  #: files that the manifest no longer names
    project: Sequence[Path]  #: directories that are laid over each other; none for no project
    project_name: str
    python: str = ""  #: with pip; empty for this interpreter


def request(options: Mapping[str, Any]) -> Request:
    """From the options of the module dnn_depot; DnnreadyError where they cannot be met."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    files = {name: Path(path) for name, path in options["requirements"].items()}
    directories = [Path(path) for path in options["lock_directories"]]
    sources = options["apt_sources"].items()
    return Request(
        directory=Path(options["directory"]).absolute(),
        locks=choose(directories, files, options["sets"], options["targets"]),
        packages=[asked(one["codename"], one["architecture"], options["packages"]) for one in options["releases"]],
        apt_sources={name: [lines] if isinstance(lines, str) else list(lines) for name, lines in sources},
        key=Path(options["signing_key"]).absolute(),
        expires_days=options["expires_days"],
        cache=Path(options["cache"] or os.path.join(home, "dnnready", "depot")).absolute(),
        keep=options["keep"],
        project=[Path(path).absolute() for path in options["project"]],
        project_name=options["project_name"],
        python=options["python"] or "",
    )
