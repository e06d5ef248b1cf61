"""`dnnready environment STACK`: the variables of a release, for who starts the program by other means."""

from __future__ import annotations

import argparse
import json

from ..environment import render
from .places import current
from .variables import of_release

_FORMATS = {"sh": render.render_profile, "systemd": render.render_dropin, "docker": render.render}


def execute(options: argparse.Namespace) -> int:
    """Print them. PATH and the like are not among them: they depend on who asks, see `run`."""
    variables = of_release(current(options.prefix, options.stack).path)
    if options.format == "json":
        print(json.dumps(variables, indent=2, sort_keys=True))
    else:
        print(_FORMATS[options.format](variables), end="")
    return 0
