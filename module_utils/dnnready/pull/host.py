"""The host around a run: what is current, whether it still holds, who else is at work, and the way back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import DnnreadyError
from ..files import sha256_file, write_atomic
from ..lockfile import held
from ..release import facts, health
from ..release.rollback import roll_back
from ..release.store import Store
from ..watch.look import installed, look
from .trouble import BusyError

PROGRAM = "program"


def stacks(prefix: Path) -> dict[str, str]:
    """The current release of every stack that has one."""
    found = {name: Store(prefix, name).linked("current") for name in installed(prefix)}
    return {name: release for name, release in found.items() if release}


def differs(prefix: Path, left: Mapping[str, str]) -> str:
    """What is not as a run left it, in words; empty where all is. Small files are read, nothing is started."""
    for name, release in sorted(left.items()):
        seen = look(Store(prefix, name), {}, ())
        if seen.release != release:
            return f"{name} is at {seen.release or 'no release'}, not at {release}"
        if seen.cut or not seen.holds:
            return f"{name}: {seen.cut or seen.why}"
    return ""


def alone(prefix: Path) -> None:
    """Raises BusyError while another run holds the lock of any stack, such as a build for a controller."""
    for path in sorted((prefix / "stacks").glob(".*.lock")):
        try:
            with held(path, "pull"):
                pass
        except DnnreadyError as error:
            raise BusyError(error.message, error.hint) from error


@dataclass(frozen=True)
class Before:
    """What a run may change and must not leave changed where it fails."""

    prefix: Path
    stacks: Mapping[str, str]
    program: bytes

    @classmethod
    def of(cls, prefix: Path) -> Before:
        """As it is now."""
        return cls(prefix, stacks(prefix), _read(prefix / "bin" / "dnnready"))

    def restore(self) -> str:
        """Take back what differs; what was done, and what could not be done, in words.

        A stack goes back by its own way, which proves it again. One that had no release before keeps what was proven.
        """
        back, left = [], []
        program = self.prefix / "bin" / "dnnready"
        if self.program and _read(program) != self.program:
            write_atomic(program, self.program, 0o755)
            back.append("the program")
        for name, release in stacks(self.prefix).items():
            before = self.stacks.get(name, "")
            if before in ("", release):
                continue
            try:
                store = Store(self.prefix, name)
                fact = facts.path_of(self.prefix, facts_directory(self.prefix))
                roll_back(store, before, fact, health.kept(store))
                back.append(f"{name} to {before}")
            except DnnreadyError as error:
                left.append(f"{name} to {before}: {error.message}")
        told = (("Taken back", back), ("Could not be taken back", left))
        return " ".join(f"{words}: {', '.join(items).rstrip('.')}." for words, items in told if items)


def facts_directory(prefix: Path) -> str:
    """Where the fact of this prefix is: the host's own directory where it speaks of this prefix, else below it ("")."""
    directory = "/etc/ansible/facts.d"
    return directory if f'"{prefix}"'.encode() in _read(Path(directory, "dnnready.fact")) else ""


def newer_program(prefix: Path) -> bool:
    """Whether the run installed another program than the one that pulls."""
    mine, installed_one = prefix / "pull" / PROGRAM, prefix / "bin" / "dnnready"
    return os.path.isfile(installed_one) and (not mine.is_file() or sha256_file(mine) != sha256_file(installed_one))


def adopt_program(prefix: Path) -> None:
    """Let the installed program do the pulling from now on."""
    write_atomic(prefix / "pull" / PROGRAM, _read(prefix / "bin" / "dnnready"), 0o755)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
