"""Grammars of the variables that bind threads to CPUs, and which CPUs a value names.

Grammars: OpenMP 5.2, section 21.1.6 (OMP_PLACES); GCC manual of libgomp (GOMP_CPU_AFFINITY); LLVM OpenMP
documentation (KMP_AFFINITY, KMP_HW_SUBSET).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Optional

from .grammar import Grammar
from .said import shown

#: No machine has more; a longer interval is a slip, and would only fill memory.
MOST_CPUS = 8192

_PLACE_NAMES = ("threads", "cores", "ll_caches", "sockets", "numa_domains")


class _BadError(ValueError):
    """Carries what is wrong, as it completes "it …"."""


@dataclass(frozen=True)
class Affinity(Grammar):
    """A value that may name CPUs by number."""

    def cpus(self, value: str) -> Optional[frozenset[int]]:
        """The CPUs that a good value names; None where it names none by number."""
        try:
            return self._read(value)
        except _BadError:
            return None

    def problem(self, value: str) -> str:
        """The first thing that cannot be read."""
        try:
            self._read(value)
        except _BadError as error:
            return str(error)
        return ""

    def _read(self, value: str) -> Optional[frozenset[int]]:
        raise NotImplementedError


@dataclass(frozen=True)
class CpuList(Affinity):
    """GOMP_CPU_AFFINITY: `0 3 1-2 4-15:2`, with commas or spaces between."""

    def words(self) -> str:
        """An example says it best."""
        return "CPU numbers and ranges with commas between, such as 0,2,4-7 or 0-15:2"

    def _read(self, value: str) -> frozenset[int]:
        found: set[int] = set()
        for item in re.split(r",|\s+", value):
            match = re.fullmatch(r"([0-9]{1,5})(?:-([0-9]{1,5})(?::([0-9]{1,5}))?)?", item)
            if match is None:
                raise _BadError(f"has {shown(item)}, which is no CPU number or range" if item else "is empty somewhere")
            first, last = int(match[1]), int(match[2] or match[1])
            stride = int(match[3] or 1)
            if last < first or stride == 0 or last >= MOST_CPUS:
                raise _BadError(f"has {shown(item)}, which is not a range of CPUs")
            found.update(range(first, last + 1, stride))
        return frozenset(found)


@dataclass(frozen=True)
class Places(Affinity):
    """OMP_PLACES: a name, `cores(4)`, or places such as `{0,1},{2:2}` and `{0}:4:2`."""

    def words(self) -> str:
        """Names and an example."""
        return f"one of {', '.join(_PLACE_NAMES)}, or places such as {{0}},{{1}} or {{0}}:4"

    def _read(self, value: str) -> Optional[frozenset[int]]:
        if re.fullmatch(rf"({'|'.join(_PLACE_NAMES)})(\([1-9][0-9]{{0,4}}\))?", value, re.IGNORECASE):
            return None
        found: set[int] = set()
        for place in _split(value):
            found = found - self._place(place[1:]) if place.startswith("!") else found | self._place(place)
        if not found:
            raise _BadError("names no CPU")
        return frozenset(found)

    @staticmethod
    def _place(text: str) -> set[int]:
        match = re.fullmatch(r"\{([^{}]*)\}((?::-?[0-9]{1,5}){0,2})", text)
        if match is None:
            raise _BadError(f"has {shown(text)}, which is neither a place in braces nor a name")
        place: set[int] = set()
        for item in match[1].split(","):
            number = re.fullmatch(r"(!?)([0-9]{1,5})((?::-?[0-9]{1,5}){0,2})", item)
            if number is None or (number[1] and number[3]):
                raise _BadError(f"has {shown(item)} in a place, which is no CPU number or interval")
            interval = set(_interval(int(number[2]), number[3], item))
            place = place - interval if number[1] else place | interval
        shifts = _interval(0, match[2], text)
        if len(shifts) * len(place) > 4 * MOST_CPUS:
            raise _BadError(f"has {shown(text)}, which is more than any machine has")
        places = {cpu + shift for shift in shifts for cpu in place}
        if not all(0 <= cpu < MOST_CPUS for cpu in places):
            raise _BadError(f"has {shown(text)}, which leaves the range of CPUs")
        return places


@dataclass(frozen=True)
class KmpAffinity(Affinity):
    """KMP_AFFINITY: `[modifier,...]type[,permute][,offset]`."""

    def words(self) -> str:
        """Types and an example."""
        return f"modifiers and one of {', '.join(_KMP_TYPES)}, such as granularity=fine,compact,1,0"

    def _read(self, value: str) -> Optional[frozenset[int]]:
        text, cpus = self._without_proclist(value)
        types: list[str] = []
        numbers = 0
        for item in filter(None, text.split(",")):
            word = item.lower()
            if re.fullmatch(r"[0-9]{1,5}", word) and types:
                numbers += 1
            elif word in _KMP_TYPES and not numbers:
                types.append(word)
            elif not (re.fullmatch(_KMP_MODIFIER, word) and not numbers):
                raise _BadError(f"has {shown(item)}, which is no modifier and no type at its place")
        if len(types) > 1:
            raise _BadError(f"has {len(types)} types")
        if numbers > 2:  # noqa: PLR2004 - permute and offset
            raise _BadError("has more numbers than permute and offset")
        if (types == ["explicit"]) != (cpus is not None):
            raise _BadError("has one of proclist=[…] and explicit without the other")
        if not value.strip(","):
            raise _BadError("is empty")
        return cpus

    @staticmethod
    def _without_proclist(value: str) -> tuple[str, Optional[frozenset[int]]]:
        match = re.search(r"(?:^|,)proclist=\[([^\]]*)\]", value, re.IGNORECASE)
        if match is None:
            return value, None
        listed = re.sub(r"[{}]", "", match[1])
        return value[: match.start()] + value[match.end() :], CpuList()._read(listed)


_KMP_TYPES = ("balanced", "compact", "disabled", "explicit", "logical", "none", "physical", "scatter")
_KMP_MODIFIER = (
    r"granularity=(fine|thread|core|tile|die|node|numa|socket|package|l[1-3]_?cache|ll_?cache|group)"
    r"|(no)?(verbose|respect|warnings|reset)"
)


def _split(value: str) -> Iterator[str]:
    """Parts between the commas that are outside braces."""
    depth, start = 0, 0
    for position, letter in enumerate(value):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            yield value[start:position]
            start = position + 1
    yield value[start:]


def _interval(first: int, suffix: str, text: str) -> range:
    """`:length:stride` after a number or a place."""
    length, stride = ([int(part) for part in suffix.split(":")[1:]] + [1, 1])[:2] if suffix else (1, 1)
    if not 0 < length <= MOST_CPUS or (stride == 0 and length > 1) or abs((length - 1) * stride) >= MOST_CPUS:
        raise _BadError(f"has {shown(text)}, which is not an interval of CPUs")
    step = stride or 1
    return range(first, first + length * step, step)
