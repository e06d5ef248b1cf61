"""Fill a directory with the wheels of locks: `python tools/wheelhouse.py --into DIR pytorch/cp311-x86_64 …`.

Only what is missing or damaged is fetched, by `pip download` with hash checking, from where this machine's pip looks
(and, where that does not have it, from the index that the lock set names). The directory then serves
`pip install --no-index --find-links DIR --require-hashes`, also on machines without a network.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from dnnready.depot_builder.wheels import Source, download, missing
from dnnready.errors import DnnreadyError
from dnnready.release.lock import describe
from tools.lock import header

ROOT = Path(__file__).resolve().parents[1]


def fill(name: str, locks: Path, directory: Path) -> int:
    """Fetch what is missing of one lock (<set>/<tag>-<architecture>); the number of wheels fetched."""
    path = locks / f"{name}.txt"
    if not path.is_file():
        raise DnnreadyError(f"There is no lock {path}.", "Make it with `make lock` where its index can be reached.")
    absent = missing(describe(path.read_text(encoding="utf-8"), str(path)).requirements, directory)
    if absent:
        tag, _, architecture = path.stem.partition("-")
        source = path.with_name(f"{path.parent.name}.in")
        index = header(source.read_text(encoding="utf-8")).get("index", "") if source.is_file() else ""
        download(absent, Source(tag, architecture, index), directory)
    return len(absent)


def main(arguments: Sequence[str]) -> int:
    """Fill the directory, and print what was fetched as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("locks", nargs="+", metavar="SET/TAG-ARCHITECTURE", help="for example pytorch/cp311-x86_64")
    parser.add_argument("--into", type=Path, required=True, help="the directory to fill")
    parser.add_argument("--directory", type=Path, default=ROOT / "locks", help="where the lock sets are")
    given = parser.parse_args(arguments)
    given.into.mkdir(parents=True, exist_ok=True)
    with (given.into / ".lock").open("w") as lock:
        # Two runs would fetch the same gigabyte twice.
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            fetched = {name: fill(name, given.directory, given.into) for name in given.locks}
        except DnnreadyError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    sys.stdout.write(json.dumps({"changed": any(fetched.values()), "fetched": fetched}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
