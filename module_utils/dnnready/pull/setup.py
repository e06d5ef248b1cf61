"""Puts everything of pulling in place on a host, and takes it away again."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from ..errors import DnnreadyError
from ..files import readable
from ..release.store import Store
from ..watch.manager import find
from ..watch.placed import Setup, units, waits
from . import host, settings
from .configuration import texts
from .playbook import INVENTORY, VARIABLES
from .settings import Settings, checked, variables_checked
from .units import NAME, Schedule, service, timer

#: The stack below `<prefix>/pull` that has ansible-core; a release of its own, built as any other.
TOOL = "ansible"
_GROUP = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")


@dataclass(frozen=True)
class Wanted:
    """What a host shall pull, with which variables, when."""

    prefix: Path
    settings: Settings
    groups: Sequence[str] = ()  #: of the host in the project's inventory
    variables: Mapping[str, Any] = field(default_factory=dict)
    known_hosts: Sequence[str] = ()
    schedule: Schedule = field(default_factory=Schedule)


@dataclass(frozen=True)
class Plan:
    """The files and units, and the program that they run."""

    setup: Setup
    root: Path
    program: bool  #: whether the program is to be copied
    release: str  #: of ansible-core, that is kept

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return self.program or self.setup.changed

    def apply(self) -> None:
        """Do it; may be cut anywhere and done again."""
        if not self.setup.present:
            self.setup.apply()
            return
        with readable():
            self.root.mkdir(parents=True, exist_ok=True)
        if self.program:
            host.adopt_program(self.setup.prefix)
        self.setup.apply()
        store = Store(self.root, TOOL)
        for other in store.identifiers():
            if self.release and other != self.release:
                store.remove(store.release(other))


def plan(wanted: Wanted, *, present: bool) -> Plan:
    """Look, and say what would be done. Raises DnnreadyError for what makes no sense, and where there is no systemd."""
    manager, root = find(user=False, present=present), wanted.prefix / "pull"
    names = (manager.directory / f"{NAME}.service", manager.directory / f"{NAME}.timer")
    files: dict[Path, Optional[str]] = {}
    if present:
        own = checked(wanted.settings)
        files = {
            **units(dict(zip(names, _texts(wanted))), present=True),
            root / settings.FILE: _json(settings.document(own)),
            root / VARIABLES: _json(variables_checked(wanted.variables)),
            root / INVENTORY: _json(inventory(own.host, wanted.groups)),
            **texts(root, own, tuple(wanted.known_hosts)),
        }
    else:
        files = units(dict.fromkeys(names, ""), present=False)
    link = manager.directory / "timers.target.wants" / f"{NAME}.timer"
    stamp = manager.stamps / f"stamp-{NAME}.timer"
    left = tuple(path for path in (root, stamp) if os.path.lexists(path))
    setup = Setup(manager, NAME, wanted.prefix, present, files, link, left, waits(manager, NAME))
    missing = present and not (root / host.PROGRAM).is_file()
    return Plan(
        setup,
        root,
        program=present and (missing or host.newer_program(wanted.prefix)),
        release=Path(wanted.settings.ansible).parent.name,
    )


def inventory(name: str, groups: Sequence[str]) -> dict[str, Any]:
    """The device's own inventory: itself, in the groups that it is in."""
    bad = [group for group in groups if not _GROUP.match(group)]
    if bad:
        raise DnnreadyError(f"{bad[0]!r} is no name of a group.", "Correct the inventory.")
    chosen = [group for group in groups if group not in ("all", "ungrouped")]
    return {"all": {"hosts": {name: {}}, "children": {group: {"hosts": {name: {}}} for group in chosen}}}


def _texts(wanted: Wanted) -> tuple[str, str]:
    prefix, schedule = wanted.prefix, wanted.schedule
    return service(prefix, schedule, wanted.settings.timeout), timer(prefix, schedule)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
