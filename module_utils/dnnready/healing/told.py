"""A healing as text for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_WIDTH = 110
_OUTCOMES = {
    "healed": "done",
    "undone": "taken back",
    "failed": "failed",
    "advised": "for you to do",
    "would": "would do",
}


def text(heals: Sequence[Mapping[str, Any]]) -> str:
    """All of them, one after the other."""
    return "\n".join(line for one in heals for line in (*_lines(one), "")).rstrip()


def _lines(healing: Mapping[str, Any]) -> Iterator[str]:
    name = healing["target"]["name"]
    if healing["problem"]:
        yield f"{name}: could not be looked at. {healing['problem']}"
        return
    yield f"{name}: {_state(healing['before'])} -> {_state(healing['after'])}"
    for act in healing["actions"]:
        words = f"{_OUTCOMES[act['outcome']]} ({act['cause']}): {act['command']}"
        yield from textwrap.wrap(
            f"{words} [{act['why']}]" if act["why"] else words,
            _WIDTH,
            initial_indent="  ",
            subsequent_indent="    ",
            break_long_words=False,
            break_on_hyphens=False,
        )


def _state(side: Mapping[str, Any]) -> str:
    first = side["findings"][0]["cause"] if side["findings"] else ""
    return f"{side['verdict']}, {first}" if first else str(side["verdict"])
