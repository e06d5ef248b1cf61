"""What a check of environment variables says."""

from __future__ import annotations

from dataclasses import asdict, dataclass

LEVELS = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing worth saying about one variable. An error must not be written."""

    level: str  #: error, warning or note
    code: str
    variable: str
    value: str
    text: str
    remedy: str

    def as_dict(self) -> dict[str, str]:
        """As modules and plans return it."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.text} {self.remedy}".rstrip()
