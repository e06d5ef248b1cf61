"""Where trials happen: a file system in memory that vanishes with the run, and a world of processes for each trial."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

INSIDE = Path(__file__).resolve().with_name("inside.py")
#: Set in the process that already has its own mounts; names the scratch directory.
INSIDE_VARIABLE = "DNNREADY_KILL_SCRATCH"
LONGEST_SECONDS = 300.0


@dataclass(frozen=True)
class Storage:
    """What is mounted at the prefix: a directory (bind), or a fresh layer over a directory that is never written."""

    directory: Path
    lower: Path | None = None

    def arguments(self) -> list[str]:
        """For `inside.py`."""
        if self.lower is None:
            return ["--bind", str(self.directory)]
        return ["--overlay", f"{self.lower}:{self.directory / 'upper'}:{self.directory / 'work'}"]


class World:
    """One run's scratch directory and what every process in it gets as environment."""

    def __init__(self, scratch: Path, wheelhouse: Path) -> None:
        self.scratch = scratch
        self.wheelhouse = wheelhouse
        self.prefix = scratch / "prefix"
        self.temporary = scratch / "tmp"
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "DNNREADY_", "PIP_"))
        }
        self.environment = {
            **kept,
            "HOME": str(scratch / "home"),
            "LC_ALL": "C.UTF-8",
            "TMPDIR": str(self.temporary),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_NO_CACHE_DIR": "1",
            "PIP_FIND_LINKS": str(wheelhouse),
            "PYTHONDONTWRITEBYTECODE": "1",
            "ANSIBLE_HOME": str(scratch / "home"),
            "ANSIBLE_ASYNC_DIR": str(scratch / "home" / "async"),
        }
        for directory in (self.prefix, self.temporary, scratch / "home", scratch / "kits", scratch / "trials"):
            directory.mkdir(exist_ok=True)

    def kit(self, name: str) -> Path:
        """A prepared prefix; trials work on copies of it."""
        return self.scratch / "kits" / name

    def storage(self, kit: str, trial: str, layout: str) -> Storage:
        """Storage for a trial: `plain` is a copy, `overlay` a container's layer over the kit."""
        directory = self.scratch / "trials" / trial
        if layout == "plain":
            copy(self.kit(kit), directory)
            return Storage(directory)
        for name in ("upper", "work"):
            (directory / name).mkdir(parents=True)
        return Storage(directory, self.kit(kit))

    def run(
        self,
        storage: Storage,
        command: Sequence[str],
        *options: str,
        variables: Mapping[str, str] | None = None,
        seconds: float = LONGEST_SECONDS,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in a world of its own with `storage` at the prefix; `options` are those of `inside.py`."""
        inside = [sys.executable, "-I", str(INSIDE), "--prefix", str(self.prefix), *storage.arguments(), *options]
        return subprocess.run(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", *inside, "--", *command],
            env={**self.environment, **(variables or {})},
            cwd=self.scratch,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=seconds,
        )

    def drop(self, storage: Storage) -> None:
        """Forget a trial's storage."""
        shutil.rmtree(storage.directory, ignore_errors=True)


def copy(source: Path, target: Path) -> None:
    """Copy a directory with all that belongs to its files."""
    subprocess.run(["cp", "--archive", "--reflink=auto", str(source), str(target)], check=True)


def enter(scratch: Path, arguments: Sequence[str]) -> int:
    """Start this program again with mounts of its own and memory at `scratch`: nothing of a run outlives it."""
    mount = f'mount -t tmpfs -o mode=0755 dnnready-kill "{scratch}" && exec "$@"'
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", mount, "sh"]
    command += [sys.executable, "-m", "tests.faults.kill", *arguments]
    return subprocess.run(command, env={**os.environ, INSIDE_VARIABLE: str(scratch)}, check=False).returncode
