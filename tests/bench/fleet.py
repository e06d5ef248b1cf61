"""What a run of site.yml that changes nothing costs a fleet, beside `ansible -m ping`: make bench-fleet.

    python tests/bench/fleet.py --hosts 1,8,32 --repeat 5 [--json FILE] [-- ARGUMENTS OF ansible-playbook]

Ping and site.yml (all four stacks) run in turn over real ssh against so many addresses of this machine (loopback.py),
with new connections and with those that the run before left open (ControlPersist). Printed are medians in seconds,
ratios, and the cost of one more host (least squares over the medians), as the tables of docs/fleet-costs.md. This
machine must be provisioned (`make provision`), by this very checkout: it is used as it is, and the bench ends where a
run would change something. Needs root and openssh-server.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.loopback import BIN, ROOT, Loopback, Spent, hosts

SCHEMA = "dnnready/bench-fleet/1"
KINDS = ("controller", "device", "wall")
#: Connections of a run: made by it, as in the first run of a day, or those that the run before left open.
CONNECTIONS = {"new": "new connections", "kept": "connections kept"}
PING = [str(BIN / "ansible"), "all", "-m", "ansible.builtin.ping"]
SITE = [str(BIN / "ansible-playbook"), "site.yml"]
_SENT = Path("/sys/class/net/lo/statistics/tx_bytes")


def line(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The least squares line through points (x, y): its value at 0, and its slope."""
    if len({x for x, _ in points}) < 2:
        return (0.0, points[0][1] / points[0][0])
    slope, start = statistics.linear_regression([x for x, _ in points], [y for _, y in points])
    return start, slope


def changed(output: str) -> int:
    """How many tasks changed something, or failed, by the recap of ansible-playbook."""
    found = re.findall(r"(?:changed|failed|unreachable)=(\d+)", output)
    return sum(map(int, found)) if found else 1


def site(
    fleet: Loopback, number: int, extra: Sequence[str], environment: Mapping[str, str], *, keep: bool = False
) -> Spent:
    """One run of site.yml, which must change nothing."""
    spent = fleet.run([*SITE, *fleet.inventory(number), *extra], environment, keep=keep)
    if changed(spent.output):
        sys.exit(
            f"This run is not one that changes nothing:\n{spent.output[-3000:]}\n"
            "Provision this machine with this checkout first: make provision"
        )
    return spent


def measure(fleet: Loopback, numbers: Sequence[int], repeat: int, extra: Sequence[str]) -> dict[str, Any]:
    """The document that --json writes: medians by number of hosts, lines, memory, bytes, module runs."""
    samples: dict[tuple[str, str, int], list[Spent]] = {}
    largest = max(numbers)
    with tempfile.TemporaryDirectory() as name:
        record = Path(name) / "run.json"
        environment = {"DNNREADY_JSON": str(record)}
        site(fleet, 1, ["--check", *extra], environment)
        for turn in range(repeat + 1):
            for connections in CONNECTIONS:
                keep = connections == "kept"
                if keep:
                    fleet.run([*PING, *fleet.inventory(largest)], environment, keep=True)
                for number in numbers:
                    ping = fleet.run([*PING, *fleet.inventory(number)], environment, keep=keep)
                    look = site(fleet, number, extra, environment, keep=keep)
                    if turn:  # the first warms files and bytecode
                        samples.setdefault((connections, "ping", number), []).append(ping)
                        samples.setdefault((connections, "site", number), []).append(look)
                fleet.disconnect()
            print(f"turn {turn} of {repeat}", file=sys.stderr, flush=True)
        runs = sorted({host["module_runs"] for host in json.loads(record.read_text())["hosts"].values()})
        watched = []
        for number in sorted({min(numbers), largest}):
            sent = int(_SENT.read_text())
            with fleet.watched() as peaks:
                site(fleet, number, extra, environment)
            watched.append({"hosts": number, "sent": int(_SENT.read_text()) - sent, **dataclasses.asdict(peaks)})
    return {
        "schema": SCHEMA,
        "repeat": repeat,
        "machine": machine(),
        "module_runs": runs,
        **{connections: _summary(connections, samples) for connections in CONNECTIONS},
        "watched": watched,
    }


