"""What a switch costs, and what a look that finds nothing to do costs: `python tests/bench/switch.py [PREFIX]`.

Two small releases around the oneDNN of the prefix are switched back and forth, with the proof through `current` and
without. The module dnn_release is run for real (AnsiballZ, by ansible-playbook, local) with the stacks of the prefix.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "module_utils"), str(ROOT)]

from dnnready.release import activate, facts, through  # noqa: E402  the path is set above
from dnnready.release.store import Store  # noqa: E402  the path is set above
from tests.integration.small_releases import provide  # noqa: E402  the path is set above

TIMES = 3


def measured(work: Callable[[int], Any]) -> str:
    """Medians of wall and CPU seconds, children included."""
    walls, cpus = [], []
    for number in range(TIMES):
        before, started = os.times(), time.monotonic()
        work(number)
        after = os.times()
        walls.append(time.monotonic() - started)
        cpus.append(sum(after[:4]) - sum(before[:4]))
    return f"{statistics.median(walls):7.3f} s wall  {statistics.median(cpus):6.3f} s CPU"


def switches(prefix: Path) -> None:
    """A switch with and without its proof."""
    store = Store(prefix, "bench")
    ids = [provide(store, number) for number in range(2)]
    fact = facts.path_of(prefix, "")

    def switch(number: int, prove: Any) -> None:
        activate.activate(store, ids[number % 2], ["accelerated"], 9, fact, prove=prove)

    print("switch, proven through current ", measured(lambda number: switch(number, through.prove)))
    print("switch, without the proof      ", measured(lambda number: switch(number + 1, lambda *_: {})))


def looks(prefix: Path) -> None:
    """The CPU seconds that the module itself reports for state=looked; the median of several runs."""
    specs = []
    for manifest in sorted(prefix.glob("stacks/*/current/manifest.json")):
        specs.append(json.loads(manifest.read_text(encoding="utf-8"))["spec"])
    with_fact = "/etc/ansible/facts.d" if str(prefix) == "/opt/dnnready" else ""
    arguments = {"state": "looked", "prefix": str(prefix), "releases": specs, "facts_directory": with_fact}
    with tempfile.TemporaryDirectory() as directory:
        # JSON, whatever the configuration shows to people.
        environment = {
            **os.environ,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_INJECT_FACT_VARS": "false",
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        }
        given = Path(directory) / "arguments.json"
        given.write_text(json.dumps(arguments), encoding="utf-8")
        taken = []
        for _ in range(TIMES):
            argv = [str(Path(sys.executable).parent / "ansible"), "localhost", "-i", "localhost,", "-m", "dnn_release"]
            more = [
                "-c",
                "local",
                "-a",
                given.read_text(encoding="utf-8"),
                "-e",
                f"ansible_python_interpreter={sys.executable}",
            ]
            done = subprocess.run([*argv, *more], env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
            result = json.loads(done.stdout.split("=>", 1)[1])
            taken.append(result["cpu_seconds"])
    needs = {name: entry["needs"] for name, entry in result["stacks"].items()}
    print(f"look at {len(specs)} stacks, in the module  {statistics.median(taken):6.3f} s CPU  needs: {needs}")


def main(prefix: str = "/opt/dnnready") -> None:
    """Print the medians."""
    with tempfile.TemporaryDirectory() as directory:
        switches(Path(directory))
    looks(Path(prefix))


if __name__ == "__main__":
    main(*sys.argv[1:])
