"""Takes values out of a JSON document that came from elsewhere, or says which one is wrong."""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import DnnreadyError

AGAIN = "Build the depot again: playbooks/depot.yml."
_LARGEST = 1 << 40
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z")
_SHOWN = 100


def timestamp(moment: float) -> str:
    """Seconds since the epoch as a manifest writes times."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def seconds(text: str) -> int:
    """A time of a manifest as seconds since the epoch; ValueError where it is none."""
    if not _TIME.match(text):
        raise ValueError(text)
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def short(value: Any) -> str:
    """A value in ASCII, short enough for a message."""
    text = ascii(str(value))[1:-1]
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


class Check:
    """The document of one origin."""

    def __init__(self, origin: str) -> None:
        self._origin = origin

    def wrong(self, where: str, what: str) -> DnnreadyError:
        """The error that names origin and place."""
        return DnnreadyError(f"{self._origin}: {where}: {what}.", AGAIN)

    def mapping(self, value: Any, where: str) -> Mapping[str, Any]:
        """An object."""
        if not isinstance(value, dict):
            raise self.wrong(where, f"must be an object, not {short(repr(value))}")
        return value

    def items(self, holder: Mapping[str, Any], key: str, where: str) -> Iterable[tuple[str, Any]]:
        """The items of a list, each with its place."""
        value = holder.get(key)
        if not isinstance(value, list):
            raise self.wrong(f"{where}{key}", f"must be a list, not {short(repr(value))}")
        return ((f"{where}{key}[{number}]", item) for number, item in enumerate(value))

    def number(self, holder: Mapping[str, Any], key: str, where: str) -> int:
        """A whole number of a sane size."""
        value = holder.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST:
            raise self.wrong(where, f"{key} must be a whole number from 0 to 2^40, not {short(repr(value))}")
        return value

    def matching(self, value: Any, pattern: re.Pattern[str], where: str) -> str:
        """A string of one form."""
        if not isinstance(value, str) or not pattern.match(value):
            raise self.wrong(where, f"must look like {pattern.pattern}, not {short(repr(value))}")
        return value

    def text(self, holder: Mapping[str, Any], key: str, pattern: re.Pattern[str], where: str) -> str:
        """The string of a key."""
        return self.matching(holder.get(key), pattern, f"{where}.{key}")

    def texts(self, holder: Mapping[str, Any], key: str, pattern: re.Pattern[str], where: str) -> tuple[str, ...]:
        """The list of strings of a key."""
        return tuple(self.matching(item, pattern, at) for at, item in self.items(holder, key, f"{where}."))

    def time(self, holder: Mapping[str, Any], key: str) -> str:
        """The time of a key, as it is written."""
        value = self.matching(holder.get(key), _TIME, key)
        try:
            seconds(value)
        except ValueError:
            raise self.wrong(key, f"{value} is no time") from None
        return value
