"""Fill a directory with the wheels of locks: `python tools/wheelhouse.py --into DIR pytorch/cp311-x86_64 …`.

Only what is missing or damaged is fetched, by `pip download` with hash checking, from where this machine's pip looks
(and, where that does not have it, from the index that the lock set names). The directory then serves
`pip install --no-index --find-links DIR --require-hashes`, also on machines without a network.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from dnnready.errors import DnnreadyError
from dnnready.release.lock import Requirement, describe
from tools.lock import header
from tools.lock_resolver import Target, supported_tags

ROOT = Path(__file__).resolve().parents[1]


def sha256(path: Path) -> str:
    """The digest of a file, as locks write it."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return f"sha256:{digest.hexdigest()}"


def missing(requirements: Sequence[Requirement], directory: Path) -> list[Requirement]:
    """What a lock pins and the directory does not hold whole; damaged files are removed."""
    absent = []
    for requirement in requirements:
        path = directory / requirement.wheel
        if requirement.wheel and path.is_file() and sha256(path) in requirement.hashes:
            continue
        if requirement.wheel:
            path.unlink(missing_ok=True)
        absent.append(requirement)
    return absent


def download(requirements: Sequence[Requirement], target: Target, index: str, directory: Path) -> None:
    """Fetch wheels for a target, each checked against its hash before it appears in the directory.

    Raises:
        DnnreadyError: with pip's last words, when pip cannot fetch them.
    """
    lines = [
        " ".join([f"{one.name}=={one.version}", *(f"--hash={value}" for value in one.hashes)]) for one in requirements
    ]
    platforms = dict.fromkeys(tag.platform for tag in supported_tags(target) if tag.platform != "any")
    with tempfile.TemporaryDirectory(dir=directory) as incoming:
        source = Path(incoming, "requirements.txt")
        source.write_text("\n".join(lines) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", "--require-hashes", "--only-binary=:all:", "--dest", incoming, "-r", str(source)]
        command += ["--implementation", "cp", "--python-version", ".".join(map(str, target.version))]
        command += [word for platform in platforms for word in ("--platform", platform)]
        said = ""
        for extra in ([], ["--extra-index-url", index] if index else None):
            if extra is None:
                break
            done = subprocess.run([*command, *extra], capture_output=True, text=True, check=False)
            if done.returncode == 0:
                for path in Path(incoming).glob("*.whl"):
                    path.replace(directory / path.name)
                return
            said = done.stderr.strip()[-1000:]
    raise DnnreadyError(
        f"pip cannot fetch {', '.join(one.name for one in requirements)}: {said}",
        "Is an index in pip's configuration that has them (pip config list)?",
    )


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
        download(absent, Target(tag, architecture), index, directory)
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
