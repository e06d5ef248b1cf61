"""How a message repeats a value; apart, so that the program on the device need not load the grammars to start."""

from __future__ import annotations

#: Longest part of a value that a message repeats.
_SHOWN = 60


def shown(value: str) -> str:
    """A value as a message repeats it."""
    text = value if len(value) <= _SHOWN else value[:_SHOWN] + "…"
    return "'" + "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text) + "'"
