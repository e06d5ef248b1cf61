"""`switch.json`: what `current` and `previous` were, on disk while a switch is not final."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from ..errors import DnnreadyError
from ..files import fsync_directory, read_json, write_json
from ..lockfile import boot_id
from .identity import IDENTIFIER
from .store import Store

SCHEMA = "dnnready/switch/1"


@dataclass(frozen=True)
class Unfinished:
    """A switch that is not final: docs/schema/switch-1.json."""

    current: str  #: what `current` named before; empty for nothing
    previous: str  #: the same of `previous`
    to: str
    restart_units: tuple[str, ...] = ()  #: those that may run in the new release already
    since: float = 0.0  #: when `current` became what it was, as the link says it
    started: float = 0.0
    boot: str = ""
    purpose: str = ""

    @property
    def words(self) -> str:
        """For whoever finds it."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.started))
        return f"the switch from {self.current or 'no release'} to {self.to}, begun {moment}, is not final"


def read(store: Store) -> Optional[Unfinished]:
    """The switch of this stack that is not final; None where there is none.

    A file that cannot be understood counts as none: what `current` was is not known then, so it stays what it is.
    """
    try:
        document = read_json(store.switch)
    except DnnreadyError:
        return None
    if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
        return None
    return Unfinished(
        current=_identifier(document, "from"),
        previous=_identifier(document, "previous_before"),
        to=_identifier(document, "to"),
        restart_units=tuple(map(str, document.get("restart_units") or ())),
        since=_number(document.get("since")),
        started=_number(document.get("started")),
        boot=str(document.get("boot", "")),
        purpose=str(document.get("purpose", "")),
    )


def settled(store: Store) -> str:
    """The release that is current, or will be again once a switch that was cut is taken back."""
    unfinished = read(store)
    return store.linked("current") if unfinished is None else unfinished.current


def begin(store: Store, to: str, restart_units: tuple[str, ...], purpose: str) -> Unfinished:
    """Write down how things are, before anything moves."""
    since = 0.0
    with contextlib.suppress(OSError):
        since = os.lstat(store.root / "current").st_mtime
    unfinished = Unfinished(
        store.linked("current"), store.linked("previous"), to, restart_units, since, time.time(), boot_id(), purpose
    )
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "from": unfinished.current,
        "previous_before": unfinished.previous,
        "to": to,
        "restart_units": list(restart_units),
        "since": since,
        "started": unfinished.started,
        "boot": unfinished.boot,
        "purpose": purpose,
    }
    write_json(store.switch, document)
    return unfinished


def put_back(store: Store, unfinished: Unfinished) -> None:
    """Make `current` and `previous` what they were; `current` first. Nothing is written where nothing moved."""
    for link, was in (("current", unfinished.current), ("previous", unfinished.previous)):
        if store.linked(link) == was:
            continue
        if was:
            store.point(link, was)
        else:
            store.unpoint(link)
        if link == "current" and was and unfinished.since:
            os.utime(store.root / link, (unfinished.since, unfinished.since), follow_symlinks=False)


def end(store: Store) -> None:
    """Nothing is open any more: the switch is final, or taken back."""
    with contextlib.suppress(FileNotFoundError):
        store.switch.unlink()
        fsync_directory(store.root)


def _identifier(document: Mapping[str, Any], key: str) -> str:
    value = str(document.get(key, ""))
    return value if IDENTIFIER.match(value) else ""


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
