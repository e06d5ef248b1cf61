"""`dnnready rollback`: the release that was current before, proven again, without network."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from ..conv2d.row import without_proof
from ..errors import DnnreadyError
from ..release import facts, health, rollback
from ..release.store import Store
from . import places
from .main import COULD_NOT
from .output import show

SCHEMA = "dnnready/rollbacks/1"


def execute(options: argparse.Namespace) -> int:
    """0 where every stack that could is back, 1 where none has a previous release, 2 where one could not go back."""
    names = places.chosen(options.prefix, options.stacks)
    if options.to and len(options.stacks) != 1:
        raise DnnreadyError("--to names a release of one stack.", "dnnready rollback STACK --to ID")
    entries = [_one(options, name) for name in names]
    if options.json:
        print(json.dumps({"schema": SCHEMA, "rollbacks": entries}, indent=2, sort_keys=True))
    else:
        show([entry["row"] for entry in entries if entry["to"] or entry["problem"]])
        for entry in entries:
            if not entry["to"] and not entry["problem"]:
                print(f"{entry['stack']}: there is no previous release.")
    if any(entry["problem"] for entry in entries):
        return COULD_NOT
    # A stack that is named shall go back; without names, those that can.
    wanted = all if options.stacks else any
    return 0 if wanted(entry["to"] for entry in entries) else 1


def _one(options: argparse.Namespace, name: str) -> dict[str, Any]:
    """One entry of `rollbacks` in docs/schema/rollbacks-1.json."""
    store = Store(Path(options.prefix), name)
    entry: dict[str, Any] = {
        "stack": name,
        "from": store.linked("current"),
        "to": "",
        "changed": False,
        "problem": "",
        "row": without_proof(name, store.linked("current"), "unproven", "There is no previous release.", ""),
    }
    try:
        way = rollback.find(store, options.to)
        if way is None:
            return entry
        entry.update({"from": way.current, "to": way.to, "changed": way.back})
        if options.check:
            return {**entry, "row": rollback.told(store, way)}
        if sys.stderr.isatty():
            print(f"dnnready: {name}: going back to {way.to} ...", file=sys.stderr)
        fact = facts.path_of(store.prefix, places.facts_directory(options.prefix))
        done = rollback.roll_back(store, options.to, fact, health.kept(store))
        return {**entry, "row": dict(done.row)}
    except DnnreadyError as error:
        failed = without_proof(name, entry["to"], "failed", error.message, error.hint)
        return {**entry, "changed": False, "problem": str(error), "row": failed}
