"""The release of a tool of dnnready's own: a venv from a lock, as a stack's, but nothing in it convolves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import DnnreadyError
from ..release.identity import identity
from .interpreter import choose, usable


def tool(
    host: Mapping[str, Any], name: str, locks: Mapping[str, Sequence[Mapping[str, Any]]], python: str = ""
) -> dict[str, Any]:
    """{spec, requirements_path} for dnn_release; DnnreadyError where no Python of the host has a lock.

    `python` as dnnready_python; one that no lock of the tool covers is passed over.
    """
    covering = locks.get(name, ())
    for wanted in dict.fromkeys((python, "")):
        found, lock = choose(usable(host, "host", wanted), covering, host["cpu"]["architecture"])
        if found is not None and lock is not None:
            break
    else:
        there = ", ".join(sorted({str(one["tag"]) for one in host["python"]})) or "none"
        needed = ", ".join(sorted({str(one["tag"]) for one in covering})) or "none"
        raise DnnreadyError(
            f"No Python of this host has a lock of {name} (here: {there}; locks: {needed}).",
            "Install one of those, for every user; or make a lock: docs/locks.md.",
        )
    spec: dict[str, Any] = {
        "stack": name,
        "source": "wheel",
        "python": found["path"],
        "python_version": found["version"],
        "tag": found["tag"],
        "lock_sha256": lock["sha256"],
        "packages": [],
        "environment": {},
        "library_path": [],
        "probes": [],
        "options": {},
        "shapes": [],
    }
    spec["id"] = identity(spec, host)
    return {"spec": spec, "requirements_path": lock["path"]}
