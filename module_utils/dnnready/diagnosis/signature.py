"""A signature: what a message means, whatever wrote it. And the search for all of them in one pass per word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Optional, Union

from .clean import Text
from .context import Context
from .finding import Candidate, Hit
from .libraries import basename
from .needles import needles
from .severity import severity

#: At most so many tests and matches per signature and direction: a log of one message a million times is the same log.
_SEEN = 5000
_TESTS = 500
_MATCHES = 40
_AROUND = 500


@dataclass(frozen=True)
class Evidence:
    """A match in its log."""

    match: re.Match[str]
    line: str
    severity: str
    context: Context

    def group(self, name: str) -> str:
        """A named part of the match, "" where it took no part."""
        return self.match.groupdict().get(name) or ""

    @property
    def text_before(self) -> str:
        """What stands before the match in its line."""
        blob = self.context.text.blob
        return blob[self.context.text.line_start(self.match.start()) : self.match.start()][-320:]

    @property
    def holder(self) -> str:
        """The name before the message, as in `NAME: message`, "" where there is none."""
        before = self.context.text.blob[max(0, self.match.start() - 320) : self.match.start()]
        if not before.endswith((": ", ": \n", ":\n")):
            return ""
        words = before.rstrip(": \n").replace("\n", " ").rsplit(" ", 1)
        return words[-1].strip("'\"(,[{:")

    @property
    def details(self) -> dict[str, str]:
        """The named parts, and the name before the message as the library."""
        found = {name: value for name, value in self.match.groupdict().items() if value}
        if "library" not in found and self.holder:
            found["library"] = basename(self.holder)
        return found

    @property
    def text(self) -> str:
        """What matched."""
        return self.match.group(0)


Judge = Callable[[Evidence], Sequence[Candidate]]
Weights = Mapping[str, float]


@dataclass(frozen=True)
class Signature:
    """One idea. It can match only around one of its `needles`."""

    name: str
    meaning: str
    needles: tuple[str, ...]
    pattern: re.Pattern[str]
    judge: Judge
    example: str


def sign(
    name: str,
    meaning: str,
    phrases: Union[str, Sequence[str]],
    judge: Union[Judge, Weights],
    example: str,
) -> Signature:
    """Make a signature.

    `phrases` are expressions, one for each way to say it. A space in them is any white space, as messages are
    wrapped anywhere.
    `judge` is a function of the evidence, or the weights of the causes. `example` is a message it must match.
    """
    pattern = phrases if isinstance(phrases, str) else f"(?:{'|'.join(phrases)})"
    compiled = re.compile(_any_space(pattern), re.IGNORECASE | re.MULTILINE)
    if isinstance(judge, Mapping):
        fixed = tuple(Candidate(cause, weight) for cause, weight in judge.items())
        return Signature(
            name, meaning, needles(pattern), compiled, lambda evidence: _detailed(fixed, evidence), example
        )
    return Signature(name, meaning, needles(pattern), compiled, judge, example)


#: A character class, an escaped character, or a space with its own quantifier.
_PIECES = re.compile(r"(\[\^?\]?(?:\\.|[^\]\\])*\]|\\.)| (\?|\{\d+,?\d*\})?")


def _any_space(pattern: str) -> str:
    """A space outside a character class becomes a few of any white space, ` ?` none or a few."""

    def replace(match: re.Match[str]) -> str:
        if match.group(1):
            return match.group(1)
        quantifier = match.group(2) or "{1,6}"
        return r"\s{0,6}" if quantifier == "?" else rf"\s{quantifier}"

    return _PIECES.sub(replace, pattern)


def _detailed(fixed: tuple[Candidate, ...], evidence: Evidence) -> tuple[Candidate, ...]:
    details = {name: value for name, value in evidence.match.groupdict().items() if value}
    return tuple(Candidate(item.cause, item.weight, details) for item in fixed) if details else fixed


def search(text: Text, context: Context, signatures: Iterable[Signature]) -> list[Hit]:
    """Every signature's matches, at most one per line and signature, in the order of the log."""
    hits: dict[tuple[str, int], Hit] = {}
    for signature in signatures:
        for needle in signature.needles:
            for match in _matches(text, signature.pattern, needle):
                # The line of what gave it away, not of a context that the expression also looks at.
                offset = match.start("here") if "here" in signature.pattern.groupindex else match.start()
                offset = max(offset, match.start())
                key = (signature.name, text.line_start(offset))
                if key in hits:
                    continue
                line = text.line(offset)
                evidence = Evidence(match, line, severity(line), context)
                candidates = tuple(signature.judge(evidence))
                if candidates:
                    hits[key] = Hit(
                        signature.name,
                        signature.meaning,
                        text.number(offset),
                        line[:400],
                        offset,
                        evidence.severity,
                        candidates,
                    )
    return sorted(hits.values(), key=lambda hit: hit.offset)


def _matches(text: Text, pattern: re.Pattern[str], needle: str) -> Iterator[re.Match[str]]:
    """Matches from the beginning of the log, and the last ones from its end."""
    if not text.may_have(needle):
        return
    last = -1
    at, tests, found, seen = text.flat.find(needle), 0, 0, 0
    shapes: set[str] = set()
    while at >= 0 and seen < _SEEN and tests < _TESTS and found < _MATCHES:
        seen += 1
        last = text.line_end(at)
        shape = text.shape(at)
        if shape not in shapes:
            shapes.add(shape)
            tests += 1
            match = pattern.search(text.blob, *_window(text, at))
            if match:
                found += 1
                shapes.discard(shape)  # each such line counts
                yield match
        at = text.flat.find(needle, max(at + len(needle), min(last, at + _AROUND)))
    if at < 0:
        return
    at, seen, tests, found = text.flat.rfind(needle), 0, 0, 0
    while at > last and seen < _SEEN // 5 and tests < _TESTS // 2 and found < _MATCHES // 4:
        seen += 1
        low, high = _window(text, at)
        shape = text.shape(at)
        if shape not in shapes:
            shapes.add(shape)
            tests += 1
            match = pattern.search(text.blob, low, high)
            if match:
                found += 1
                shapes.discard(shape)
                yield match
        at = text.flat.rfind(needle, 0, low) if low else -1


def _window(text: Text, at: int) -> tuple[int, int]:
    """From the start of the needle's line to the end of the second line after it, but never far."""
    return max(text.line_start(at), at - _AROUND), min(text.line_end(at, 2), at + 2 * _AROUND)


def first(pattern: re.Pattern[str], text: str) -> Optional[str]:
    """The first group of the first match, or None."""
    match = pattern.search(text)
    return match.group(1) if match else None
