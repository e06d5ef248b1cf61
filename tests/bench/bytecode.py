"""What bytecode costs and saves: `python tests/bench/bytecode.py RELEASE FRAMEWORK` (torch, tensorflow).

Copies the site-packages of a release by links, takes its bytecode away, and then measures three policies: none,
`warm` (one import writes what it needs; dnnready does that) and `full` (everything is compiled, as pip does by itself).
The start is an import by a user who may not write: nothing is added to what the policy left.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPEAT = 3


def seconds(argv: list[str], **environment: str) -> tuple[float, float]:
    """CPU and wall seconds of a command."""
    before, began = os.times(), time.monotonic()
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(argv, env={**kept, **environment}, check=False, capture_output=True)
    if done.returncode and "compileall" not in argv:  # which ends so where a package carries a template of a module
        sys.exit(done.stderr.decode())
    after = os.times()
    return (
        after.children_user + after.children_system - before.children_user - before.children_system,
        time.monotonic() - began,
    )


def main() -> int:
    """Measure and print."""
    if len(sys.argv) != len(("program", "release", "framework")):
        sys.exit(__doc__)
    release, framework = Path(sys.argv[1]).resolve(), sys.argv[2]
    python = str(release / "venv/bin/python")
    (packages,) = release.glob("venv/lib/python*/site-packages")
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as scratch:
        copy = Path(scratch) / "packages"
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(packages, copy, symlinks=True, ignore=ignore, copy_function=os.link)
        started = [python, "-S", "-c", f"import sys; sys.path.insert(0, {str(copy)!r}); import {framework}"]
        prepare = {
            "none": [],
            "warm": started,
            "full": [python, "-m", "compileall", "-q", "-j", "1", str(copy)],
        }
        seconds(started, PYTHONDONTWRITEBYTECODE="1")  # the disk's cache
        for policy, command in prepare.items():
            cost = seconds(command)[0] if command else 0.0
            starts = [seconds(started, PYTHONDONTWRITEBYTECODE="1") for _ in range(REPEAT)]
            cpu, wall = (statistics.median(values) for values in zip(*starts))
            files = list(copy.rglob("*.pyc"))
            size = sum(file.stat().st_size for file in files) / 1e6
            print(
                f"{framework} {policy:5} made in {cost:6.1f} CPU s, {len(files):5} files, {size:6.1f} MB; "
                f"start {cpu:5.2f} CPU s, {wall:5.2f} s"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
