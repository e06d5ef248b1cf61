"""`dnnready status`: what is active, what its proof says, and whether the proof still speaks of this machine."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from ..conv2d import fingerprint, stored
from ..conv2d.row import row, without_proof
from ..errors import DnnreadyError
from ..files import read_json
from ..release import unfinished
from ..release.progress import words
from ..release.store import Store
from . import places
from .output import accepted, show

SCHEMA = "dnnready/status/1"
#: A build says every second how far it is; what is older was left by one that was killed.
_FRESH_SECONDS = 30.0
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def execute(options: argparse.Namespace) -> int:
    """Look without running anything; 0 where every proof is accepted and holds."""
    names = places.chosen(options.prefix, options.stacks)
    entries = [look(options.prefix, name) for name in names]
    builds = {name: how_far for name in names if (how_far := _building(options.prefix, name))}
    if options.json:
        status = {"schema": SCHEMA, "prefix": options.prefix, "stacks": entries, "building": builds}
        print(json.dumps(status, indent=2, sort_keys=True))
    else:
        show([entry["row"] for entry in entries])
        print()
        for entry in entries:
            print(_words(entry))
        for stack, how_far in builds.items():
            print(f"{stack}: a release is being built: {how_far}.")
    return 0 if all(entry["ok"] for entry in entries) else 1


def look(prefix: str, stack: str) -> dict[str, Any]:
    """One entry of `stacks` in docs/schema/status-1.json."""
    entry: dict[str, Any] = {"stack": stack, "release": "", "path": "", "proven": None, "age_seconds": None}
    try:
        release = places.current(prefix, stack)
    except DnnreadyError as error:
        return {
            **entry,
            "holds": False,
            "ok": False,
            "row": without_proof(stack, "", "unproven", str(error), ""),
        }
    entry.update(release=release.name, path=release.path)
    proof = stored.stored(release.path)
    holds, why = fingerprint.holds(proof, release.name)
    shown = _row(proof) if proof is not None else None
    if proof is not None and shown is not None:
        entry.update(proven=str(proof.get("created") or "") or None, age_seconds=_age(proof.get("created")))
    # The proof of a broken release still says what is wrong, though it is no reason to trust the next run.
    if shown is None or (not holds and shown["verdict"] != "broken"):
        again = f"dnnready verify {stack} --store"
        shown = without_proof(stack, release.name, "unproven", f"Not proven as it is now: {why}.", again)
    cut = unfinished.read(Store(Path(prefix), stack))
    if cut is not None:  # of this moment, or of a run that died
        words_of_it, holds = cut.words[0].upper() + cut.words[1:], False
        shown = without_proof(stack, release.name, "unproven", f"{words_of_it}.", f"dnnready rollback {stack}")
    return {**entry, "holds": holds, "ok": holds and proof is not None and accepted(proof), "row": shown}


def _building(prefix: str, stack: str) -> str:
    """How far a build of this moment is, in words; empty where there is none."""
    path = os.path.join(prefix, "stacks", stack, "progress.json")
    try:
        fresh = time.time() - os.stat(path).st_mtime < _FRESH_SECONDS
        document = read_json(path)
    except (OSError, DnnreadyError):
        return ""
    return words(document) if fresh and isinstance(document, dict) else ""


def _row(proof: Mapping[str, Any]) -> Optional[dict[str, Any]]:
    """The row of a stored proof; None for one of another version."""
    try:
        return row(proof)
    except (KeyError, TypeError):
        return None


def _age(created: Any) -> Optional[int]:
    try:
        moment = datetime.datetime.strptime(str(created), "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return None
    return max(0, int((datetime.datetime.now(datetime.timezone.utc) - moment).total_seconds()))


def _words(entry: Mapping[str, Any]) -> str:
    if not entry["release"]:
        return f"{entry['stack']}: no release is current."
    proven = f"proven {entry['proven']} ({_ago(entry['age_seconds'])})" if entry["proven"] else "never proven"
    sibling = entry["row"].get("vouched_by")
    short = f", in short: {sibling} vouches for the rest" if sibling else ""
    return f"{entry['stack']}: {entry['path']}, {proven}{short}."


def _ago(seconds: Optional[int]) -> str:
    if seconds is None:
        return "when is not readable"
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size), _UNITS[-1])
    number = seconds // size
    return f"{number} {unit}{'' if number == 1 else 's'} ago"
