"""What pip and uv have in common: one command line each, which installs a lock with every hash checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import DnnreadyError

#: Every file must match its hash, and nothing is built from source.
COMMON = ("--require-hashes", "--only-binary", ":all:")


@dataclass(frozen=True)
class Installer:
    """A program that installs into the venv of one release."""

    name: str
    version: str
    program: tuple[str, ...]
    install: tuple[str, ...]  #: its subcommand with all options but what to install
    extra_index: str  #: the option for one more index
    environment: Mapping[str, str]

    def command(self, requirements: Path, *, listed: bool, index_url: str = "") -> list[str]:
        """Install a lock; `listed`: it leaves out dependencies on purpose."""
        dependencies = ["--no-deps"] if listed else []
        index = [self.extra_index, index_url] if index_url else []
        return [*self.program, *self.install, *dependencies, *index, "-r", str(requirements)]


def only_from(wheels: str) -> list[str]:
    """The options, of both, for a directory of wheels as the only source; DnnreadyError where there is none."""
    if not Path(wheels).is_dir():
        raise DnnreadyError(
            f"The directory of wheels {wheels} does not exist.", "Synchronize the depot, or correct it."
        )
    return ["--no-index", "--find-links", wheels]
