"""The other finished releases on this host that may have the same files."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import DnnreadyError
from .identity import STACK
from .lock import Lock, describe
from .store import Store


@dataclass(frozen=True)
class Neighbour:
    """A finished release of wheels."""

    stack: str
    identifier: str
    venv: Path
    packages: Path  #: its site-packages
    lock: Lock
    installer: dict[str, str]  #: as its manifest has it


def neighbours(prefix: Path, own: Path, tag: str, packages: str) -> list[Neighbour]:
    """The finished releases below a prefix for the same Python but `own`, the newest of each stack first.

    `packages`: site-packages from the venv on. One that was rejected after a switch is none: its files may be the
    reason. What cannot be read is none either.
    """
    return list(_neighbours(prefix, own, tag, packages))


def _neighbours(prefix: Path, own: Path, tag: str, packages: str) -> Iterator[Neighbour]:
    with contextlib.suppress(OSError):
        for stack in sorted(name for name in os.listdir(prefix / "stacks") if STACK.match(name)):
            store = Store(prefix, stack)
            for identifier in store.identifiers():
                release = store.release(identifier)
                manifest = store.manifest(identifier) or {}
                spec = manifest.get("spec")
                if release == own or manifest.get("state") != "installed" or not isinstance(spec, dict):
                    continue
                if spec.get("source") != "wheel" or spec.get("tag") != tag or (release / "rejected.json").exists():
                    continue
                with contextlib.suppress(OSError, ValueError, KeyError, DnnreadyError):
                    lock = describe((release / "requirements.txt").read_text(encoding="utf-8"))
                    venv = release / "venv"
                    yield Neighbour(stack, identifier, venv, venv / packages, lock, dict(manifest["installer"]))
