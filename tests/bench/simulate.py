"""What 1,000 and 10,000 hosts would cost: python tests/bench/simulate.py [--hosts 1000,10000] [--forks 25] [--cores 4].

A model of few words, fed with what fleet.py, rollout.py and distribution.py measured (--json; --measured names the
directory, tests/bench/measured is what docs/fleet-costs.md shows):

* CPU of the controller for N hosts: fixed + N x per host. A roll-out adds a look at each build every 3 seconds.
* Wall time: fixed + the longest of three: N x what Ansible's main process does for a host, which is one thread; N x
  what all its processes do, on the cores; N x a host's own time (CPU x how much slower the device is, round trips), on
  the forks. A build holds its fork until it ends.
* Rings one after another, each in whole turns of the forks, or as long as its bytes need on the depot's uplink.
* Memory: main process + N x what it keeps of a host + forks x worker + connections that ssh keeps open.
* Slices (controllers, or jobs of AWX) share the hosts; not the uplink.

It knows no failures, no time-outs, no other load. It is right where it was measured (tests/unit/bench holds that), and
beyond that as far as cost stays linear; it says what ends first, not when to the second.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Union

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "module_utils"))

from dnnready.plan.rings import rings

MEASURED = Path(__file__).resolve().parent / "measured"
LOOK_EVERY = 3.0  #: seconds between two looks at a build, action_plugins/dnn_release.py
TRIPS = 2  #: round trips of one module run over an open connection


@dataclass(frozen=True)
class Line:
    """Seconds for N hosts: fixed + N x per_host."""

    fixed: float
    per_host: float

    def at(self, hosts: int) -> float:
        """Seconds for so many hosts."""
        return self.fixed + hosts * self.per_host


@dataclass(frozen=True)
class Task:
    """What Ansible does with each host: CPU of the controller, the part of its main process, CPU of a device."""

    controller: Line
    main: float  #: CPU seconds of a host; one thread
    device: float


@dataclass(frozen=True)
class Costs:
    """What was measured."""

    ping: Task
    look: Task
    rollout: Task
    sync: Task
    glance: float  #: CPU seconds of the controller for one look at a build: that of a module-less command
    look_bytes: float
    main_bytes: float
    bytes_per_host: float  #: that the main process keeps
    fork_bytes: float  #: of a worker
    connection_bytes: float  #: of the ssh that keeps a connection open
    server_per_byte: float  #: CPU seconds of the depot's web server
    manifest_bytes: float  #: what a host asks of the depot where nothing changed


@dataclass(frozen=True)
class Site:
    """Controller, network and devices."""

    cores: float = 4.0
    forks: int = 25
    slices: int = 1  #: controllers that share the hosts
    slowness: float = 1.0  #: device CPU seconds for one of the machine that was measured
    trip: float = 0.05  #: seconds to a device and back
    build: float = 120.0  #: seconds in which a device builds and proves what is rolled out
    pause: float = 0.0  #: between rings
    persist: float = 300.0  #: seconds for which ssh keeps a connection that is not used, ControlPersist
    rings: tuple[Union[int, str], ...] = (1, "10%", "100%")  #: dnnready_rings
    wheels: float = 552e6  #: bytes that a device fetches for a roll-out
    uplink: float = 1e9 / 8  #: bytes a second, of the depot


def cpu(task: Task, hosts: int, site: Site = Site()) -> float:
    """CPU seconds of all controllers."""
    return site.slices * task.controller.fixed + hosts * task.controller.per_host


def bounds(task: Task, hosts: int, site: Site, *, held: float = 0.0, shared: bool = False) -> dict[str, float]:
    """Seconds for the hosts of one controller, were there nothing else but its main process, its cores, its forks.

    `held`: how long a host keeps its fork beside its CPU time; such hosts take whole turns. `shared`: devices and
    controller have the same cores, as on the machine that was measured.
    """
    device = task.device * site.slowness
    turns = math.ceil(hosts / site.forks) if held else max(1.0, hosts / site.forks)
    return {
        "main process": hosts * task.main,
        "cores": hosts * (task.controller.per_host + (device if shared else 0.0)) / site.cores,
        "forks": turns * (task.controller.per_host + device + TRIPS * site.trip + held),
    }


def wall(task: Task, hosts: int, site: Site, *, shared: bool = False) -> float:
    """Seconds until the last host is done."""
    return task.controller.fixed + max(bounds(task, math.ceil(hosts / site.slices), site, shared=shared).values())


def ends(task: Task, hosts: int, site: Site) -> str:
    """What bounds the wall time."""
    found = bounds(task, math.ceil(hosts / site.slices), site)
    return max(found, key=lambda name: found[name])


def rollout(costs: Costs, hosts: int, site: Site) -> tuple[float, float]:
    """Wall seconds, and CPU seconds of the controllers; each slice has its own rings, and all slices fetch at once."""
    own = math.ceil(hosts / site.slices)
    watching = site.build / LOOK_EVERY * costs.glance
    per_host = costs.rollout.controller.per_host + costs.sync.controller.per_host + watching
    one = Task(Line(0.0, per_host), costs.rollout.main, costs.sync.device)
    sizes = ring_sizes(own, site.rings)
    seconds = costs.rollout.controller.fixed + site.pause * (len(sizes) - 1)
    for size in sizes:
        fetching = size * site.slices * site.wheels / site.uplink
        seconds += max(*bounds(one, size, site, held=site.build).values(), fetching)
    return seconds, site.slices * costs.rollout.controller.fixed + hosts * per_host


def ring_sizes(hosts: int, wishes: Sequence[Union[int, str]]) -> list[int]:
    """How many hosts each ring has, as site.yml plans them."""
    return [len(ring["hosts"]) for ring in rings([str(number) for number in range(hosts)], wishes, {}, {})]


def memory(costs: Costs, hosts: int, site: Site) -> float:
    """Bytes of one controller in a look; connections stay open for `persist` seconds after their last use."""
    own = math.ceil(hosts / site.slices)
    rate = own / max(wall(costs.look, hosts, site) - costs.look.controller.fixed, 1e-9)
    connections = min(own, min(own, site.forks) + rate * site.persist)
    workers = min(own, site.forks) * costs.fork_bytes
    return costs.main_bytes + own * costs.bytes_per_host + workers + connections * costs.connection_bytes


def slices(task: Task, hosts: int, site: Site, seconds: float) -> int:
    """How many controllers do it in so many seconds; 0 where no number does."""
    for number in range(1, hosts + 1):
        if wall(task, hosts, replace(site, slices=number)) <= seconds:
            return number
    return 0


def read(directory: Path = MEASURED) -> Costs:
    """The costs of fleet.json, rollout.json and distribution.json."""
    fleet, roll, depot = (
        json.loads((directory / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("fleet", "rollout", "distribution")
    )
    few, many = fleet["watched"][0], fleet["watched"][-1]
    more = many["hosts"] - few["hosts"]
    main = (many["main_seconds"] - few["main_seconds"]) / more
    new, rolled = fleet["new"]["lines"], roll["lines"]["controller"]
    first = {kind: _slope(depot["first"], kind) for kind in ("controller", "device", "server")}
    workers = many["processes"] - many["ssh_processes"] - 1
    return Costs(
        ping=Task(_line(new["ping"]["controller"]), main, new["ping"]["device"]["per_host"]),
        look=Task(_line(new["site"]["controller"]), main, new["site"]["device"]["per_host"]),
        rollout=Task(_line(rolled), main * max(roll["rows"][-1]["module_runs"]), 0.0),
        sync=Task(Line(0.0, first["controller"]), main, first["device"]),
        glance=fleet["kept"]["lines"]["ping"]["controller"]["per_host"],
        look_bytes=many["sent"] / many["hosts"],
        main_bytes=few["main_bytes"],
        bytes_per_host=max(0.0, (many["main_bytes"] - few["main_bytes"]) / more),
        fork_bytes=(many["bytes"] - many["ssh_bytes"]) / max(workers, 1),
        connection_bytes=many["ssh_bytes"] / many["ssh_processes"],
        server_per_byte=first["server"] / depot["first"][0]["bytes_per_host"],
        manifest_bytes=depot["again"][0]["bytes_per_host"],
    )


def _line(given: Mapping[str, float]) -> Line:
    return Line(max(given["fixed"], 0.0), given["per_host"])


def _slope(rows: Sequence[Mapping[str, float]], kind: str) -> float:
    if len(rows) == 1:
        return rows[0][kind] / rows[0]["hosts"]
    return (rows[-1][kind] - rows[0][kind]) / (rows[-1]["hosts"] - rows[0]["hosts"])


def tables(costs: Costs, numbers: Sequence[int], site: Site) -> str:
    """Markdown, as docs/fleet-costs.md shows it."""
    out = [
        f"Controller: {site.cores:g} cores, {site.forks} forks. Device: {site.slowness:g} times as slow, "
        f"{site.trip * 1000:g} ms away, {site.build:g} s to build and prove. Depot: {site.wheels / 1e6:g} MB to a "
        f"device, {site.uplink * 8 / 1e6:g} Mbit/s.",
        "",
        "| hosts | ping: wall, CPU | look: wall, CPU, bound by | memory | roll-out: wall, CPU | slices for 10 min |",
        "|---|---|---|---|---|---|",
    ]
    for hosts in numbers:
        seconds, spent = rollout(costs, hosts, site)
        needed = slices(costs.look, hosts, site, 600)
        out.append(
            f"| {hosts} | {_time(wall(costs.ping, hosts, site))}, {_time(cpu(costs.ping, hosts, site))} "
            f"| {_time(wall(costs.look, hosts, site))}, {_time(cpu(costs.look, hosts, site))}, "
            f"{ends(costs.look, hosts, site)} | {memory(costs, hosts, site) / 1e9:.1f} GB "
            f"| {_time(seconds)}, {_time(spent)} | {needed or '-'} |"
        )
    out += ["", "| hosts | forks | look: wall, bound by | roll-out: wall | memory |", "|---|---|---|---|---|"]
    for hosts in numbers:
        for forks in (25, 50, 100, 200):
            wider = replace(site, forks=forks)
            out.append(
                f"| {hosts} | {forks} | {_time(wall(costs.look, hosts, wider))}, {ends(costs.look, hosts, wider)} "
                f"| {_time(rollout(costs, hosts, wider)[0])} | {memory(costs, hosts, wider) / 1e9:.1f} GB |"
            )
    out += ["", "| hosts | look: bytes | depot: bytes, time on the uplink, CPU of its server |", "|---|---|---|"]
    for hosts in numbers:
        sent = hosts * site.wheels
        out.append(
            f"| {hosts} | {hosts * costs.look_bytes / 1e9:.2f} GB "
            f"| {sent / 1e12:.2f} TB, {_time(sent / site.uplink)}, {_time(sent * costs.server_per_byte)} |"
        )
    out += [
        "",
        f"A look at a host: {costs.look_bytes / 1000:.0f} kB, {costs.look.controller.per_host:.2f} CPU s of the "
        f"controller. A host that pulls and finds nothing new asks the depot for {costs.manifest_bytes:.0f} bytes, and "
        "a controller for nothing.",
    ]
    return "\n".join(out)


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def main() -> int:
    """Read, compute, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", default="1000,10000", help="how many, separated by commas")
    parser.add_argument("--measured", type=Path, default=MEASURED, help="where the JSON files of the benches are")
    for name, value in Site().__dict__.items():
        if name != "rings":
            parser.add_argument(f"--{name}", type=type(value), default=value)
    options = vars(parser.parse_args())
    site = Site(**{name: options[name] for name in Site().__dict__ if name != "rings"})
    try:
        costs = read(options["measured"])
    except OSError as error:
        sys.exit(f"{error.filename}: {os.strerror(error.errno or 0)}. Run the benches with --json first.")
    print(tables(costs, [int(word) for word in options["hosts"].split(",")], site))
    return 0


if __name__ == "__main__":
    sys.exit(main())
