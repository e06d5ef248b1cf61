"""`rejected.json`: why a release that was switched to had to go back."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Any, Optional

from ..errors import DnnreadyError
from ..files import read_json, write_json
from .store import Store

SCHEMA = "dnnready/rejected/1"


class RejectedError(DnnreadyError):
    """The new release is at fault: `log` is the end of what said so, `proof` the document, if any."""

    def __init__(self, message: str, *, log: str = "", proof: Optional[Mapping[str, Any]] = None) -> None:
        super().__init__(message)
        self.log = log
        self.proof = proof


def write(store: Store, identifier: str, error: RejectedError) -> None:
    """Keep it in the release, as well as it goes: a full disk must not keep `current` from going back."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "why": error.message,
        "proof": error.proof,
        "log": error.log,
    }
    with contextlib.suppress(DnnreadyError):
        write_json(store.rejection(identifier), document)


def forget(store: Store, identifier: str) -> None:
    """It is well now."""
    with contextlib.suppress(FileNotFoundError):
        store.rejection(identifier).unlink()


def words(store: Store, identifier: str) -> str:
    """What there is to say of it, to be put behind a sentence; empty where it never had to go back."""
    try:
        document = read_json(store.rejection(identifier))
    except DnnreadyError:
        return ""
    if not isinstance(document, Mapping):
        return ""
    return f"; {identifier} had to go back at {document.get('when')}: {document.get('why')}"
