"""`dnnready heal`: mend what can be mended, and prove it."""

from __future__ import annotations

import argparse
import json
import sys

from ..healing.heal import Request, heal
from ..healing.told import text
from .diagnose import asked
from .main import COULD_NOT
from .places import facts_directory


def execute(options: argparse.Namespace) -> int:
    """0 where everything is healthy now, 1 where something is left to do, 2 where something could not be looked at."""
    wanted = asked(options)
    request = Request(
        wanted,
        foreign=options.foreign,
        look_only=options.check,
        facts_directory=facts_directory(wanted.prefix) if wanted.prefix else "",
        say=_say if sys.stderr.isatty() else _silent,
    )
    heals = heal(request)
    if options.json:
        print(json.dumps({"schema": "dnnready/heals/1", "heals": heals}, indent=2, sort_keys=True))
    else:
        print(text(heals))
    if any(one["problem"] for one in heals):
        return COULD_NOT
    return 0 if all(one["healthy"] for one in heals) else 1


def _say(words: str) -> None:
    print(f"dnnready: {words}", file=sys.stderr)


def _silent(_words: str) -> None:
    """Nobody looks."""
