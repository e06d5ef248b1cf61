"""The variables that a release was proven with."""

from __future__ import annotations

from pathlib import Path

from ..environment.render import parse
from ..errors import DnnreadyError


def of_release(release: Path) -> dict[str, str]:
    """What the file `environment` of a release sets."""
    path = release / "environment"
    try:
        return dict(parse(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise DnnreadyError(f"Cannot read {path}: {error.strerror}.", "Provision this host again.") from error
