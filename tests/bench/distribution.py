"""What it costs to bring a depot to many hosts: python tests/bench/distribution.py --hosts 1,4,16 --megabytes 50.

Every host fetches the same wheels of a signed depot by dnn_depot_sync, over HTTP from nginx on the controller, into a
prefix of its own; then once more, when nothing changed. Ansible reaches the hosts over real ssh (loopback.py). Printed
are CPU seconds of ansible, of nginx and of the hosts, wall seconds, the bytes that nginx sent to a host by its log, and
module runs per host, as the table of docs/fleet-costs.md. Needs root, openssh-server and nginx.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "module_utils"))

from tests.bench.fleet import changed, line, machine
from tests.bench.loopback import BIN, Group, Loopback, free_port, hosts, wait_for_port
from tests.unit.depot import depots

SCHEMA = "dnnready/bench-distribution/1"
FILES = 8
KINDS = ("controller", "server", "device", "wall")
# A host asks below its own name, so the log tells the hosts apart; they all have the address of this machine.
_SERVER = """\
daemon off;
error_log {scratch}/error.log;
pid {scratch}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
  log_format sent "$bytes_sent $request_uri";
  access_log {scratch}/access.log sent;
  sendfile on;
  client_body_temp_path {scratch}/body; proxy_temp_path {scratch}/proxy; fastcgi_temp_path {scratch}/fastcgi;
  uwsgi_temp_path {scratch}/uwsgi; scgi_temp_path {scratch}/scgi;
  server {{
    listen 127.0.0.1:{port};
    root {depot};
    rewrite ^/[0-9]+/(.*)$ /$1 break;
  }}
}}
"""


@dataclass(frozen=True)
class Server:
    """nginx, with the depot."""

    port: int
    group: Group
    log: Path

    def sent(self) -> Counter[str]:
        """Bytes by host so far."""
        counted: Counter[str] = Counter()
        for entry in self.log.read_text(encoding="ascii").splitlines():
            size, path = entry.split()
            counted[path.split("/")[1]] += int(size)
        return counted


@contextmanager
def serve(scratch: Path, depot: Path) -> Iterator[Server]:
    """nginx of the bench's own, for as long as this lasts."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if program is None:
        sys.exit("nginx is missing: install the package nginx-light.")
    port = free_port()
    settings = scratch / "nginx.conf"
    settings.write_text(_SERVER.format(scratch=scratch, depot=depot, port=port))
    group = Group("server")
    command = [program, "-c", str(settings), "-p", str(scratch), "-g", "user root; worker_processes 1;"]
    daemon = subprocess.Popen(group.command(command))
    try:
        wait_for_port("127.0.0.1", port, daemon, scratch / "error.log")
        yield Server(port, group, scratch / "access.log")
    finally:
        group.remove()
        daemon.wait()


def play(scratch: Path, made: depots.Made) -> Path:
    """A playbook of one task."""
    task = {
        "dnn_depot_sync": {
            "source": "{{ depot }}",
            "prefix": "{{ prefix }}",
            "locks": [depots.PYTORCH],
            "signers": [depots.public(made.key)],
            "now": "{{ now().timestamp() }}",
        }
    }
    path = scratch / "sync.yml"
    path.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    return path


def fetch(fleet: Loopback, server: Server, book: Path, number: int, expected: int) -> dict[str, Any]:
    """One run: costs, bytes to a host, module runs of a host. `expected` hosts must have changed."""
    record = book.with_name("run.json")
    before, spent = server.sent(), server.group.seconds()
    done = fleet.run(
        [str(BIN / "ansible-playbook"), str(book), *fleet.inventory(number)],
        {"DNNREADY_JSON": str(record), "no_proxy": "127.0.0.1"},
    )
    if changed(done.output) != expected:
        sys.exit(f"{expected} hosts should have changed:\n{done.output[-3000:]}")
    sent = server.sent() - before
    if len(sent) != number:
        sys.exit(f"{len(sent)} of {number} hosts asked the depot.")
    runs = {host["module_runs"] for host in json.loads(record.read_text())["hosts"].values()}
    costs = {**done.figures(), "server": server.group.seconds() - spent}
    return {**costs, "bytes_per_host": statistics.mean(sent.values()), "module_runs": sorted(runs)}


def measure(numbers: Sequence[int], megabytes: int) -> dict[str, Any]:
    """First runs and runs in which nothing changed, by number of hosts."""
    with tempfile.TemporaryDirectory(prefix="dnnready-") as name:
        scratch = Path(name)
        made = depots.Made(scratch / "depot", depots.key(scratch, "key"))
        paths = [f"wheels/part{number}-1-py3-none-any.whl" for number in range(FILES)]
        for path in paths:
            made.add(path, depots.noise(megabytes * 1_000_000 // FILES, path))
        made.locks = {depots.PYTORCH: ("pytorch", paths)}
        made.directory.mkdir()
        made.write()
        book = play(scratch, made)
        with serve(scratch, made.directory) as server:
            variables = {
                "depot": f"http://127.0.0.1:{server.port}/{{index}}/",
                "prefix": f"{scratch}/prefix/{{index}}",
            }
            with hosts(max(numbers), variables) as fleet:
                fetch(fleet, server, book, 1, 1)  # warms files and bytecode
                first, again = [], []
                for number in numbers:
                    shutil.rmtree(scratch / "prefix")
                    first.append({"hosts": number, **fetch(fleet, server, book, number, number)})
                    again.append({"hosts": number, **fetch(fleet, server, book, number, 0)})
    about = {"schema": SCHEMA, "machine": machine(), "megabytes": megabytes, "files": FILES}
    return {**about, "first": first, "again": again}


def table(document: dict[str, Any]) -> str:
    """Markdown, as docs/fleet-costs.md shows it."""
    out = [
        f"{document['megabytes']} MB in {document['files']} files to each host",
        "",
        "| run | hosts | ansible, nginx, device CPU s | wall s | bytes to a host | of size | module runs |",
        "|---|---|---|---|---|---|---|",
    ]
    size = document["megabytes"] * 1e6
    for run, title in (("first", "first"), ("again", "nothing changed")):
        rows = document[run]
        for row in rows:
            costs = ", ".join(f"{row[kind]:.2f}" for kind in KINDS[:3])
            out.append(
                f"| {title} | {row['hosts']} | {costs} | {row['wall']:.1f} | {row['bytes_per_host']:.0f} "
                f"| {row['bytes_per_host'] / size:.4f} | {', '.join(map(str, row['module_runs']))} |"
            )
        slopes = [line([(row["hosts"], row[kind]) for row in rows])[1] for kind in KINDS]
        costs = ", ".join(f"{slope:.3f}" for slope in slopes[:3])
        out.append(f"| {title} | each more | {costs} | {slopes[3]:.2f} | | | |")
    return "\n".join(out)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", default="1,4,16", help="how many, separated by commas")
    parser.add_argument("--megabytes", type=int, default=50)
    parser.add_argument("--json", type=Path, help="write the figures here, for simulate.py")
    options = parser.parse_args()
    document = measure(sorted({int(word) for word in options.hosts.split(",")}), options.megabytes)
    print(table(document))
    if options.json:
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
