"""Which of the host's Pythons a release is built on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ..preflight.interpreter import matches

#: A lock with this tag serves every Python.
ANY_TAG = "any"


def _version(python: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(int(part) for part in str(python["version"]).split(".")[:2] if part.isdigit())


def usable(host: Mapping[str, Any], scope: str, wanted: str) -> list[Mapping[str, Any]]:
    """The interpreters that may carry a release, best first.

    For the host only those that every user can execute; the distribution's own before others,
    because it stays when a user's version manager goes; then the newest.
    """
    found = [
        python
        for python in host["python"]
        if python["implementation"] == "CPython" and int(python["bits"]) == 64  # noqa: PLR2004 - no wheels for 32 bits
    ]
    if wanted:
        return [python for python in found if matches(python, wanted)]
    if scope == "host":
        found = [python for python in found if python["shared"]]
    return sorted(
        found, key=lambda python: (str(python["path"]).startswith("/usr/bin/"), _version(python)), reverse=True
    )


def choose(
    pythons: Sequence[Mapping[str, Any]], locks: Sequence[Mapping[str, Any]], architecture: str
) -> tuple[Optional[Mapping[str, Any]], Optional[Mapping[str, Any]]]:
    """The first interpreter that a lock covers, with that lock; (None, None) where none is covered."""
    for python in pythons:
        for lock in locks:
            if lock["architecture"] in (architecture, ANY_TAG) and lock["tag"] in (python["tag"], ANY_TAG):
                return python, lock
    return None, None


def distribution_python(pythons: Sequence[Mapping[str, Any]]) -> Optional[Mapping[str, Any]]:
    """The interpreter that distribution packages are built for."""
    return next((python for python in pythons if str(python["path"]).startswith("/usr/bin/")), None)
