"""Puts the service and the timer in place, and takes away everything that a check ever wrote."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Optional

from .. import footprint
from ..environment.render import OWNED
from ..errors import DnnreadyError
from ..files import fsync_directory, read_json, readable, write_atomic
from . import state
from .manager import Manager, find
from .run import TEXTFILE, TEXTFILES, textfile_directory
from .units import NAME, Settings, service, timer

FACTS = "/etc/ansible/facts.d"


@dataclass(frozen=True)
class Setup:
    """How things are, and how they shall be. `files` are texts by path, None for what shall not be there."""

    manager: Manager
    settings: Settings
    present: bool
    files: dict[Path, Optional[str]]
    link: Path
    leftovers: tuple[Path, ...]  #: what checks wrote, to be removed with the rest
    active: bool  #: whether the timer waits for its next time

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        if any(text != _text(path) for path, text in self.files.items()) or os.path.lexists(self.link) != self.present:
            return True
        if self.present:
            return self.manager.running and not self.active
        return bool(self.leftovers) or self.active

    def diff(self) -> list[dict[str, str]]:
        """As Ansible shows it."""
        shown = [
            {"before_header": str(path), "after_header": str(path), "before": _text(path) or "", "after": text or ""}
            for path, text in self.files.items()
        ]
        words = "enabled, and what checks wrote"
        before = [self.link, *self.leftovers] if not self.present else [self.link]
        texts = (
            "".join(f"{path}\n" for path in before if os.path.lexists(path)),
            f"{self.link}\n" if self.present else "",
        )
        return [
            *shown,
            {"before_header": words, "after_header": words, "before": texts[0], "after": texts[1]},
        ]

    def apply(self) -> None:
        """Do it; may be cut anywhere and done again."""
        with readable():
            if self.present:
                self._place()
            else:
                self._remove()

    def _place(self) -> None:
        directory = self.manager.directory
        links = self.link.parent
        made = [*footprint.missing_directories(directory), *footprint.missing_directories(links)]
        metrics = textfile_directory(self.settings.textfile_directory)
        written = [Path(metrics) / TEXTFILE] if metrics else []
        footprint.note(
            self.settings.prefix,
            files=[*self.files, self.link, self._stamp, *written],
            directories=list(dict.fromkeys(made)),
        )
        links.mkdir(parents=True, exist_ok=True)
        different = any(text != _text(path) for path, text in self.files.items())
        for path, text in self.files.items():
            if text is not None and text != _text(path):
                write_atomic(path, text)
        if not os.path.lexists(self.link):
            os.symlink(next(path for path in self.files if path.suffix == ".timer"), self.link)
            fsync_directory(links)
        if self.manager.running and (different or not self.active):
            self.manager.do("daemon-reload")
            self.manager.do("restart", f"{NAME}.timer")

    def _remove(self) -> None:
        if self.manager.running:
            self.manager.ask("stop", f"{NAME}.timer", f"{NAME}.service")
        for path in (self.link, *self.files):
            path.unlink(missing_ok=True)
        if self.manager.running:
            self.manager.do("daemon-reload")
            self.manager.ask("reset-failed", f"{NAME}.timer", f"{NAME}.service")
        for path in self.leftovers:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    @property
    def _stamp(self) -> Path:
        return self.manager.stamps / f"stamp-{NAME}.timer"


def plan(settings: Settings, *, present: bool) -> Setup:
    """Look, and say what would be done. Raises DnnreadyError where there is no systemd, or a file of somebody else."""
    manager = find(settings.user, present)
    where = textfile_directory(settings.textfile_directory)
    # The host's node_exporter may be installed later: then the metrics shall be there.
    writable = [FACTS, *([where or TEXTFILES] if settings.textfile_directory != "none" else [])]
    full = replace(settings, writable=writable, capabilities="" if _own(where) else "CAP_DAC_OVERRIDE")
    paths = {manager.directory / f"{NAME}.service": service(full), manager.directory / f"{NAME}.timer": timer(full)}
    foreign = [path for path in paths if not (_text(path) or OWNED).startswith(OWNED)]
    if foreign and present:
        raise DnnreadyError(f"{foreign[0]} was not written by dnnready.", "Move it away.")
    active = manager.running and manager.ask("is-active", f"{NAME}.timer").stdout.strip() == "active"
    return Setup(
        manager,
        full,
        present,
        {path: text if present else None for path, text in paths.items() if path not in foreign},
        manager.directory / "timers.target.wants" / f"{NAME}.timer",
        tuple(_written(manager, Path(settings.prefix), where)),
        active,
    )


def _own(directory: str) -> bool:
    """Whether root without capabilities may write there: root owns it, or it is not there."""
    try:
        return os.stat(directory).st_uid == 0 if directory else True
    except OSError:
        return True


def _written(manager: Manager, prefix: Path, textfiles: str) -> Sequence[Path]:
    """What checks have left: their state, the metrics, and the timer's stamp."""
    try:
        said = (read_json(state.path_of(prefix)) or {}).get("textfile") or ""
    except (DnnreadyError, AttributeError):
        said = ""
    metrics = {Path(said)} if os.path.basename(str(said)) == TEXTFILE else set()
    metrics |= {Path(textfiles) / TEXTFILE} if textfiles else set()
    found = [prefix / "watch", manager.stamps / f"stamp-{NAME}.timer", *sorted(metrics)]
    return [path for path in found if os.path.lexists(path)]


def _text(path: Path) -> Optional[str]:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise DnnreadyError(f"Cannot read {path}: {error}.") from error


def told(setup: Setup) -> dict[str, Any]:
    """What the module returns of it."""
    shown: dict[str, Any] = {
        "units": [str(path) for path in setup.files],
        "running": setup.manager.running and setup.present,
    }
    if setup.present and not setup.manager.lasts:
        name = setup.manager.account
        words = f"The timer of {name} ends with the last session. Have root run: loginctl enable-linger {name}"
        shown["warnings"] = [words]
    return shown
