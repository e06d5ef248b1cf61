"""`dnnready pull`: bring the project here, verify it, run it; for a timer, and for people."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from ..errors import DnnreadyError
from ..files import read_json
from ..pull import journal, settings
from ..pull import state as states
from ..pull.run import BAD, Asked, pull
from . import places

FAILED = 1


def execute(options: argparse.Namespace) -> int:
    """0 where the host is as the source wants it or it is not yet time, 1 where something must be looked at."""
    # A host without stacks may pull: the first run brings them.
    prefix = Path(os.path.abspath(options.prefix) if options.prefix else places.find_prefix(None))
    document = _status(prefix) if options.status else pull(Asked(prefix, check=options.check, hurry=options.now))
    if options.json:
        print(json.dumps(document, indent=2, sort_keys=True))
    else:
        journal.show(document)
    return FAILED if document["outcome"] in BAD else 0


def _status(prefix: Path) -> dict[str, Any]:
    """What the last pull left; DnnreadyError where there was none."""
    root = prefix / "pull"
    settings.read(root)
    states.read(root)
    document = read_json(root / states.FILE)
    if document is None:
        raise DnnreadyError("Nothing was pulled yet.", "The timer does: systemctl list-timers dnnready-pull.timer")
    return dict(document)
