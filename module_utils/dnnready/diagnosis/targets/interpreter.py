"""Somebody else's interpreter as a target: a venv, a conda environment, the distribution's Python."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from ...errors import DnnreadyError
from ..target import Target
from . import login


def target(
    python: str,
    frameworks: Sequence[str],
    directory: str = "",
    program: str = "",
    variables: Mapping[str, str] = {},
) -> Target:
    """The interpreter at a path, with a login shell's environment and `variables` on top.

    A directory is looked into for `bin/python`. Raises DnnreadyError where the path is not absolute or not there.
    """
    path = python.rstrip("/")
    if os.path.isdir(path):
        path = os.path.join(path, "bin", "python")
    if not os.path.isabs(path):
        raise DnnreadyError(
            f"{python} is not an absolute path.",
            "Name the interpreter from / on, for example /srv/app/venv/bin/python.",
        )
    if not os.path.lexists(path):
        raise DnnreadyError(f"There is no interpreter {path}.", "Name the python of the environment that fails.")
    environment = {**login.environment(), **variables}
    return Target(
        kind="python",
        name=path,
        python=path,
        frameworks=tuple(frameworks),
        environment=environment,
        environment_from=f"a login shell of {login.name()}" + (" and the given variables" if variables else ""),
        directory=directory or os.path.dirname(os.path.abspath(program)) if program else directory,
        program=program,
    )
