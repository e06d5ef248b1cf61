"""`<prefix>/pull/state.json`: what was accepted, what runs, and how long to wait. docs/schema/pull-1.json.

Who loses it forgets which commit was accepted last, so an older one counts again until then; nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Optional

from ..errors import DnnreadyError
from ..files import read_json, write_json

SCHEMA = "dnnready/pull/1"
FILE = "state.json"


@dataclass(frozen=True)
class Failures:
    """How often in a row something went wrong, and until when it is left alone. Times: seconds since the epoch."""

    count: int
    until: float
    why: str
    revision: str = ""  #: what failed; empty for the source itself
    digest: str = ""  #: of the settings that it failed with


@dataclass(frozen=True)
class Applied:
    """What was run to a good end last."""

    revision: str
    digest: str  #: of the settings and the variables
    at: float
    stacks: Mapping[str, str] = field(default_factory=dict)  #: the current releases then


@dataclass(frozen=True)
class State:
    """What is remembered between two pulls."""

    origin: str = ""  #: where `accepted` comes from: another source has a history of its own
    accepted: str = ""  #: the newest revision that was signed and not older than the one before
    applied: Optional[Applied] = None
    failed: Optional[Failures] = None  #: of one revision
    unreachable: Optional[Failures] = None  #: of the source


def read(root: Path) -> State:
    """The state; an empty one where there is none. One that cannot be understood is an error: it guards accepted."""
    path = root / FILE
    document = read_json(path)
    if document is None:
        return State()
    hint = "To accept whatever is signed, remove it."
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise DnnreadyError(f"{path} is no state of a pull ({SCHEMA}).", hint)
    try:
        return State(
            str(document["origin"]),
            str(document["accepted"]),
            _made(Applied, document["applied"]),
            _made(Failures, document["failed"]),
            _made(Failures, document["unreachable"]),
        )
    except (KeyError, TypeError) as error:
        raise DnnreadyError(f"{path} is not whole: {error}.", hint) from error


def write(root: Path, state: State, told: Mapping[str, Any]) -> dict[str, Any]:
    """Write the state with what this pull did (`told`); returns the document."""
    document = {"schema": SCHEMA, **asdict(state), **told}
    write_json(root / FILE, document)
    return document


def _made(kind: Any, value: Any) -> Any:
    return None if value is None else kind(**value)
