"""The variables that a release was proven with."""

from __future__ import annotations

import os

from ..environment.render import parse
from ..errors import DnnreadyError


def of_release(release: str) -> dict[str, str]:
    """What the file `environment` of a release sets."""
    path = os.path.join(release, "environment")
    try:
        with open(path, encoding="utf-8") as stream:
            return parse(stream.read())
    except OSError as error:
        raise DnnreadyError(f"Cannot read {path}: {error.strerror}.", "Provision this host again.") from error
