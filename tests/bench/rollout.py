"""What a roll-out costs the controller: python tests/bench/rollout.py --hosts 1,4 [--json FILE].

site.yml brings the library oneDNN (39 MB) to hosts that have nothing, each with a prefix of its own, over real ssh
(loopback.py), and proves it; all in one ring. The stack is small on purpose: what a host does is not measured, but what
Ansible does meanwhile. It watches a build by a short command every few seconds, so a longer build costs it more:
simulate.py adds that. Needs root, openssh-server, and what pip needs to install.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.fleet import KINDS, SITE, line, machine
from tests.bench.loopback import hosts

SCHEMA = "dnnready/bench-rollout/1"


def measure(numbers: Sequence[int]) -> dict[str, Any]:
    """One roll-out at each number of hosts."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="dnnready-") as name:
        for number in numbers:
            record = Path(name) / "run.json"
            variables = {
                "dnnready_scope": "user",
                "dnnready_prefix": f"{name}/{number}/{{index}}",
                "dnnready_stacks": ["onednn"],
                "dnnready_rings": ["100%"],
                # The hosts of this bench are one machine; nobody may rest on another's proof.
                "dnnready_class_proof": False,
            }
            with hosts(number, variables) as fleet:
                done = fleet.run([*SITE, *fleet.inventory(number)], {"DNNREADY_JSON": str(record)})
            found = json.loads(record.read_text())["hosts"].values()
            if not all(row["verdict"] == "accelerated" and row["changed"] for host in found for row in host["rows"]):
                sys.exit(f"Not every host was provisioned:\n{done.output[-3000:]}")
            rows.append({"hosts": number, **done.figures(), "module_runs": sorted({h["module_runs"] for h in found})})
    lines = {kind: line([(row["hosts"], row[kind]) for row in rows]) for kind in KINDS}
    return {
        "schema": SCHEMA,
        "machine": machine(),
        "rows": rows,
        "lines": {kind: {"fixed": fixed, "per_host": per_host} for kind, (fixed, per_host) in lines.items()},
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", default="1,4", help="how many, separated by commas")
    parser.add_argument("--json", type=Path, help="write the figures here, for simulate.py")
    options = parser.parse_args()
    document = measure(sorted({int(word) for word in options.hosts.split(",")}))
    print("| hosts | controller, device CPU s | wall s | module runs |\n|---|---|---|---|")
    for row in document["rows"]:
        runs = ", ".join(map(str, row["module_runs"]))
        print(f"| {row['hosts']} | {row['controller']:.2f}, {row['device']:.2f} | {row['wall']:.1f} | {runs} |")
    slopes = [document["lines"][kind]["per_host"] for kind in KINDS]
    print(f"| each more | {slopes[0]:.2f}, {slopes[1]:.2f} | {slopes[2]:.1f} | |")
    if options.json:
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
