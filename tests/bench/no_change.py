"""What a run that changes nothing costs: `make bench`, or `python tests/bench/no_change.py -- -i INVENTORY …`.

Runs `ansible -m ping` and `site.yml` in turn on the same hosts, which must be provisioned, and prints medians and their
ratio. CPU seconds are those of ansible and all it started; with a local connection that includes the modules.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def cost(argv: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Wall seconds and CPU seconds of a command that must succeed."""
    before, started = os.times(), time.monotonic()
    done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    wall, after = time.monotonic() - started, os.times()
    if done.returncode:
        sys.exit(f"{' '.join(argv)} failed:\n{done.stdout[-3000:]}{done.stderr[-2000:]}")
    return wall, after.children_user + after.children_system - before.children_user - before.children_system


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=5, help="how often each is run")
    parser.add_argument("arguments", nargs="*", help="passed to ansible-playbook: inventory, -e …")
    options = parser.parse_args()
    inventory = [
        word
        for flag, word in zip(options.arguments, [*options.arguments[1:], ""], strict=False)
        if flag == "-i"
        for word in ("-i", word)
    ]
    with tempfile.TemporaryDirectory() as scratch:
        run = Path(scratch) / "run.json"
        environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "DNNREADY_JSON": str(run)}
        ping = [str(BIN / "ansible"), "all", "-m", "ansible.builtin.ping", *inventory]
        site = [str(BIN / "ansible-playbook"), "site.yml", *options.arguments]
        cost(site, environment)  # the first run may build the program of the device
        pings, sites = [], []
        for _ in range(options.repeat):
            pings.append(cost(ping, environment))
            sites.append(cost(site, environment))
        hosts = json.loads(run.read_text(encoding="utf-8"))["hosts"]
    print(f"hosts: {len(hosts)}, module runs per host: {sorted({host['module_runs'] for host in hosts.values()})}")
    for number, name in enumerate(("wall", "CPU")):
        small = statistics.median(pair[number] for pair in pings)
        large = statistics.median(pair[number] for pair in sites)
        ratio = f"ping {small:.2f}, site.yml {large:.2f}, {large / small:.1f} x"
        print(f"{name:4} seconds, median of {options.repeat}: {ratio}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
