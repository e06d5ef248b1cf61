"""What is active on a host, as a local fact for anyone's playbook (`ansible_local.dnnready`)."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any, Optional

from .. import footprint
from ..conv2d.row import row
from ..errors import DnnreadyError
from ..files import write_atomic
from .identity import STACK
from .store import Store
from .unfinished import settled

NAME = "dnnready.fact"
SCHEMA = "dnnready/fact/1"
#: What a playbook may want to know of a stack without reading its proof.
_KEPT = ("release", "verdict", "implementations", "isa", "threads", "framework", "onednn")


def path_of(prefix: Path, directory: str) -> Path:
    """The fact file: in `directory`, or where none is given (user scope) below the prefix."""
    return Path(directory or prefix / "facts.d") / NAME


def read(path: Path) -> Optional[str]:
    """The text of the fact file; None where there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise DnnreadyError(f"Cannot read {path}: {error}.") from error


def render(prefix: Path, current: Optional[dict[str, str]] = None) -> Optional[str]:
    """The text that says what is active below a prefix; None where nothing is.

    All of it comes from the disk, so it can be written again at any time. `current` are releases by stack that are to
    be taken for current (empty: removed), to see a change before it is made.
    """
    given = current or {}
    active = {}
    for stack in sorted({*stacks(prefix), *given}):
        described = _describe(Store(prefix, stack), given.get(stack))
        if described is not None:
            active[stack] = described
    if not active:
        return None
    return json.dumps({"schema": SCHEMA, "prefix": str(prefix), "stacks": active}, indent=2, sort_keys=True) + "\n"


def write(path: Path, text: Optional[str]) -> None:
    """Make the fact file say `text`; None takes it away."""
    if text is None:
        path.unlink(missing_ok=True)
        return
    footprint.note(json.loads(text)["prefix"], files=[path], directories=footprint.missing_directories(path.parent))
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not executable: Ansible would run it.
    write_atomic(path, text, 0o644)


def stacks(prefix: Path) -> list[str]:
    """The stacks that have a directory below a prefix."""
    try:
        return [entry.name for entry in (prefix / "stacks").iterdir() if STACK.match(entry.name) and entry.is_dir()]
    except OSError:
        return []


def _describe(store: Store, given: Optional[str]) -> Optional[dict[str, Any]]:
    identifier = settled(store) if given is None else given
    proof = store.proof(identifier) if identifier else None
    if proof is None:
        return None
    shown = row(proof)
    return {**{key: shown[key] for key in _KEPT}, "since": _since(store, identifier)}


def _since(store: Store, identifier: str) -> str:
    """When the release became current: the time of the link; now, where it will be made."""
    moment = time.time()
    if store.linked("current") == identifier:
        moment = os.lstat(store.root / "current").st_mtime
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
