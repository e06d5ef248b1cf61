"""`dnnready pull`: bring the project here, verify it, run it; for a timer, and for people."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from ..errors import DnnreadyError
from ..files import read_json
from ..pull import journal, settings
from ..pull import state as states
from ..pull.host import PROGRAM
from ..pull.run import BAD, Asked, pull
from . import places

FAILED = 1


def execute(options: argparse.Namespace) -> int:
    """0 where the host is as the source wants it or it is not yet time, 1 where something must be looked at."""
    # A host without stacks may pull: the first run brings them.
    prefix = Path(os.path.abspath(options.prefix) if options.prefix else places.find_prefix(None))
    if not options.status:
        _become(prefix / "pull" / PROGRAM)
    document = _status(prefix) if options.status else pull(Asked(prefix, check=options.check, hurry=options.now))
    if options.json:
        print(json.dumps(document, indent=2, sort_keys=True))
    else:
        journal.show(document)
    return FAILED if document["outcome"] in BAD else 0


def _become(program: Path) -> None:
    """Go on as the program that pulls: a run may replace the one in `bin` while it still reads from itself."""
    archive = os.path.realpath(os.path.join(__file__, "..", "..", ".."))
    if os.path.isfile(archive) and program.is_file() and archive != os.path.realpath(program):
        sys.stdout.flush()
        os.execv(program, [str(program), *sys.argv[1:]])  # noqa: S606  it is dnnready's own


def _status(prefix: Path) -> dict[str, Any]:
    """What the last pull left; DnnreadyError where there was none."""
    root = prefix / "pull"
    settings.read(root)
    states.read(root)
    document = read_json(root / states.FILE)
    if document is None:
        raise DnnreadyError("Nothing was pulled yet.", "The timer does: systemctl list-timers dnnready-pull.timer")
    return dict(document)