def _summary(connections: str, samples: Mapping[tuple[str, str, int], Sequence[Spent]]) -> dict[str, Any]:
    found: dict[str, Any] = {"lines": {}}
    for command in ("ping", "site"):
        rows = [
            {"hosts": number, **{kind: statistics.median(one.figures()[kind] for one in taken) for kind in KINDS}}
            for (how, what, number), taken in samples.items()
            if (how, what) == (connections, command)
        ]
        lines = {kind: line([(row["hosts"], row[kind]) for row in rows]) for kind in KINDS}
        found[command] = rows
        found["lines"][command] = {
            kind: {"fixed": fixed, "per_host": per_host} for kind, (fixed, per_host) in lines.items()
        }
    return found


def machine() -> dict[str, Any]:
    """On what was measured."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    from ansible.release import __version__ as core

    settings = (ROOT / "ansible.cfg").read_text(encoding="utf-8")
    forks = re.search(r"^forks = (\d+)$", settings, re.MULTILINE)
    return {
        "cpu": model.group(1) if model else "",
        "cores": len(os.sched_getaffinity(0)),
        "ansible_core": core,
        "python": ".".join(map(str, sys.version_info[:3])),
        "forks": int(forks.group(1)) if forks else 5,
    }


def tables(document: Mapping[str, Any]) -> str:
    """Markdown, as docs/fleet-costs.md shows it."""
    on = document["machine"]
    runs = ", ".join(map(str, document["module_runs"]))
    out = [
        f"ansible-core {on['ansible_core']} on Python {on['python']}, {on['cores']} cores of {on['cpu']}, "
        f"{on['forks']} forks; medians of {document['repeat']}; module runs per host: {runs}",
    ]
    for connections, title in CONNECTIONS.items():
        part = document[connections]
        out += [
            "",
            f"| {title}: hosts | ping: controller, device, wall s | site.yml: controller, device, wall s | ratios |",
            "|---|---|---|---|",
        ]
        for ping, look in zip(part["ping"], part["site"], strict=True):
            out.append(_row(str(ping["hosts"]), ping, look))
        ping, look = ({kind: part["lines"][name][kind]["per_host"] for kind in KINDS} for name in ("ping", "site"))
        out.append(_row("each host more", ping, look, digits=3))
    most = document["watched"][-1]
    sent = most["sent"] / most["hosts"] / 1000
    out += [
        "",
        f"site.yml at {most['hosts']} hosts: {most['bytes'] / 1e6:.0f} MB in {most['processes']} processes, "
        f"{most['ssh_bytes'] / 1e6:.0f} MB of it in {most['ssh_processes']} of ssh; {most['main_seconds']:.1f} CPU s "
        f"in the main process; {sent:.0f} kB between controller and a host.",
    ]
    return "\n".join(out)


def _row(name: str, ping: Mapping[str, float], look: Mapping[str, float], digits: int = 2) -> str:
    def cells(values: Mapping[str, float]) -> str:
        return ", ".join(f"{values[kind]:.{digits}f}" for kind in KINDS)

    ratio = ", ".join(f"{look[kind] / ping[kind]:.1f}" if ping[kind] > 0 else "-" for kind in KINDS)
    return f"| {name} | {cells(ping)} | {cells(look)} | {ratio} |"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", default="1,8,32", help="how many, separated by commas")
    parser.add_argument("--repeat", type=int, default=5, help="how often each is run")
    parser.add_argument("--json", type=Path, help="write the figures here, for simulate.py")
    parser.add_argument("arguments", nargs="*", help="passed to ansible-playbook: -e …")
    options = parser.parse_args()
    numbers = sorted({int(word) for word in options.hosts.split(",")})
    if not Path("/opt/dnnready/bin/dnnready").exists():
        sys.exit("This machine is not provisioned for all users: make provision SCOPE=host")
    with hosts(max(numbers)) as fleet:
        document = measure(fleet, numbers, options.repeat, options.arguments)
    print(tables(document))
    if options.json:
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
