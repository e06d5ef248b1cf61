"""What the reader's terminal can show."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import IO

#: Where no terminal says its width: logs and files are read in wide windows.
PLAIN_WIDTH = 120


def width() -> int:
    """Columns of the terminal; COLUMNS wins, as for any program."""
    return shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns


def wants_color(stream: IO[str], environ: Mapping[str, str]) -> bool:
    """Colour only at a terminal that knows it, and never against NO_COLOR (any value but empty)."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM", "") not in ("", "dumb")
