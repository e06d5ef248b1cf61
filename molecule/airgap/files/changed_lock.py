"""Make another build of one wheel, and copies of the locks that name it: an update that changes one wheel.

The wheel has the same content and version, and a build number in its name (`gast-0.7.0-1-py3-none-any.whl`), so it
is another file with another digest, as a rebuilt one is.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

BUILD = 1


def rebuilt(wheel: Path, into: Path) -> Path:
    """A wheel with the next build number."""
    project, version, rest = wheel.name.split("-", 2)
    made = into / f"{project}-{version}-{BUILD}-{rest}"
    made.write_bytes(wheel.read_bytes())
    with zipfile.ZipFile(made, "a") as archive:
        archive.comment = f"build {BUILD}".encode()
    return made


def changed(lock: str, old: str, new: Path) -> str:
    """The lock with the new wheel in the place of the old one: its name and size in the comment, its digest.

    Raises:
        ValueError: where the lock does not name the old wheel.
    """
    digest = hashlib.sha256(new.read_bytes()).hexdigest()
    pattern = rf"# {re.escape(old)} (\d+)\n(.*\n *--hash=sha256:)[0-9a-f]{{64}}"
    found = re.search(pattern, lock)
    if found is None:
        raise ValueError(f"the lock does not name {old}")
    size = new.stat().st_size
    text = lock.replace(found.group(0), f"# {new.name} {size}\n{found.group(2)}{digest}")
    total = re.search(r"download_bytes=(\d+)", text)
    if total is None:
        raise ValueError("the lock does not say how much it is")
    return text.replace(total.group(0), f"download_bytes={int(total.group(1)) + size - int(found.group(1))}")


def main(arguments: Sequence[str]) -> int:
    """Write `<locks>/<set>/*.txt` and the wheel."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--lock", type=Path, required=True, help="directory of the lock set")
    parser.add_argument("--project", required=True, help="whose wheel changes")
    parser.add_argument("--wheelhouse", type=Path, required=True, help="where that wheel is")
    parser.add_argument("--wheels", type=Path, required=True, help="where the new wheel goes")
    parser.add_argument("--locks", type=Path, required=True, help="where the lock set goes")
    given = parser.parse_args(arguments)
    locks = given.locks / given.lock.name
    locks.mkdir(parents=True, exist_ok=True)
    (wheel,) = given.wheelhouse.glob(f"{given.project}-*.whl")
    new = rebuilt(wheel, given.wheels)
    for lock in sorted(given.lock.glob("*.txt")):
        text = lock.read_text(encoding="utf-8")
        if wheel.name in text:
            (locks / lock.name).write_text(changed(text, wheel.name, new), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
