"""The variables of a release, for services and shells that shall run with them too."""

from __future__ import annotations

import os

from ..errors import DnnreadyError
from .render import parse


def inherited(path: str) -> dict[str, str]:
    """What the release at `path` runs with, from its file `environment`.

    `path` is usually the link `current`. Directories inside the release are named through it, so that they follow a
    later switch instead of pointing into a release that is removed some day.
    Raises DnnreadyError where there is no such release.
    """
    real = os.path.realpath(path)
    try:
        with open(os.path.join(real, "environment"), encoding="utf-8") as stream:
            variables = parse(stream.read())
    except (OSError, UnicodeDecodeError) as error:
        raise DnnreadyError(
            f"There is no release with an environment at {path}.", "Build the stack first: ansible-playbook site.yml"
        ) from error
    return {name: value.replace(real, path.rstrip("/")) for name, value in variables.items()}
