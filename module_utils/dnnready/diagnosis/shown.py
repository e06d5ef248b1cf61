"""An explanation as text for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from .finding import Explanation, Finding

_WIDTH = 100
_LONG = 160
_HARMLESS = 5
_WHERE = {"model": "your model or program, not the host", "none": "nothing is wrong"}


def text(explanation: Explanation) -> str:
    """The findings, best first, then what is harmless."""
    return "\n".join(_lines(explanation)).rstrip()


def _lines(explanation: Explanation) -> Iterator[str]:
    if explanation.not_known:
        yield from _nothing(explanation)
    for number, finding in enumerate(explanation.findings, start=1):
        yield from _finding(number, finding)
    rest = [hit for hit in explanation.harmless if not _is_shown(hit.line_number, explanation)]
    if rest:
        yield "Harmless:"
        for hit in rest[:_HARMLESS]:
            yield f"  line {hit.line_number}: {_short(hit.line)}"
            yield from _wrapped(hit.meaning, "    ")
        if len(rest) > _HARMLESS:
            yield f"  and {len(rest) - _HARMLESS} more lines"


def _nothing(explanation: Explanation) -> Iterator[str]:
    if explanation.ending:
        yield f"Not known: the log ends in {explanation.ending}, and nothing in its {explanation.lines} lines says why."
    else:
        yield f"Nothing in these {explanation.lines} lines speaks of a failure that is known."


def _finding(number: int, finding: Finding) -> Iterator[str]:
    place = f"; {_WHERE[finding.where]}" if finding.where in _WHERE else ""
    yield f"{number}. {finding.cause} (confidence {finding.confidence}{place})"
    yield f"   line {finding.line_number}: {_short(finding.line)}"
    yield from _wrapped(finding.explanation, "   ")
    yield from _wrapped(f"Do: {finding.remedy}", "   ")
    yield from _wrapped(f"Confirm: {finding.confirm}", "   ")
    for other in finding.alternatives:
        yield from _wrapped(f"Or {other.cause}: {other.question} (host fact {other.fact})", "   ")
    yield ""


def _is_shown(line_number: int, explanation: Explanation) -> bool:
    return any(finding.line_number == line_number for finding in explanation.findings)


def _short(line: str) -> str:
    return line if len(line) <= _LONG else f"{line[: _LONG - 1]}…"


def _wrapped(words: str, indent: str) -> list[str]:
    return textwrap.wrap(words, _WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_long_words=False)
