"""Texts of hosts, made fit for a screen, for Markdown and for HTML: nothing in them can steer what shows them."""

from __future__ import annotations

import html
import re
import unicodedata

from .rows import one_line

#: Commands stand between backticks in the texts of causes.
_CODE = re.compile(r"`([^`\n]+)`")
#: What begins a span, a link, a tag or an entity; an underscore within a word does not.
_SPANS = re.compile(r"([\\`*\[\]|~<>&]|(?<!\w)_|_(?!\w))")
#: What makes a list, a heading or a rule at the beginning of a line.
_BLOCKS = re.compile(r"^(\d+(?=[.)])|(?=[-+#=]))")
_LAST_OF_YAML = 0xFFFF


#: What Ansible puts before the words of ssh: they say it all.
_BEFORE = re.compile(
    r"Task failed: |Failed to connect to the host via ssh: |"
    r'Data could not be sent to remote host "[^"]*"\. Make sure this host can be reached over ssh: '
)


def reason(message: object) -> str:
    """Why a task failed or a host is out of reach: one line, without what Ansible says of every such message."""
    said = one_line(str(message or ""))
    while found := _BEFORE.match(said):
        said = said[found.end() :]
    return said or "no message"


def screen(text: str) -> str:
    """Lines that Ansible prints as they are: without control characters and what YAML would write as an escape."""
    return "\n".join(_line(line) for line in str(text).expandtabs().split("\n"))


def _line(line: str) -> str:
    return "".join(map(_shown, line)).rstrip()


def _shown(character: str) -> str:
    if unicodedata.category(character)[0] == "C" or unicodedata.category(character) in ("Zl", "Zp"):
        return ""
    return character if ord(character) <= _LAST_OF_YAML else "\N{REPLACEMENT CHARACTER}"


def markdown(text: str) -> str:
    """One line of prose; what stands between backticks is code."""
    parts = _CODE.split(one_line(text))
    line = "".join(code(part) if odd % 2 else _SPANS.sub(r"\\\1", part) for odd, part in enumerate(parts))
    return _BLOCKS.sub(r"\1\\", line)


def code(text: str) -> str:
    """One line of code in Markdown, with a fence that is longer than any run of backticks in it."""
    line = one_line(text)
    fence = "`" * (max(map(len, re.findall("`+", line)), default=0) + 1)
    gap = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{fence}{gap}{line}{gap}{fence}"


def page(text: str) -> str:
    """One line of prose in HTML; what stands between backticks is code."""
    parts = _CODE.split(one_line(text))
    return "".join(
        f"<code>{html.escape(part)}</code>" if odd % 2 else html.escape(part) for odd, part in enumerate(parts)
    )
