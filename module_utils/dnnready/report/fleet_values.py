"""Values as hosts send them, made what they should be: a wrong type counts as missing, a text has an end."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Optional, TypeVar

from .rows import one_line

#: Longer texts and lists are no news to a person, and a damaged host must not fill the page of all others.
LONGEST_TEXT, LONGEST_LIST = 600, 100
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_LARGEST = 2**53  # beyond it, JSON numbers are not exact everywhere

Value = TypeVar("Value")


def text(value: Any, longest: int = LONGEST_TEXT) -> str:
    """One line without control characters, empty for what is no text or number."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    # Cut first: a line of megabytes is not worth cleaning.
    return _line(str(value)[: longest * 4], longest)


@functools.lru_cache(maxsize=1 << 16)
def _line(raw: str, longest: int) -> str:
    """Cleaned once: the hosts of a fleet say the same things."""
    line = one_line(raw)
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def number(value: Any) -> Optional[float]:
    """A finite number that is not negative."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if math.isfinite(value) and 0 <= value <= _LARGEST else None


def whole(value: Any, least: int = 0) -> Optional[int]:
    """A whole number that is at least `least`."""
    found = number(value)
    return None if found is None or found < least else int(found)


def truth(value: Any) -> Optional[bool]:
    """True, false, or None for everything else."""
    return value if isinstance(value, bool) else None


def moment(value: Any) -> str:
    """A time in UTC such as 2026-01-31T12:00:00Z, else empty."""
    return value if isinstance(value, str) and _MOMENT.fullmatch(value) else ""


def mapping(value: Any) -> Mapping[str, Any]:
    """A mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def several(value: Any, read: Callable[[Any], Value]) -> list[Value]:
    """The items of a list, each read."""
    return [read(item) for item in value[:LONGEST_LIST]] if isinstance(value, (list, tuple)) else []


def texts(value: Any) -> list[str]:
    """The texts of a list that are not empty."""
    return [one for one in several(value, text) if one]


def wholes(value: Any) -> list[int]:
    """The whole numbers of a list."""
    return [one for one in several(value, whole) if one is not None]


def pairs(value: Any) -> dict[str, str]:
    """A mapping of texts."""
    items = list(mapping(value).items())[:LONGEST_LIST]
    return {text(name): text(item) for name, item in items}
