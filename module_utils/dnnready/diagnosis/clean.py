"""A pasted log as plain numbered lines: no colours, no prefixes of log collectors, no progress bars.

Every step works on the whole text with expressions that cannot backtrack far, so the time is linear in its length.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Union

from .repeated import thinned

_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_ESCAPES = re.compile(
    r"\x1b\][^\x07\x1b\n]{0,500}(?:\x07|\x1b\\)"  # window titles and links
    r"|\x1b\[[0-?]{0,32}[ -/]{0,8}[@-~]"  # colours and cursor
    r"|\x1b[@-Z\\-_()][0-9A-B]?"
)
#: Colours whose escape character was lost on the way, as in a copy from a web page.
_BARE_COLOURS = re.compile(r"\[(?:\d{1,3};){0,4}\d{0,3}m(?![\w/.])|\[\d{1,3}(?:;\d{1,3}){0,4}m")
_OVERWRITTEN = re.compile(r"\x08+")
_BLANKS = re.compile(r"[ \t\xa0\u3000]{2,}|[\t\xa0\u3000]")
_LEFT_EDGE = re.compile(r"(?m)^ ")
#: Quotes of every kind become the plain ones; control characters and invisible ones vanish.
_CHARACTERS = {
    **dict.fromkeys("\u2018\u2019`\u00b4", "'"),
    **dict.fromkeys("\u201c\u201d", '"'),
    **dict.fromkeys(map(chr, (*range(8), *range(14, 32), 127, *range(0x200B, 0x2010), 0xFEFF)), ""),
}
_STRANGE = re.compile(f"[{re.escape(''.join(_CHARACTERS))}]")
_ENTITIES = (("&#39;", "'"), ("&quot;", '"'), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))

_CLOCK = r"\d\d:\d\d:\d\d(?:[.,:-]\d{1,9})?"
#: What log collectors write before a line. Severities such as [ERROR] and [W file.cpp:1] belong to the message.
_PREFIX = re.compile(
    r"(?m)^(?:"
    rf"\[?\d{{4}}[-/]\d\d[-/]\d\d[T ]{_CLOCK}(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?\]?:? ?"  # ISO 8601
    rf"|\[?{_CLOCK}\]? "
    rf"|(?:[A-Z][a-z]{{2}} )?[A-Z][a-z]{{2}} {{1,2}}\d{{1,2}} {_CLOCK}"  # syslog, journald
    r"(?: [\w.-]{1,64} [\w./@-]{1,64}(?:\[\d{1,8}\])?:)? ?"
    r"|(?:stdout|stderr) [FP] "  # containerd
    r"|[\w.-]{1,64} ?\| "  # docker compose
    r"|\[(?!(?i:debug|info|notice|warn|warning|error|fatal|critical)\])[\w./-]{1,80}\] (?=\S)"  # kubernetes, launchers
    r"|#\d{1,4} \d{1,6}\.\d{1,4} "  # docker build
    r"|##\[(?:error|warning|group)\]"  # CI
    r"|\([\w. ]{0,20}pid=\d{1,8}[^)\n]{0,60}\) "  # ray
    r"|\[\d{1,6}(?:,\d{1,6})?\](?:<std(?:out|err)>)?: ?"  # mpirun
    r"|> "  # quoted
    r")"
)
_LONGEST = 64 << 20
_LONGEST_WORD = 500
_LONGEST_MENDED = 4000
_LONG_LINE = 400
_LETTERS = re.compile(r"[a-z_]+")
_NO_DIGITS = dict.fromkeys(range(ord("0"), ord("9") + 1))


@dataclass
class Text:
    """The cleaned text. `flat` is its lower-case twin on one line: the same offsets, words never split by a newline."""

    blob: str
    flat: str
    starts: Sequence[int]
    numbers: Sequence[int]
    lines: int  #: of the log as it was given
    _shapes: dict[int, str] = field(default_factory=dict)

    def number(self, offset: int) -> int:
        """The line number in the log as it was given, from 1."""
        return self.numbers[bisect_right(self.starts, offset) - 1]

    def line_start(self, offset: int) -> int:
        """Where the line around an offset begins."""
        return self.starts[bisect_right(self.starts, offset) - 1]

    def line_end(self, offset: int, further: int = 0) -> int:
        """Where the line around an offset ends, or one of the `further` lines after it."""
        index = bisect_right(self.starts, offset) + further
        return self.starts[index] - 1 if index < len(self.starts) else len(self.blob)

    def shape(self, offset: int) -> str:
        """The line around an offset without its digits: lines that differ in numbers only have the same.

        Of a long line, the part around the offset.
        """
        start = self.line_start(offset)
        if offset - start > _LONG_LINE // 2:
            start = offset - _LONG_LINE // 4
        if start not in self._shapes:
            end = min(self.line_end(offset), start + _LONG_LINE)
            self._shapes[start] = self.blob[start:end].translate(_NO_DIGITS)
        return self._shapes[start]

    def may_have(self, needle: str) -> bool:
        """Whether every word of a needle is part of a word of the text: cheaper than to look for the needle."""
        return all(word in self.vocabulary for word in _LETTERS.findall(needle))

    @cached_property
    def vocabulary(self) -> str:
        """Every different word of letters once."""
        return " ".join(word for word in set(_LETTERS.findall(self.flat)) if len(word) < _LONGEST_WORD)

    def line(self, offset: int) -> str:
        """The cleaned line around an offset."""
        return self.blob[self.line_start(offset) : self.line_end(offset)]


def decode(log: Union[str, bytes]) -> str:
    """Text of any encoding: a byte order mark is obeyed, what is not UTF-8 is read as Latin-1."""
    if isinstance(log, str):
        return log
    for mark, encoding in _BYTE_ORDER_MARKS:
        if log.startswith(mark):
            return log[len(mark) :].decode(encoding, "replace")
    try:
        return log.decode("utf-8")
    except UnicodeDecodeError:
        return log.decode("latin-1")


def clean(log: Union[str, bytes]) -> Text:
    """Remove what terminals, collectors and web pages add to a message."""
    text = decode(log[:_LONGEST]).replace("\r\n", "\n")
    lines = text.count("\n") + (0 if text.endswith("\n") or not text else 1)
    kept, numbers = thinned(text)
    text = "\n".join(kept)
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    text = _BARE_COLOURS.sub("", text)
    # A carriage return, an erased text or a newline inside JSON begins a new line of the same number.
    text = text.replace("\r", "\x0b").replace("\x0c", "\x0b").replace("\x85", "\x0b")
    text = _OVERWRITTEN.sub("\x0b", text)
    if "\\n" in text:
        text = "\n".join(_unescape(line) for line in text.split("\n"))
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    text = text.replace("\u2028", "\x0b").replace("\u2029", "\x0b")
    text = _STRANGE.sub(lambda match: _CHARACTERS[match.group()], text)
    numbers = _numbers(text, numbers)
    text = _BLANKS.sub(" ", text.replace("\x0b", "\n")).replace(" \n", "\n")
    text = _LEFT_EDGE.sub("", text)
    for _ in range(4):  # a collector around a collector
        text, changes = _PREFIX.subn("", text)
        if not changes:
            break
    return _text(text, numbers, lines)


def _unescape(line: str) -> str:
    """A line that holds several lines as one JSON or Python string."""
    several = line.count("\\n") > 1
    if not several or not ('"' in line or "'" in line):
        return line
    return line.replace("\\r\\n", "\x0b").replace("\\n", "\x0b").replace('\\"', '"').replace("\\t", " ")


def _numbers(text: str, numbers: Sequence[int]) -> Sequence[int]:
    """The number of each line once \x0b has become a newline."""
    if "\x0b" not in text:
        return numbers
    found: list[int] = []
    for number, line in zip(numbers, text.split("\n")):
        found.extend([number] * (1 + line.count("\x0b")))
    return found


def _text(blob: str, numbers: Sequence[int], lines: int) -> Text:
    starts = [0, *accumulate(len(line) + 1 for line in blob.split("\n"))][:-1]
    flat = blob.replace("\u0130", "i").lower().replace("\n", " ")  # \u0130 alone would grow
    return Text(blob, flat, starts, numbers, lines)


def joined(text: Text) -> Text:
    """The same text with the line breaks of a terminal taken out: lines of exactly its width go on in the next one."""
    lines = text.blob.split("\n")
    width = max(map(len, lines), default=0)
    blob: list[str] = []
    numbers: list[int] = []
    open_line = False
    for line, number in zip(lines, text.numbers):
        if open_line:
            blob[-1] += line
        else:
            blob.append(line)
            numbers.append(number)
        open_line = len(line) == width and len(blob[-1]) < _LONGEST_MENDED
    return _text("\n".join(blob), numbers, text.lines)
