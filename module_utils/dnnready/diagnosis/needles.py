"""Fixed words that a text must contain for an expression to match at all, read off the expression itself.

So a five-megabyte log is searched for plain words, which is fast, and the expression is tried only around them.
Every alternative gets a word of its own: an expression none of whose alternatives could be found this way is an
error at import, so that no message can be missed for want of a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

#: Words of every log: searching for them finds everything.
_COMMON = frozenset(
    re.findall(
        r"[a-z']+",
        "a an and are as at be been but by can cannot can't could cpu did do does doesn't don't error fail failed false"
        " for found from has have if in input is it lib line log missing must need needs never no not n't of on or out"
        " output python system that the this to unable use was were which will with without you your",
    )
)
_LEAST = 3.0
_ZERO_WIDTH = "bBAZ"
_QUANTIFIER = re.compile(r"[?*+]\??|\{\d*,?\d*\}\??")
_GROUP = re.compile(r"\((?:\?(?:P<\w+>|:))?")
_LOOK = re.compile(r"\(\?<?[=!]")


def needles(pattern: str) -> tuple[str, ...]:
    """Lower-case words, one of which is in every match of the expression (a space stands for white space)."""
    score, words = _cover(pattern)
    if score < _LEAST:
        raise ValueError(f"no fixed word in every alternative: {pattern[:200]}")
    # A word that contains another one adds nothing.
    return tuple(word for word in words if not any(other != word and other in word for other in words))


def _score(word: str) -> float:
    """How rare a word is: its letters, where a word of every log counts one."""
    letters = sum(1 if part in _COMMON else len(part) for part in re.findall(r"[\w']+|[^\w\s']", word))
    return letters + 0.05 * len(word)


def _cover(phrase: str) -> tuple[float, tuple[str, ...]]:
    """The rarest set of words that has one for every alternative, and how rare its most common word is."""
    alternatives = list(_split(phrase))
    if len(alternatives) > 1:
        covers = [_cover(alternative) for alternative in alternatives]
        return min(score for score, _ in covers), tuple(dict.fromkeys(word for _, words in covers for word in words))
    options: list[tuple[float, tuple[str, ...]]] = [(_score(run), (run,)) for run in _runs(phrase) if run]
    for _, item, optional in _items(phrase):
        if item[0] == "(" and not optional and not _LOOK.match(item):
            head = _GROUP.match(item)
            options.append(_cover(item[head.end() if head else 1 : -1]))
    return max(options, key=lambda option: (option[0], -len(option[1])), default=(0.0, ()))


def _split(phrase: str) -> Iterator[str]:
    """The alternatives at the top of an expression."""
    start = 0
    for at, item, _ in _items(phrase):
        if item == "|":
            yield phrase[start:at]
            start = at + 1
    yield phrase[start:]


def _items(phrase: str) -> Iterator[tuple[int, str, bool]]:
    """Position, text and whether it may be absent, of every item at the top of an expression."""
    at = 0
    while at < len(phrase):
        start, character = at, phrase[at]
        if character == "\\":
            at += 2
        elif character == "[":
            at = _class_end(phrase, at)
        elif character == "(":
            at = _group_end(phrase, at)
        else:
            at += 1
        item = phrase[start:at]
        quantifier = _QUANTIFIER.match(phrase, at)
        optional = False
        if quantifier and item not in ("|", "^", "$"):
            optional = quantifier.group(0)[0] in "?*" or quantifier.group(0).startswith(("{0", "{,"))
            at = quantifier.end()
        yield start, item, optional
        if quantifier and not optional and item not in ("|", "^", "$", " "):
            yield start, "[", False  # repeated: what follows does not directly go on


def _class_end(phrase: str, at: int) -> int:
    at += 2 if phrase[at + 1] == "^" else 1
    at += 1 if phrase[at] == "]" else 0
    while phrase[at] != "]":
        at += 2 if phrase[at] == "\\" else 1
    return at + 1


def _group_end(phrase: str, at: int) -> int:
    depth = 0
    while True:
        character = phrase[at]
        if character == "\\":
            at += 2
            continue
        if character == "[":
            at = _class_end(phrase, at)
            continue
        depth += (character == "(") - (character == ")")
        at += 1
        if depth == 0:
            return at


def _runs(phrase: str) -> Iterator[str]:
    """Runs of fixed characters at the top of an expression."""
    run = ""
    for _, item, optional in _items(phrase):
        if item in ("^", "$") or _LOOK.match(item) or (item[0] == "\\" and item[1] in _ZERO_WIDTH):
            continue
        fixed = _fixed(item)
        if optional or not fixed:
            yield run
            run = ""
            continue
        run += fixed
    yield run


def _fixed(item: str) -> str:
    """The lower-case character that a item stands for, "" where it is not one."""
    if item == "\\n":
        return " "
    if item[0] == "\\":
        return "" if item[1].isalnum() else item[1]
    return item.lower() if len(item) == 1 and item not in ".|[(" else ""
