"""Where the stacks are, and which release of a stack is current."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Optional

from ..errors import DnnreadyError


class Release(NamedTuple):
    """One release by its real path: the link `current` may move at any moment, this does not."""

    stack: str
    name: str
    path: Path


def find_prefix(asked: Optional[str]) -> Path:
    """The directory with `stacks`: as asked, else where this program is, else the user's, else the host's."""
    if asked is not None:
        if not (Path(asked) / "stacks").is_dir():
            raise DnnreadyError(f"There are no stacks in {asked}.", "--prefix names the directory that has `stacks`.")
        return Path(asked).absolute()
    looked = []
    for candidate in _candidates():
        if (candidate / "stacks").is_dir():
            return candidate
        looked.append(str(candidate))
    raise DnnreadyError(
        f"No stack is installed (looked in {', '.join(looked)}).", "Provision this host, or name --prefix."
    )


def _candidates() -> Iterator[Path]:
    program = _program()
    if program is not None:
        yield program.parent.parent
    from ..host import prefix, user  # noqa: PLC0415  not needed where the program is installed

    data_home = user.probe(os.environ)["data_home"]
    yield from (Path(prefix.resolve("", scope, data_home)) for scope in ("user", "host"))


def _program() -> Optional[Path]:
    """The file of this program, without links; None where it runs from its sources."""
    archive = Path(__file__).parents[2]
    return Path(os.path.realpath(archive)) if archive.is_file() else None


def stacks(prefix: Path) -> list[str]:
    """The names of the stacks below `prefix`, sorted; those that never became current too."""
    return sorted(path.name for path in (prefix / "stacks").iterdir() if (path / "releases").is_dir())


def current(prefix: Path, stack: str) -> Release:
    """The current release of a stack. The link is read once."""
    names = stacks(prefix)
    if stack not in names:
        raise DnnreadyError(
            f"There is no stack {stack!r} in {prefix}.", f"Installed: {', '.join(names)}." if names else ""
        )
    directory = prefix / "stacks" / stack
    try:
        name = os.readlink(directory / "current")
    except OSError as error:
        raise DnnreadyError(
            f"No release of {stack} is current: {error.strerror} ({directory / 'current'}).",
            "Provisioning makes a release current once it is proven.",
        ) from error
    release = directory / name
    if not (release / "venv" / "bin").is_dir():
        raise DnnreadyError(
            f"The current release of {stack} is incomplete: {release}/venv.", "Provision this host again."
        )
    return Release(stack, release.name, release)
