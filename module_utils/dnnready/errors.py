"""The one exception that a user sees as a message."""

from __future__ import annotations


class DnnreadyError(Exception):
    """Something a user can act on: what is wrong and where, and what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()
