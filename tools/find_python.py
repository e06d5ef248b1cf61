"""Print a Python on this machine that runs and is new enough: `python3 tools/find_python.py 3.12`.

A name on PATH proves nothing (a version manager's shim may not run), so every candidate is asked.
Exit code 1 and a message where there is none.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NEWEST_MINOR = 20
QUESTION = "import sys, venv, ensurepip; print(sys.executable, *sys.version_info[:2])"


def candidates(minor: int) -> Iterator[str]:
    """Possible interpreters: this one, names on PATH, then what pyenv keeps."""
    yield sys.executable
    names = ["python3", *(f"python3.{number}" for number in range(minor, NEWEST_MINOR))]
    yield from filter(None, (shutil.which(name) for name in names))
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from sorted(str(path) for path in versions.glob("3.*/bin/python3"))


def suitable(path: str, minor: int) -> str:
    """The real executable behind a candidate, or nothing."""
    try:
        answer = subprocess.run([path, "-c", QUESTION], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    executable, major, found = answer.stdout.split()[-3:]
    return executable if int(major) == 3 and int(found) >= minor else ""  # noqa: PLR2004 - Python 3


def main() -> int:
    """Search and print."""
    minor = int(sys.argv[1].partition(".")[2])
    for path in candidates(minor):
        if found := suitable(path, minor):
            print(found)
            return 0
    print(f"No Python {sys.argv[1]} or newer with venv here. Install one, or name it: make PYTHON=...", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
