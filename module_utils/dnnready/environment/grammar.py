"""Which values a variable takes. A grammar names the fault of a value before a library silently misreads it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Callable

from .said import shown

#: Largest int of C: beyond it atoi and strtol read something else or nothing.
INT_MAX = 2**31 - 1


@dataclass(frozen=True)
class Grammar:
    """A set of values. This one takes every value."""

    def words(self) -> str:
        """What is good, as it completes "give …"."""
        return "any text"

    def problem(self, value: str) -> str:
        """What is wrong with a value, as it completes "it …"; "" for a good one."""
        return "" if value else "is empty"

    def spelled(self, wanted: bool) -> str:
        """How yes and no are said here."""
        return "true" if wanted else "false"


@dataclass(frozen=True)
class Integer(Grammar):
    """A decimal integer."""

    minimum: int = 0
    maximum: int = INT_MAX

    def words(self) -> str:
        """The range."""
        if self.maximum == INT_MAX:
            return f"a whole number, {self.minimum} or more"
        return f"a whole number from {self.minimum} to {self.maximum}"

    def problem(self, value: str) -> str:
        """Not a number, or out of range."""
        if not re.fullmatch(r"-?[0-9]{1,18}", value):
            return super().problem(value) or "is not a whole number"
        if int(value) < self.minimum:
            return f"is below {self.minimum}"
        if int(value) > self.maximum:
            return f"is above {self.maximum}"
        return ""

    def spelled(self, wanted: bool) -> str:
        """1 and 0."""
        return "1" if wanted else "0"


@dataclass(frozen=True)
class IntegerList(Grammar):
    """Integers with commas between them, one per level of nesting."""

    each: Integer = field(default_factory=Integer)

    def words(self) -> str:
        """The range."""
        return f"{self.each.words()}, or several with commas between"

    def problem(self, value: str) -> str:
        """The first bad one."""
        for item in value.split(","):
            problem = self.each.problem(item)
            if problem:
                return problem if item == value else f"has the part {shown(item)}, which {problem}"
        return ""

    def spelled(self, wanted: bool) -> str:
        """1 and 0."""
        return self.each.spelled(wanted)


@dataclass(frozen=True)
class Choice(Grammar):
    """One of some words."""

    values: tuple[str, ...] = ()
    ignore_case: bool = True

    def words(self) -> str:
        """All of them."""
        return f"one of {', '.join(self.values)}"

    def has(self, value: str) -> bool:
        """Whether it is one of them."""
        return folded(value) in map(folded, self.values) if self.ignore_case else value in self.values

    def problem(self, value: str) -> str:
        """Another word."""
        return "" if self.has(value) else super().problem(value) or f"is not {self.words()}"

    def spelled(self, wanted: bool) -> str:
        """The first of the usual words that is one of them."""
        return spelled_by(self.has, wanted)


@dataclass(frozen=True)
class ChoiceList(Grammar):
    """Words with commas between them; those in `alone` have no others beside them."""

    values: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()

    def words(self) -> str:
        """All of them."""
        several = f"{', '.join(self.values)}, or several of these with commas between"
        return f"one of {', '.join(self.alone)}, {several}" if self.alone else f"one of {several}"

    def problem(self, value: str) -> str:
        """The first bad word, or words that exclude each other."""
        items = value.split(",")
        for item in items:
            if not self.has(item):
                return super().problem(item) or f"has {shown(item)}, which is not {self.words()}"
            if len(items) > 1 and folded(item) in map(folded, self.alone):
                return f"has other words beside {shown(item)}"
        return ""

    def has(self, item: str) -> bool:
        """Whether it is one of them."""
        return folded(item) in map(folded, (*self.values, *self.alone)) or any(
            re.fullmatch(pattern, item, re.IGNORECASE) for pattern in self.patterns
        )

    def spelled(self, wanted: bool) -> str:
        """The first of the usual words that is one of them."""
        return spelled_by(self.has, wanted)


@dataclass(frozen=True)
class Pattern(Grammar):
    """A regular expression, for what is too small for a grammar of its own."""

    pattern: str = ".*"
    meaning: str = "any text"

    def words(self) -> str:
        """What the expression means."""
        return self.meaning

    def problem(self, value: str) -> str:
        """No match."""
        if re.fullmatch(self.pattern, value, re.IGNORECASE | re.ASCII):
            return ""
        return super().problem(value) or f"is not {self.meaning}"


@dataclass(frozen=True)
class Size(Grammar):
    """An amount of memory: digits and B, K, M, G or T, with K where there is no letter."""

    minimum: int = 0
    maximum: int = 2**40

    def words(self) -> str:
        """The range."""
        return f"an amount of memory such as 512K or 4M, from {self.minimum >> 10}K to {self.maximum >> 30}G"

    def problem(self, value: str) -> str:
        """Not an amount, or out of range."""
        match = re.fullmatch(r"([0-9]{1,18})([BKMGT]?)", value, re.IGNORECASE)
        if match is None:
            return super().problem(value) or "is not an amount of memory"
        amount = int(match[1]) << 10 * "BKMGT".index(match[2].upper() or "K")
        return "" if self.minimum <= amount <= self.maximum else f"is not {self.words()}"


def folded(value: str) -> str:
    """For comparisons that ignore the case of ASCII letters, as strcasecmp(3) does in the C locale."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in value)


def spelled_by(has: Callable[[str], bool], wanted: bool) -> str:
    """Yes or no in the first of the usual words for which `has` is true."""
    words: Sequence[str] = ("true", "1", "yes", "on") if wanted else ("false", "0", "no", "off")
    return next((word for word in words if has(word)), words[0])
