"""Files and a timer that belong together: how they are, how they shall be, and the way there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from .. import footprint
from ..environment.render import OWNED
from ..errors import DnnreadyError
from ..files import fsync_directory, readable, write_atomic
from .manager import Manager


@dataclass(frozen=True)
class Setup:
    """How things are, and how they shall be. `files` are texts by path, None for what shall not be there."""

    manager: Manager
    name: str  #: of the service and the timer
    prefix: Path
    present: bool
    files: dict[Path, Optional[str]]
    link: Path
    leftovers: tuple[Path, ...]  #: what the service wrote, to be removed with the rest
    active: bool  #: whether the timer waits for its next time
    noted: tuple[Path, ...] = ()  #: what the service writes outside the prefix

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        if (
            any(text != text_of(path) for path, text in self.files.items())
            or os.path.lexists(self.link) != self.present
        ):
            return True
        if self.present:
            return self.manager.running and not self.active
        return bool(self.leftovers) or self.active

    def diff(self) -> list[dict[str, str]]:
        """As Ansible shows it."""
        shown = [
            {"before_header": str(path), "after_header": str(path), "before": text_of(path) or "", "after": text or ""}
            for path, text in self.files.items()
        ]
        words = f"{self.name}.timer is enabled, and what it wrote"
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
        outside = [path for path in self.files if self.prefix not in path.parents]
        footprint.note(
            self.prefix,
            files=[*outside, self.link, self._stamp, *self.noted],
            directories=list(dict.fromkeys(made)),
        )
        links.mkdir(parents=True, exist_ok=True)
        different = any(text != text_of(path) for path, text in self.files.items())
        for path, text in self.files.items():
            if text is not None and text != text_of(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomic(path, text)
        if not os.path.lexists(self.link):
            os.symlink(next(path for path in self.files if path.suffix == ".timer"), self.link)
            fsync_directory(links)
        if self.manager.running and (different or not self.active):
            self.manager.do("daemon-reload")
            self.manager.do("restart", f"{self.name}.timer")

    def _remove(self) -> None:
        if self.manager.running:
            self.manager.ask("stop", f"{self.name}.timer", f"{self.name}.service")
        for path in (self.link, *self.files):
            path.unlink(missing_ok=True)
        if self.manager.running:
            self.manager.do("daemon-reload")
            self.manager.ask("reset-failed", f"{self.name}.timer", f"{self.name}.service")
        for path in self.leftovers:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    @property
    def _stamp(self) -> Path:
        return self.manager.stamps / f"stamp-{self.name}.timer"


def units(texts: Mapping[Path, str], present: bool) -> dict[Path, Optional[str]]:
    """The `files` of units with these texts; DnnreadyError where one shall be written over somebody else's."""
    foreign = [path for path in texts if not (text_of(path) or OWNED).startswith(OWNED)]
    if foreign and present:
        raise DnnreadyError(f"{foreign[0]} was not written by dnnready.", "Move it away.")
    return {path: text if present else None for path, text in texts.items() if path not in foreign}


def waits(manager: Manager, name: str) -> bool:
    """Whether a timer waits for its next time."""
    return manager.running and manager.ask("is-active", f"{name}.timer").stdout.strip() == "active"


def text_of(path: Path) -> Optional[str]:
    """What a file says; None where there is none."""
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
