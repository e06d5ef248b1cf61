"""Where variables are written: into a release, for login shells, for systemd services.

Each place is a file of ours alone, so that it can be taken away without trace. Files of others stay as they are.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ..errors import DnnreadyError
from ..files import write_atomic
from ..process import run
from .paths import RELEASE
from .render import OWNED, render, render_dropin, render_profile

MODE = 0o644
SYSTEMD_RUNS = "/run/systemd/system"
_STEM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
#: systemd.unit(5): characters of a name, at most 255 of them. Only services run programs that read an environment.
_UNIT = re.compile(r"[A-Za-z0-9:_.\\@-]{1,247}\.service")


@dataclass(frozen=True)
class Change:
    """A file as it is and as it shall be; None where there is none."""

    path: str
    before: Optional[str]
    after: Optional[str]
    right: bool = True  #: whether mode and owner are as they shall be
    own_directory: bool = False  #: whether its directory comes and goes with the file

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return self.before != self.after or not self.right

    def diff(self) -> dict[str, str]:
        """As Ansible shows it."""
        there = {True: f"{self.path} (owner or mode differ)", False: self.path}[self.before == self.after]
        return {
            "before_header": there if self.before is not None else f"{self.path} (absent)",
            "before": self.before or "",
            "after_header": self.path if self.after is not None else f"{self.path} (absent)",
            "after": self.after or "",
        }


def release_file(release: str) -> str:
    """The file of variables in a release."""
    return os.path.join(release, "environment")


def in_release(variables: Mapping[str, str], release: str) -> dict[str, str]:
    """The variables with the release's directory for `{release}`."""
    return {name: value.replace(RELEASE, release) for name, value in variables.items()}


def release_changes(release: str, variables: Optional[Mapping[str, str]]) -> list[Change]:
    """The change to a release's file; `variables` None takes it away."""
    return [_change(release_file(release), None if variables is None else render(variables))]


def login_changes(directory: str, name: str, variables: Optional[Mapping[str, str]]) -> list[Change]:
    """The change for login shells."""
    path = os.path.join(directory, f"{_stem(name)}.sh")
    return [_change(path, None if variables is None else render_profile(variables))]


def systemd_changes(
    directory: str, name: str, units: Sequence[str], variables: Optional[Mapping[str, str]]
) -> list[Change]:
    """The changes for services; without units, taking away means every drop-in of that name that is ours."""
    file = f"{_stem(name)}.conf"
    bad = [unit for unit in units if not _UNIT.fullmatch(unit)]
    if bad:
        raise DnnreadyError(
            f"'{bad[0]}' is not the name of a systemd service.", "Give names such as camera.service or worker@.service."
        )
    if variables is not None and not units:
        raise DnnreadyError("Scope systemd needs units.", "Name the services that shall get the variables.")
    folders = [f"{unit}.d" for unit in units]
    if not units:
        folders = sorted(path.parent.name for path in Path(directory).glob(f"*.service.d/{file}") if _ours(path))
    text = None if variables is None else render_dropin(variables)
    return [_change(os.path.join(directory, folder, file), text, own_directory=True) for folder in folders]


def _stem(name: str) -> str:
    if not _STEM.fullmatch(name):
        raise DnnreadyError(
            f"'{name}' is not usable as the name of a file.", "Use letters, digits, '.', '_' and '-', letters first."
        )
    return name


def _ours(path: Path) -> bool:
    """Whether a file is one that dnnready wrote."""
    with suppress(OSError, UnicodeDecodeError):
        return not path.is_symlink() and path.read_text(encoding="utf-8").startswith(OWNED)
    return False


def _change(path: str, after: Optional[str], own_directory: bool = False) -> Change:
    """Look at a file. Raises DnnreadyError where there is one that dnnready did not write."""
    file = Path(path)
    if not os.path.lexists(path):
        return Change(path, None, after, own_directory=own_directory)
    if not _ours(file):
        raise DnnreadyError(f"{path} was not written by dnnready.", "Move it away, or choose another name.")
    status = file.stat()
    right = stat.S_IMODE(status.st_mode) == MODE and status.st_uid == os.geteuid()
    return Change(path, file.read_text(encoding="utf-8"), after, right or after is None, own_directory)


def apply(changes: Sequence[Change]) -> None:
    """Do the changes. Raises DnnreadyError where a directory that is not ours to make is missing."""
    for change in changes:
        if not change.changed:
            continue
        parent = os.path.dirname(change.path)
        if change.after is None:
            os.unlink(change.path)
            if change.own_directory:
                with suppress(OSError):  # someone else's files are in it
                    os.rmdir(parent)
            continue
        base = os.path.dirname(parent) if change.own_directory else parent
        if not os.path.isdir(base):
            raise DnnreadyError(f"There is no directory {base}.", "Make it first, or correct the parameter.")
        if change.own_directory and not os.path.isdir(parent):
            os.mkdir(parent)
            os.chmod(parent, 0o755)  # noqa: S103 - every user may read units, whatever the umask says
        write_atomic(change.path, change.after, MODE)


def reload_systemd() -> bool:
    """Have systemd read its units anew, where it runs. Services get the variables when they start next."""
    if not os.path.isdir(SYSTEMD_RUNS):
        return False
    done = run(["systemctl", "daemon-reload"], env=dict(os.environ), timeout=90)
    if not done.ok:
        raise DnnreadyError(
            f"systemctl daemon-reload failed: {done.stderr.strip() or 'no message'}.", "The files are written."
        )
    return True
