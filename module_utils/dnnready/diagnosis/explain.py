"""A log alone, without the host it comes from: ranked causes with the line that gave each away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Optional, Union

from .clean import Text, clean, joined
from .context import Context
from .facts import Facts
from .finding import Explanation
from .ranking import rank
from .signature import search
from .signatures import ALL

#: What a shell, a debugger or a supervisor says of a process that a signal ended: where to look, and what to find.
_SIGNALS = tuple(
    (name, words, re.compile(pattern, re.IGNORECASE | re.MULTILINE))
    for name, words, pattern in (
        ("SIGILL", ("illegal", "sigill"), r"illegal (?:hardware )?instruction|\bSIGILL\b"),
        ("SIGBUS", ("bus error", "sigbus"), r"\bbus error\b(?! \w)|\bSIGBUS\b"),
        (
            "SIGSEGV",
            ("segmentation fault", "sigsegv", "exc_bad_access"),
            r"segmentation fault|\bSIGSEGV\b|EXC_BAD_ACCESS",
        ),
        (
            "SIGKILL",
            ("killed", "sigkill"),
            r"out of memory: kill|oomkilled|\bSIGKILL\b|^(?:\S{0,80}: line \d+: +(?:\d+ )?Killed\b|(?:\d+ )?Killed$)",
        ),
        (
            "SIGABRT",
            ("abort",),
            r"\bSIGABRT\b|\babort trap\b|^(?:\S{0,80}: line \d+: +)?(?:\d+ )?Aborted\b|Aborted \(core dumped",
        ),
    )
)
_EXCEPTION = re.compile(r"(?m)^(?:E )?((?:[\w.]{1,80}\.)?\w{1,60}(?:Error|Exception))\b(?::|$)")


def explain(log: Union[str, bytes], host: Optional[Mapping[str, Any]] = None) -> Explanation:
    """What a log says about a convolution that fails.

    `host` is the host document of docs/architecture.md, or any part of it: it decides between causes that the
    log alone cannot separate. Nothing is read from this machine.
    """
    text = clean(log)
    explanation = _explained(text, Facts(host))
    if explanation.not_known and _looks_wrapped(text):
        explanation = _explained(joined(text), Facts(host))
    return explanation


def _explained(text: Text, facts: Facts) -> Explanation:
    context = Context(text)
    hits = search(text, context, ALL)
    findings, harmless = rank(hits, facts)
    if findings and findings[0].cause == "benign_message" and context.failed and _unexplained(text, context):
        # Something else ended it: only what is not harmless may say what.
        findings = rank((hit for hit in hits if hit.candidates[0].cause != "benign_message"), facts)[0]
    return Explanation(tuple(findings), tuple(harmless), _ending(text, context), text.lines)


def _unexplained(text: Text, context: Context) -> bool:
    """Whether the log ends in a failure; called where nothing explains it."""
    return bool(_EXCEPTION.search(text.blob)) or context.crashed or context.illegal_instruction


def _ending(text: Text, context: Context) -> str:
    """The signal that ended the process, or the class of the last exception."""
    for name, words, pattern in _SIGNALS:
        if any(True for word in words for _ in context.find(pattern, word)):
            return name
    last = ""
    for match in _EXCEPTION.finditer(text.blob):
        last = match.group(1)
    return last


#: Nobody copies more from a terminal, and no terminal is narrower.
_SCREENS = 200_000
_NARROWEST = 40


def _looks_wrapped(text: Text) -> bool:
    """Whether several lines end exactly where a terminal would break them."""
    if len(text.blob) > _SCREENS:
        return False
    lengths = [len(line) for line in text.blob.split("\n")]
    longest = max(lengths)
    return longest >= _NARROWEST and lengths.count(longest) > 1
