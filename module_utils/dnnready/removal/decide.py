"""What a removal would take, and what it leaves; looks only."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import footprint
from ..environment import places
from ..environment.render import OWNED
from ..errors import DnnreadyError
from ..packages import remove as packages
from ..release import facts
from ..release.identity import STACK
from . import contents
from .running import running


@dataclass(frozen=True)
class Request:
    """What shall go."""

    prefix: str
    facts_directory: str = ""
    stacks: tuple[str, ...] = ()  #: only these; empty for everything
    packages: bool = True
    packages_timeout: int = 1800  #: seconds
    running: bool = False  #: also while processes run from what goes
    login_directory: str = ""  #: where files with dnnready's mark go too, noted or not; empty for nowhere
    systemd_directory: str = ""


@dataclass(frozen=True)
class Decision:
    """What goes, in the order in which it goes, and what stays."""

    whole: bool
    environment: tuple[places.Change, ...]
    stacks: tuple[str, ...]
    packages: packages.Removal
    own: tuple[str, ...]  #: files and directories of the prefix, and the fact file
    directories: tuple[str, ...]  #: that are empty then; the innermost first, the prefix and those above it last
    leftover: bool  #: a removal was cut in its last step
    kept: tuple[tuple[str, str], ...]  #: what stays, and why
    running: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """Everything that goes, in words."""
        gone = [*(f"stack {stack}" for stack in self.stacks), *self.own]
        named = sorted({*self.packages.remove, *self.packages.purge})
        return [*gone, *(f"package {name}" for name in named), *self.directories]

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.environment or self.lines or self.leftover)


def aside(prefix: Path) -> Path:
    """The name that a prefix has in the last step of its removal."""
    return prefix.with_name(f".{prefix.name}.removed")


def decide(request: Request) -> Decision:
    """Look at the host. Raises DnnreadyError where a document cannot be read, or a stack is no name."""
    prefix = Path(request.prefix)
    if not prefix.is_absolute() or len(prefix.parts) < 3 or prefix != Path(os.path.normpath(prefix)):  # noqa: PLR2004
        raise DnnreadyError(f"{prefix} is no prefix of dnnready.", "Give its path from / on, such as /opt/dnnready.")
    bad = [name for name in request.stacks if not STACK.match(name)]
    if bad:
        raise DnnreadyError(f"{bad[0]!r} is not the name of a stack.", "Correct dnnready_remove_stacks.")
    noted, found = footprint.read(prefix), contents.look(prefix)
    whole = not request.stacks or set(found.stacks) <= set(request.stacks)
    going = found.stacks if whole else tuple(name for name in found.stacks if name in request.stacks)
    environment, kept = _environment(request, noted, None if whole else going)
    if not whole:
        kept += [
            (str(path), _FOREIGN) for name in going for path in contents.foreign_in_stack(prefix / "stacks" / name)
        ]
        nothing = packages.Removal((), (), {})
        return Decision(False, environment, going, nothing, (), (), False, tuple(kept), _running(prefix, going))
    removal = packages.decide(noted["packages"] if request.packages else [])
    kept += [(f"package {name}", why) for name, why in removal.kept.items()]
    if not request.packages:
        kept += [(f"package {package['name']}", "packages shall stay") for package in noted["packages"]]
    kept += [(str(path), _FOREIGN) for path in found.foreign]
    own = [str(path) for path in (*found.own, *contents.locks(prefix))]
    fact = facts.path_of(prefix, request.facts_directory)
    if str(fact) not in own and speaks_of(fact, prefix):
        own.append(str(fact))
    gone = {*own, *(change.path for change in environment)}
    directories = _directories(prefix, noted["directories"], found, gone)
    return Decision(
        True,
        environment,
        going,
        removal,
        tuple(own),
        directories,
        aside(prefix).is_dir(),
        tuple(kept),
        _running(prefix, going),
    )


_FOREIGN = "dnnready did not make it"


def _environment(
    request: Request, noted: Mapping[str, Any], stacks: Sequence[str] | None
) -> tuple[tuple[places.Change, ...], list[tuple[str, str]]]:
    """Files for login shells and services that go, of the given stacks or all; noted ones that somebody replaced."""
    paths = [path for path in noted["files"] if os.path.basename(path) != facts.NAME]
    if request.login_directory:
        paths += glob.glob(f"{glob.escape(request.login_directory)}/*.sh")
    if request.systemd_directory:
        paths += glob.glob(f"{glob.escape(request.systemd_directory)}/*.service.d/*.conf")
    changes, kept = [], []
    for path in dict.fromkeys(paths):
        stem = os.path.splitext(os.path.basename(path))[0]
        if not os.path.lexists(path) or (stacks is not None and stem not in {f"dnnready-{name}" for name in stacks}):
            continue
        text = _text(path)
        if text.startswith(OWNED):
            # Directories that are noted go by the footprint; an earlier version noted none.
            unnoted = path not in noted["files"] and os.path.dirname(path).endswith(".service.d")
            changes.append(places.Change(path, text, None, own_directory=unnoted))
        elif path in noted["files"]:
            kept.append((path, "it is not as dnnready wrote it"))
    return tuple(changes), kept


def _text(path: str) -> str:
    try:
        return "" if os.path.islink(path) else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def speaks_of(fact: Path, prefix: Path) -> bool:
    """Whether a fact file speaks of this prefix."""
    try:
        document = json.loads(facts.read(fact) or "null")
    except ValueError:
        return False
    return isinstance(document, dict) and document.get("prefix") == str(prefix)


def _directories(prefix: Path, noted: Sequence[str], found: contents.Contents, gone: set[str]) -> tuple[str, ...]:
    """The directories that will be empty, the innermost first; the prefix and those above it last."""
    vanishing = set(gone)
    for stack in found.stacks:
        if not contents.foreign_in_stack(prefix / "stacks" / stack):
            vanishing.add(str(prefix / "stacks" / stack))
    vanishing |= {str(prefix / footprint.NAME), str(prefix / footprint.LOCK)}
    above = [path for path in noted if Path(path) == prefix or Path(path) in prefix.parents]
    outside = [path for path in noted if path not in above]
    chosen = []
    for path in (*map(str, found.frame), *_innermost(outside), *_innermost(above)):
        if contents.empty_without(Path(path), vanishing):
            vanishing.add(path)
            chosen.append(path)
    return tuple(chosen)


def _innermost(paths: Sequence[str]) -> list[str]:
    return sorted(paths, key=lambda path: (-path.count("/"), path))


def _running(prefix: Path, stacks: Sequence[str]) -> tuple[str, ...]:
    """The processes that run from these stacks, with their command and stack."""
    return tuple(
        f"process {number} ({command}) of stack {stack}"
        for stack in stacks
        for number, command in running(prefix, stack)
    )
