"""Where the stacks are, and which release of a stack is current. Paths are plain strings: pathlib starts slowly."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from ..errors import DnnreadyError

TYPE_CHECKING = False  # typing costs a device milliseconds at each start
if TYPE_CHECKING:
    from typing import Optional


class Release:
    """One release by its real path: the link `current` may move at any moment, this does not."""

    def __init__(self, directory: str, name: str) -> None:
        self.stack = os.path.basename(directory)
        self.name = name
        self.path = os.path.join(directory, "releases", name)
        self.venv = os.path.join(self.path, "venv")
        self.link = os.path.join(directory, "current")


def find_prefix(asked: Optional[str]) -> str:
    """The directory with `stacks`: as asked, else where this program is, else the user's, else the host's."""
    if asked is not None:
        if not os.path.isdir(os.path.join(asked, "stacks")):
            raise DnnreadyError(f"There are no stacks in {asked}.", "--prefix names the directory that has `stacks`.")
        return os.path.abspath(asked)
    looked = []
    for candidate in _candidates():
        if os.path.isdir(os.path.join(candidate, "stacks")):
            return candidate
        looked.append(candidate)
    raise DnnreadyError(
        f"No stack is installed (looked in {', '.join(looked)}).", "Provision this host, or name --prefix."
    )


def _candidates() -> Iterator[str]:
    archive = os.path.realpath(os.path.join(__file__, "..", "..", ".."))
    if os.path.isfile(archive):  # else it runs from its sources
        yield os.path.dirname(os.path.dirname(archive))
    from ..host import prefix, user  # noqa: PLC0415  not needed where the program is installed

    data_home = user.probe(os.environ)["data_home"]
    yield from (prefix.resolve("", scope, data_home) for scope in ("user", "host"))


def facts_directory(prefix: str) -> str:
    """Where the fact of this prefix is: the host's own directory where it speaks of this prefix, else below it ("")."""
    host = "/etc/ansible/facts.d"
    try:
        with open(os.path.join(host, "dnnready.fact"), encoding="utf-8") as stream:
            return host if f'"{prefix}"' in stream.read() else ""
    except OSError:
        return ""


def stacks(prefix: str) -> list[str]:
    """The names of the stacks below `prefix`, sorted; those that never became current too."""
    directory = os.path.join(prefix, "stacks")
    return sorted(name for name in os.listdir(directory) if os.path.isdir(os.path.join(directory, name, "releases")))


def chosen(prefix: str, asked: Sequence[str]) -> list[str]:
    """The stacks that a user names, or all of them. Raises DnnreadyError for one that is not there, and for none."""
    names = stacks(prefix)
    unknown = [name for name in asked if name not in names]
    if unknown or not names:
        what = f"There is no stack {unknown[0]!r} in {prefix}." if unknown else f"No stack is installed in {prefix}."
        raise DnnreadyError(what, f"Installed: {', '.join(names)}." if names else "Provision this host.")
    return list(dict.fromkeys(asked)) or names


def current(prefix: str, stack: str) -> Release:
    """The current release of a stack. The link is read once."""
    chosen(prefix, [stack])
    directory = os.path.join(prefix, "stacks", stack)
    try:
        target = os.readlink(os.path.join(directory, "current"))
    except OSError as error:
        raise DnnreadyError(
            f"No release of {stack} is current: {error.strerror} ({error.filename}).",
            "Provisioning makes a release current once it is proven.",
        ) from error
    release = Release(directory, os.path.basename(target))
    if target != os.path.join("releases", release.name) or not os.path.isdir(os.path.join(release.venv, "bin")):
        raise DnnreadyError(
            f"The current release of {stack} is incomplete: {release.venv}.", "Provision this host again."
        )
    return release
