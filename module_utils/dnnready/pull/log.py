"""`<prefix>/pull/log/pull.log`: what pulls did and ansible-playbook printed; it and the one before it are bounded."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

_MOST_BYTES = 1 << 20


class Log:
    """A file that lines are added to. Where it cannot be written, the pull goes on: the journal has what counts."""

    def __init__(self, root: Path, most: int = _MOST_BYTES) -> None:
        self.path = root / "log" / "pull.log"
        self._most = most

    def line(self, text: str) -> None:
        """Add a line; where the file is full, it becomes `pull.log.1` first."""
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            with contextlib.suppress(FileNotFoundError):
                if self.path.stat().st_size >= self._most:
                    os.replace(self.path, self.path.with_name("pull.log.1"))
            with open(self.path, "a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(f"{stamp} {text}\n")
