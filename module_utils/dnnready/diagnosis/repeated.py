"""A log of one message a million times says what the message says once: of lines that repeat, a few are kept."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

#: Logs of fewer lines are searched whole.
_FEW = 1000
_FIRST, _LAST = 5, 2
#: Messages go over lines, so those around a line that is kept are kept as well.
_AROUND = 3
#: Lines that differ in these bytes only are the same: digits, and what progress bars are drawn with.
_IGNORED = b"0123456789 \t#=>.-|/" + "\u2501\u2578\u257a\u2588\u2500".encode()
#: Numbers that say something.
_CODES = re.compile(
    rb"(?:exit|status|signal|errno|error #|winerror|returncode|code)[^\n0-9]{0,12}(\d{1,10})", re.IGNORECASE
)


def thinned(text: str) -> tuple[list[str], Sequence[int]]:
    """The lines of a text, of those that repeat the first and the last ones; and their numbers, from 1."""
    lines = text.split("\n")
    if len(lines) < _FEW:
        return lines, range(1, len(lines) + 1)
    kept = sorted(_kept(_shapes(text), len(lines)))
    return [lines[index] for index in kept], [index + 1 for index in kept]


def _shapes(text: str) -> list[bytes]:
    """For each line what makes it another one."""
    data = text.encode("utf-8", "surrogatepass")
    shapes = data.translate(None, _IGNORED).split(b"\n")
    starts = list(accumulate((len(line) + 1 for line in data.split(b"\n")), initial=0))
    for match in _CODES.finditer(data):
        shapes[bisect_right(starts, match.start()) - 1] += b"#" + match.group(1)
    return shapes


def _kept(shapes: list[bytes], count: int) -> set[int]:
    chosen: set[int] = set()
    for indices, most in ((range(count), _FIRST), (range(count - 1, -1, -1), _LAST)):
        seen: Counter[bytes] = Counter()
        for index in indices:
            shape = shapes[index]
            if seen[shape] < most:
                seen[shape] += 1
                chosen.update(range(max(0, index - _AROUND), min(count, index + _AROUND + 1)))
    return chosen
