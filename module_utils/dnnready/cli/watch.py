"""`dnnready watch`: whether the stacks still run as they were proven; for a timer, and for people."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from ..watch import journal
from ..watch.run import Watch, run
from . import places

DRIFTED = 1


def execute(options: argparse.Namespace) -> int:
    """0 where the check came to its end, whatever it found; 1 with --fail-on-drift where something was found."""
    # A host without stacks is no failure of its timer.
    prefix = os.path.abspath(options.prefix) if options.prefix else places.find_prefix(None)
    document = run(
        Watch(
            Path(prefix),
            tuple(options.stacks),
            places.facts_directory(prefix),
            options.textfile_directory,
            options.proof_every,
            options.timeout,
        )
    )
    if options.json:
        print(json.dumps(document, indent=2, sort_keys=True))
    else:
        journal.show(document)
    bad = any(entry["drift"] or not entry["accepted"] for entry in document["stacks"].values())
    return DRIFTED if bad and options.fail_on_drift else 0
