"""What shipping wheels costs by dnn_depot_sync, ansible's copy and rsync: python tests/bench/ship.py [--megabytes 200].

Bytes over the wire, and CPU seconds of the controller and of the device, of a first run and of one in which nothing
changed. Both are this machine; the device's part is what its Python and its children took. rsync has no such halves.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "module_utils"))

from tests.unit.depot import depots, server

ROOT = Path(__file__).resolve().parents[2]
FILES = 8


@dataclass(frozen=True)
class Cost:
    """Of one run."""

    sent: int  #: bytes
    controller: float  #: CPU seconds
    device: float


def spent() -> float:
    """CPU seconds of all children so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def playbook(scratch: Path, task: dict[str, Any]) -> tuple[float, float]:
    """Run one task on localhost: CPU seconds of the controller and of the device's Python."""
    record = scratch / "times"
    record.unlink(missing_ok=True)
    python = scratch / "python"
    python.write_text(f'#!/bin/sh\n"{sys.executable}" "$@"\ncode=$?\ntimes >> {record}\nexit $code\n')
    python.chmod(0o755)
    play = scratch / "play.yml"
    play.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    variables = json.dumps({"ansible_connection": "local", "ansible_python_interpreter": str(python)})
    program = Path(sys.executable).with_name("ansible-playbook")
    before = spent()
    done = subprocess.run(
        [program, play, "-i", "localhost,", "-e", variables],
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "no_proxy": "127.0.0.1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    # The second line of each `times` is that of the children: 0m0.123s 0m0.045s
    lines = record.read_text().splitlines()[1::2]
    found = [number for line in lines for number in re.findall(r"(\d+)m([\d.]+)s", line)]
    device = sum(60 * int(minutes) + float(rest) for minutes, rest in found)
    return spent() - before - device, device


def by_sync(scratch: Path, made: depots.Made, served: server.Depot) -> Cost:
    """dnn_depot_sync from a web server."""
    served.sent.clear()
    given = {"source": served.url, "prefix": str(scratch / "sync"), "locks": [depots.PYTORCH]}
    task = {"dnn_depot_sync": {**given, "signers": [depots.public(made.key)]}}
    cpu = playbook(scratch, task)
    return Cost(sum(served.sent.values()), *cpu)


def by_copy(scratch: Path, made: depots.Made) -> Cost:
    """The module copy, a directory at a time."""
    target = scratch / "copy"
    before = depots.tree(target) if target.exists() else {}
    task = {"ansible.builtin.copy": {"src": f"{made.directory}/wheels/", "dest": f"{target}/", "mode": "0644"}}
    cpu = playbook(scratch, task)
    after = depots.tree(target)
    return Cost(sum(len(what[2]) for name, what in after.items() if before.get(name) != what), *cpu)


def by_rsync(scratch: Path, made: depots.Made, program: str) -> Cost:
    """rsync -a, which compares times and sizes."""
    command: Sequence[str] = [program, "-a", "--stats", f"{made.directory}/wheels/", f"{scratch}/rsync/"]
    before = spent()
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    sent = re.search(r"Total bytes sent: ([\d,.]+)", said)
    return Cost(int(re.sub(r"\D", "", sent.group(1))) if sent else 0, spent() - before, 0.0)


def main() -> None:
    """Each way twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=200)
    megabytes = parser.parse_args().megabytes
    rsync = shutil.which("rsync")
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        made = depots.Made(scratch / "depot", depots.key(scratch, "key"))
        paths = [f"wheels/part{number}-1-py3-none-any.whl" for number in range(FILES)]
        for path in paths:
            made.add(path, depots.noise(megabytes * 1_000_000 // FILES, path))
        made.locks = {depots.PYTORCH: ("pytorch", paths)}
        (scratch / "depot").mkdir()
        made.write()
        with server.serve(made.directory) as served:
            ways = {"dnn_depot_sync": lambda: by_sync(scratch, made, served), "copy": lambda: by_copy(scratch, made)}
            if rsync:
                ways["rsync"] = lambda: by_rsync(scratch, made, rsync)
            costs = {way: (run(), run()) for way, run in ways.items()}
    size = megabytes * 1_000_000
    print(f"{megabytes} MB in {FILES} files")
    print(f"{'':28}{'bytes sent':>12}{'of size':>9}{'controller':>12}{'device':>9}")
    for way, runs in costs.items():
        for which, cost in zip(("first", "no change"), runs):
            print(
                f"{way:16}{which:12}{cost.sent:12}{cost.sent / size:9.4f}{cost.controller:10.2f} s{cost.device:7.2f} s"
            )


if __name__ == "__main__":
    main()
