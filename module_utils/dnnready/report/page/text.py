"""Texts and figures in the page: what comes from a host is never markup."""

from __future__ import annotations

import html
import urllib.parse
from typing import Any, Optional

from ..rows import one_line

#: Words of the verdicts and of the states of hosts, in the order of what to look at first, with what they mean.
WORDS = {
    "broken": ("broken", "It did not run, or its results were wrong"),
    "fallback": ("fallback", "Right results, but something else than the library's best ran"),
    "failed": ("not readable", "The host answered, but could not be read"),
    "unreachable": ("unreachable", "The host did not answer"),
    "unproven": ("unproven", "Nothing says how conv2d runs there now"),
    "accelerated": ("accelerated", "The DNN library ran every required convolution"),
}
_ONE_DECIMAL = 100


def plain(text: Any) -> str:
    """One line of text, escaped."""
    return html.escape(one_line(text))


def figure(value: Optional[float]) -> str:
    """A speed with as many digits as it deserves."""
    if value is None:
        return ""
    return f"{value:,.1f}" if value < _ONE_DECIMAL else f"{value:,.0f}"


def when(moment: str) -> str:
    """2026-01-31T12:00:00Z as a person reads it."""
    return f"{plain(moment[:10])} {plain(moment[11:16])} UTC"


def host_link(name: str) -> str:
    """The name of a host that leads to its section."""
    return f'<a href="#host={urllib.parse.quote(name, safe="")}">{plain(name)}</a>'


def icon(verdict: str) -> str:
    """The sign of a verdict: each has its own shape, so that no meaning is in a colour alone."""
    return f'<svg class="icon" aria-hidden="true" viewBox="0 0 16 16"><use href="#i-{verdict}"/></svg>'


def verdict(name: str) -> str:
    """The sign and the word."""
    return f'<span class="verdict {name}">{icon(name)}{WORDS[name][0]}</span>'
