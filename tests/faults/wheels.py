"""Fetch the wheels that faults install: `python tests/faults/wheels.py --into DIRECTORY`.

They are kept apart from those of the locks: most are wrong for the host, which is what they are for. What is there and
whole is left alone. Prints what was fetched as JSON.
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

LIST = Path(__file__).resolve().with_name("wheels.txt")


def wanted(text: str) -> dict[str, str]:
    """Digests by file name."""
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return {name: digest for digest, name in lines}


def missing(wheels: dict[str, str], directory: Path) -> dict[str, str]:
    """What is not there, or not whole."""
    return {
        name: digest
        for name, digest in wheels.items()
        if not (directory / name).is_file() or hashlib.sha256((directory / name).read_bytes()).hexdigest() != digest
    }


def download(name: str, digest: str, directory: Path) -> None:
    """Fetch one wheel for the platform of its own name and the Python of Debian 12, checked against its digest.

    Raises:
        RuntimeError: with pip's last words.
    """
    project, version, _python, _abi, platforms = name.removesuffix(".whl").rsplit("-", 4)
    with tempfile.TemporaryDirectory(dir=directory) as incoming:
        requirement = Path(incoming, "requirements.txt")
        requirement.write_text(f"{project}=={version} --hash=sha256:{digest}\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--require-hashes", "--only-binary=:all:", "--dest", incoming, "-r", str(requirement)]
        command += ["--implementation", "cp", "--python-version", "3.11"]
        command += [word for platform in platforms.split(".") for word in ("--platform", platform)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"pip cannot fetch {name}: {done.stderr.strip()[-1000:]}")
        Path(incoming, name).replace(directory / name)


def fetch(directory: Path) -> list[str]:
    """Fetch what is missing; the names of what was fetched."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        absent = missing(wanted(LIST.read_text(encoding="utf-8")), directory)
        for name, digest in absent.items():
            download(name, digest, directory)
    return list(absent)


def main(arguments: Sequence[str]) -> int:
    """Fetch, and say what."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--into", type=Path, required=True, help="the directory to fill")
    fetched = fetch(parser.parse_args(arguments).into)
    sys.stdout.write(json.dumps({"changed": bool(fetched), "fetched": fetched}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
