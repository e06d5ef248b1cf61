"""Fetch wheels for a Python and an architecture that need not be this machine's, each checked against its hash."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DnnreadyError
from ..files import fsync_directory, sha256_file
from ..process import Completed, run
from ..release.lock import Requirement

#: Wheels may ask for this glibc at most: that of Debian 10, RHEL 8 and everything newer.
GLIBC_MINOR = 28
#: Names of the first manylinux policies (PEP 600) by glibc minor version.
LEGACY = {5: "manylinux1", 12: "manylinux2010", 17: "manylinux2014"}
#: The Python that a lock for every Python is downloaded for: the oldest that dnnready supports.
OLDEST = "3.9"
#: How many bytes one run of pip fetches: what a cut costs at most, beyond one larger wheel.
BATCH = 64 << 20
#: Seconds for one run of pip: a large wheel over a slow line.
PATIENCE = 6 * 3600.0


@dataclass(frozen=True)
class Source:
    """For whom wheels are fetched, and where from."""

    tag: str  #: cp311, or any
    architecture: str
    #: An index that is asked where the sources of pip's own configuration (indexes, find-links) do not have everything:
    #: where they do, it need not be reachable.
    index: str = ""

    @property
    def python(self) -> str:
        """The version that pip chooses for."""
        return OLDEST if self.tag == "any" else f"{self.tag[2]}.{self.tag[3:]}"


def platforms(architecture: str) -> list[str]:
    """The platform tags that a wheel for Linux with glibc may carry, the newest first; `any` goes without saying."""
    return [
        f"{policy}_{architecture}"
        for minor in range(GLIBC_MINOR, 4, -1)
        for policy in (f"manylinux_2_{minor}", LEGACY.get(minor))
        if policy
    ]


def missing(requirements: Sequence[Requirement], directory: Path) -> list[Requirement]:
    """What a lock pins and the directory does not hold whole."""
    return [
        one
        for one in requirements
        if not one.wheel
        or not (directory / one.wheel).is_file()
        or f"sha256:{sha256_file(directory / one.wheel)}" not in one.hashes
    ]


def batches(requirements: Sequence[Requirement], most: int = BATCH) -> Iterator[list[Requirement]]:
    """Runs of requirements of at most `most` bytes together; a larger one is alone."""
    batch: list[Requirement] = []
    size = 0
    for one in sorted(requirements, key=lambda one: (one.size or 0, one.name)):
        if batch and size + (one.size or 0) > most:
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += one.size or 0
    if batch:
        yield batch


def download(requirements: Sequence[Requirement], source: Source, directory: Path, python: str = "") -> None:
    """Put the wheels of a lock's lines into a directory; one appears there whole, checked and synced, or not at all.

    `python` runs pip, by default this interpreter. Raises DnnreadyError with pip's last words.
    """
    for batch in batches(requirements):
        with tempfile.TemporaryDirectory(dir=str(directory), prefix=".incoming-") as incoming:
            _download(batch, source, Path(incoming), python or sys.executable)
            for path in sorted(Path(incoming, "wheels").glob("*.whl")):
                with path.open("rb") as stream:
                    os.fsync(stream.fileno())
                path.chmod(0o644)
                path.replace(directory / path.name)
        fsync_directory(directory)


def _download(batch: Sequence[Requirement], source: Source, incoming: Path, python: str) -> None:
    listed, wheels = incoming / "requirements.txt", incoming / "wheels"
    lines = [" ".join([f"{one.name}=={one.version}", *(f"--hash={value}" for value in one.hashes)]) for one in batch]
    listed.write_text("\n".join(lines) + "\n", encoding="utf-8")
    wheels.mkdir()
    command = [python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--require-hashes", "--only-binary=:all:", "--dest", str(wheels), "-r", str(listed)]
    command += ["--implementation", "cp", "--python-version", source.python]
    command += [word for platform in platforms(source.architecture) for word in ("--platform", platform)]
    # pip unpacks nothing here, but it downloads to TMPDIR first, and /tmp may be small.
    environment = {**os.environ, "TMPDIR": str(incoming)}
    tries = [[], ["--extra-index-url", source.index]] if source.index else [[]]
    for extra in tries:
        done = run([*command, *extra], env=environment, timeout=PATIENCE)
        if done.ok:
            return
    raise _explained(done, batch, python)


def _explained(done: Completed, batch: Sequence[Requirement], python: str) -> DnnreadyError:
    said = done.stderr.strip()[-1000:]
    names = ", ".join(f"{one.name} {one.version}" for one in batch)
    if "No module named pip" in said:
        return DnnreadyError(
            f"{python} has no pip, which fetches the wheels.", "Name another interpreter, or install python3-pip."
        )
    if "No space left" in said:
        return DnnreadyError(f"The disk is full: pip cannot fetch {names}.", "Make room, and run again: it goes on.")
    if "DO NOT MATCH" in said:
        return DnnreadyError(
            f"The source has other files than the lock: {names}: {said}",
            "Do not take them. Look at pip's sources (pip config list); a changed release needs a new lock.",
        )
    return DnnreadyError(
        f"pip cannot fetch {names}: {said}", "Is an index in pip's configuration that has them (pip config list)?"
    )
