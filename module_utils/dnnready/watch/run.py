"""A check of all stacks: the state, the fact and the metrics are written, each atomically; the lines come back."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from ..diagnosis.targets import login
from ..errors import DnnreadyError
from ..files import write_atomic
from ..lockfile import held
from ..release import facts
from . import exposition, state
from .check import DAY, Asked, BusyError, check, cpu_seconds
from .look import installed
from .services import services

#: Where Debian's prometheus-node-exporter reads files of others.
TEXTFILES = "/var/lib/prometheus/node-exporter"
TEXTFILE = "dnnready.prom"
NO_TEXTFILE = "none"


@dataclass(frozen=True)
class Watch:
    """What a user wants of a check."""

    prefix: Path
    stacks: Sequence[str] = ()  #: empty for all
    facts_directory: str = ""  #: as release/facts.py takes it
    textfile_directory: str = ""  #: "" for node_exporter's own where it exists, "none" for no file
    proof_every: float = DAY  #: seconds
    timeout: float = 300.0  #: seconds


def run(watch: Watch, now: Optional[float] = None) -> dict[str, Any]:
    """Check, write, and return the document (docs/schema/watch-1.json) with `skipped`: {stack: why} beside it.

    Raises DnnreadyError where nothing can be written, and where another check is at work.
    """
    started = time.time() if now is None else now
    with held(watch.prefix / "watch" / ".lock", "watch", "dnnready watch"):
        place = state.path_of(watch.prefix)
        state.clean(place)
        known = state.read(watch.prefix)
        names = [name for name in installed(watch.prefix) if not watch.stacks or name in watch.stacks]
        asked = Asked(
            watch.prefix,
            login.environment() if names else {},
            services(str(watch.prefix), names, user=os.geteuid() != 0) if names else (),
            watch.proof_every,
            watch.timeout,
        )
        entries, skipped = {}, {}
        for name in names:
            try:
                entries[name] = check(asked, name, known.get(name, {}), started)
            except BusyError as busy:
                skipped[name] = str(busy)
                if name in known:
                    entries[name] = known[name]
        directory = textfile_directory(watch.textfile_directory)
        textfile = os.path.join(directory, TEXTFILE) if directory else ""
        document = {
            "schema": state.SCHEMA,
            "prefix": str(watch.prefix),
            "checked": started,
            "cpu_seconds": round(cpu_seconds(), 3),
            "textfile": textfile,
            "stacks": entries,
        }
        _write_fact(watch)
        _write_textfile(document)
        state.write(watch.prefix, document)
    return {**document, "skipped": skipped}


def textfile_directory(asked: str) -> str:
    """The directory for the metrics, "" where there shall be none or node_exporter is not installed."""
    if asked == NO_TEXTFILE:
        return ""
    return asked or (TEXTFILES if os.path.isdir(TEXTFILES) else "")


def _write_fact(watch: Watch) -> None:
    """Keep the fact true. Whether there is one is for provisioning to say."""
    path = facts.path_of(watch.prefix, watch.facts_directory)
    before, text = facts.read(path), facts.render(watch.prefix)
    if before not in (None, text):
        facts.write(path, text)


def _write_textfile(document: dict[str, Any]) -> None:
    if not document["textfile"]:
        return
    path = Path(document["textfile"])
    if not path.parent.is_dir():
        raise DnnreadyError(f"There is no directory {path.parent} for the metrics.", "Make it, or name another one.")
    state.clean(path)
    write_atomic(path, exposition.render(document), 0o644)
