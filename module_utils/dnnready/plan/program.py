"""Which program a host is to have."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..archive import build
from ..files import sha256_bytes

_DISTRIBUTION = "/usr/bin/python3"
_PACKAGE = Path(__file__).resolve().parents[1]


def interpreter(host: Mapping[str, Any]) -> str:
    """What the program starts with: the distribution's Python where there is one, else the first that was found."""
    pythons = host["python"]
    if any(_DISTRIBUTION in python["aliases"] for python in pythons):
        return _DISTRIBUTION
    return pythons[0]["path"] if pythons else "python3"


@functools.cache
def digest(path: str = _DISTRIBUTION) -> str:
    """The SHA-256 of the program of these sources for an interpreter. Kept: a run asks it for every host."""
    return sha256_bytes(build(_PACKAGE, path))
