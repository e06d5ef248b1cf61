"""What installing a lock costs: `python tests/bench/install.py --wheels DIRECTORY [--large]`.

Each way makes a venv and fills it with the wheels of one lock from a directory, with a sync(2) at its end; the ways
take turns. CPU seconds and bytes written (`write_bytes` of proc(5)) are those of everything that was started. Unpacking
with bsdtar (libarchive-tools; else Python's zipfile) is the floor: it checks no hash and keeps no record.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "module_utils"))
UV = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
TAG = f"cp{sys.version_info[0]}{sys.version_info[1]}"
LOCKS = {"onednn": "any-x86_64.txt", "tensorflow": f"{TAG}-x86_64.txt"}
INSTALL = """
import json, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from dnnready.release.install import install
from dnnready.release.means import Means
from dnnready.release.store import Store
asked = json.loads(sys.argv[2])
install(Store(Path(asked["prefix"]), "bench"), asked["spec"], Path(asked["lock"]).read_text(), "", force=False,
        means=Means(**asked["means"]))
"""


class Cost(NamedTuple):
    """Of one way, once."""

    cpu: float
    wall: float
    written: float


def cost(work: Callable[[], None]) -> Cost:
    """What some children of this process cost, until everything is on the disk."""

    def written() -> int:
        lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
        return int(next(line for line in lines if line.startswith("write_bytes")).split()[1])

    os.sync()
    before, began, bytes_before = os.times(), time.monotonic(), written()
    work()
    run(["sync"])
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(cpu, time.monotonic() - began, written() - bytes_before)


def run(argv: list[str], **environment: str) -> None:
    """A command that must succeed; nothing of the caller's configuration reaches an installer."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    kept |= {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **environment}
    done = subprocess.run(argv, env=kept, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(argv)} failed:\n{done.stdout[-2000:]}{done.stderr[-3000:]}")


class Ways:
    """All ways for one lock; each call starts from nothing, but `seeded`, which has a release of the same lock."""

    def __init__(self, name: str, wheels: Path, scratch: Path) -> None:
        self._path = ROOT / "locks" / name / LOCKS[name]
        from dnnready.release.lock import describe

        self._lock = describe(self._path.read_text(encoding="utf-8"))
        self._wheels, self._scratch = wheels, scratch
        self._probes = [name] if name == "tensorflow" else []
        missing = [one.wheel for one in self._lock.requirements if not (wheels / one.wheel).is_file()]
        if missing:
            sys.exit(f"{wheels} lacks {', '.join(missing)}")
        self._seeds = scratch / "seeds"
        self._dnnready("uv", self._seeds, 0)

    def all(self) -> dict[str, Callable[[], None]]:
        """By name."""
        place = self._scratch / "new"
        return {
            "dnnready, pip": lambda: self._dnnready("pip", place, 0),
            "dnnready, uv": lambda: self._dnnready("uv", place, 0),
            "dnnready, environment changed": lambda: self._dnnready("uv", self._seeds, 1),
            "pip install": lambda: self._pip(place),
            "uv pip sync": lambda: self._uv(place),
            "bsdtar" if shutil.which("bsdtar") else "zipfile": lambda: self._unpack(place),
        }

    def clean(self) -> None:
        """What a way has made goes."""
        shutil.rmtree(self._scratch / "new", ignore_errors=True)
        shutil.rmtree(self._seeds / "stacks/bench/releases" / f"{1:016x}", ignore_errors=True)

    def _dnnready(self, installer: str, prefix: Path, number: int) -> None:
        spec = {
            "stack": "bench", "id": f"{number:016x}", "source": "wheel", "python": sys.executable, "tag": TAG,
            "lock_sha256": self._lock.sha256, "probes": self._probes,
        }  # fmt: skip
        means = {"installer": installer, "uv": UV, "wheels": str(self._wheels)}
        asked = {"prefix": str(prefix), "lock": str(self._path), "spec": spec, "means": means}
        run([sys.executable, "-c", INSTALL, str(ROOT / "module_utils"), json.dumps(asked)])

    def _pip(self, place: Path) -> None:
        run([sys.executable, "-m", "venv", str(place)])
        command = [str(place / "bin/pip"), "install", "--no-index", "--find-links", str(self._wheels)]
        run([*command, "--require-hashes", "-r", str(self._path)])

    def _uv(self, place: Path) -> None:
        run([UV, "venv", "--python", sys.executable, str(place)])
        command = [UV, "pip", "sync", "--no-config", "--no-index", "--find-links", str(self._wheels)]
        python = ["--python", str(place / "bin/python")]
        run([*command, *python, "--require-hashes", str(self._path)], UV_CACHE_DIR=str(place / "cache"))

    def _unpack(self, place: Path) -> None:
        place.mkdir()
        for one in self._lock.requirements:
            wheel = str(self._wheels / one.wheel)
            tar = ["bsdtar", "-xf", wheel, "-C", str(place)]
            run(tar if shutil.which("bsdtar") else [sys.executable, "-m", "zipfile", "-e", wheel, str(place)])


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", type=Path, required=True, help="a directory that has the wheels of the lock")
    parser.add_argument("--large", action="store_true", help="the lock of tensorflow instead of onednn")
    parser.add_argument("--repeat", type=int, default=3, help="how often each way is gone")
    options = parser.parse_args()
    name = "tensorflow" if options.large else "onednn"
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as scratch:
        ways = Ways(name, options.wheels.resolve(), Path(scratch))
        costs: dict[str, list[Cost]] = {way: [] for way in ways.all()}
        for _ in range(options.repeat):
            for way, work in ways.all().items():
                costs[way].append(cost(work))
                ways.clean()
    medians = {way: Cost(*(statistics.median(values) for values in zip(*found))) for way, found in costs.items()}
    base = medians["pip install"]
    print(f"{name}, medians of {options.repeat}; in parentheses: pip install is 1")
    print(f"{'':30}{'CPU s':>16}{'wall s':>16}{'MB written':>18}")
    for way, found in medians.items():
        print(
            f"{way:30}{found.cpu:8.2f} ({found.cpu / base.cpu:.2f}){found.wall:9.2f} ({found.wall / base.wall:.2f})"
            f"{found.written / 1e6:10.1f} ({found.written / base.written:.2f})"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
