"""Puts the service and the timer in place, and takes away everything that a check ever wrote."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import DnnreadyError
from ..files import read_json
from . import state
from .manager import Manager, find
from .placed import Setup, units, waits
from .run import TEXTFILE, TEXTFILES, textfile_directory
from .units import NAME, Settings, service, timer

FACTS = "/etc/ansible/facts.d"


def plan(settings: Settings, *, present: bool) -> Setup:
    """Look, and say what would be done. Raises DnnreadyError where there is no systemd, or a file of somebody else."""
    manager = find(settings.user, present)
    where = textfile_directory(settings.textfile_directory)
    # The host's node_exporter may be installed later: then the metrics shall be there.
    writable = [FACTS, *([where or TEXTFILES] if settings.textfile_directory != "none" else [])]
    full = replace(settings, writable=writable, capabilities="" if _own(where) else "CAP_DAC_OVERRIDE")
    paths = {manager.directory / f"{NAME}.service": service(full), manager.directory / f"{NAME}.timer": timer(full)}
    return Setup(
        manager,
        NAME,
        Path(settings.prefix),
        present,
        units(paths, present),
        manager.directory / "timers.target.wants" / f"{NAME}.timer",
        tuple(_written(manager, Path(settings.prefix), where)),
        waits(manager, NAME),
        (Path(where) / TEXTFILE,) if where else (),
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
