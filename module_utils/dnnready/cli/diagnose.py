"""`dnnready diagnose`: why conv2d does not run through the DNN library here, and what to do."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from ..diagnosis.cases import Asked, diagnose
from ..diagnosis.told import text
from ..errors import DnnreadyError
from .main import COULD_NOT
from .places import find_prefix


def asked(options: argparse.Namespace) -> Asked:
    """What the options ask for. A target of the user's own needs no stack on this host."""
    foreign = options.python or options.unit or options.pid
    return Asked(
        prefix="" if foreign else find_prefix(options.prefix),
        stacks=tuple(options.stacks),
        python=options.python or "",
        unit=options.unit or "",
        pid=options.pid or 0,
        frameworks=tuple(options.framework or ()),
        directory=options.directory or "",
        program=options.program or "",
        environment=_variables(options.variable or ()),
        thorough=options.thorough,
        timeout=options.timeout,
    )


def execute(options: argparse.Namespace) -> int:
    """0 where everything is healthy, 1 where something was found, 2 where something could not be looked at."""
    say = _say if sys.stderr.isatty() else _silent
    diagnoses = diagnose(asked(options), say)
    if options.json:
        print(json.dumps({"schema": "dnnready/diagnoses/1", "diagnoses": diagnoses}, indent=2, sort_keys=True))
    else:
        print(text(diagnoses))
    return code(diagnoses)


def code(diagnoses: list[dict[str, object]]) -> int:
    """The exit code for diagnoses."""
    if any(one.get("problem") for one in diagnoses):
        return COULD_NOT
    if all(one["healthy"] for one in diagnoses):
        return 0
    return 1 if any(one["findings"] for one in diagnoses) else COULD_NOT


def _variables(words: Sequence[str]) -> dict[str, str]:
    wrong = [word for word in words if "=" not in word or word.startswith("=")]
    if wrong:
        raise DnnreadyError(f"{wrong[0]!r} is no variable.", "Give NAME=VALUE.")
    return dict(word.split("=", 1) for word in words)


def _say(words: str) -> None:
    print(f"dnnready: {words}", file=sys.stderr)


def _silent(_words: str) -> None:
    """Nobody looks."""
