"""What a short proof costs beside a full one, and where the rest goes: `python tests/bench/short_proof.py [PREFIX]`.

Each current release of the prefix (default: that of make test-host) is proven in full, which makes the voucher, then in
short by it, several times in turn; then what a switch adds to each. Nothing is stored. CPU seconds are those of all
processes of the proof. The second table adds one part after the other, each with a start of its own.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "module_utils"))

from dnnready.conv2d import harness, sibling, stored, verification  # noqa: E402  the path is set above
from dnnready.conv2d.selection import select  # noqa: E402  the path is set above
from dnnready.conv2d.voucher import voucher  # noqa: E402  the path is set above
from dnnready.host import collect  # noqa: E402  the path is set above
from dnnready.host.hardware_class import hardware_class  # noqa: E402  the path is set above
from dnnready.release import through  # noqa: E402  the path is set above
from dnnready.release.store import Store  # noqa: E402  the path is set above

TEST_HOST = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dnnready" / "test-host"
ACCEPT = ("accelerated",)
TIMEOUT = 300.0


class Figures:
    """CPU and wall seconds of several runs."""

    def __init__(self) -> None:
        self.cpu: list[float] = []
        self.wall: list[float] = []

    def add(self, work: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        """Run, and note what it took; the proof."""
        before, started = os.times(), time.monotonic()
        proof = work()
        after = os.times()
        self.wall.append(time.monotonic() - started)
        self.cpu.append(sum(after[:4]) - sum(before[:4]))
        return proof

    def __str__(self) -> str:
        return f"{statistics.median(self.cpu):6.2f} {statistics.median(self.wall):6.2f}"


def proofs(prefix: Path, stack: str, host: Mapping[str, Any], times: int) -> tuple[dict[str, Figures], dict[str, Any]]:
    """{full, switch, short, start}: figures of a stack; and its voucher."""
    store = Store(prefix, stack)
    identifier = store.linked("current")
    request = {**stored.request_of(str(store.release(identifier)), stack, {}), "host": host}
    figures = {name: Figures() for name in ("full", "switch", "short", "start")}
    made: dict[str, Any] = {}
    for _ in range(times):
        full = figures["full"].add(lambda: verification.verify(request))
        made = voucher(full, hardware_class(host), "this host") or {}
        if not made:
            sys.exit(f"{stack} cannot vouch: its verdict is {full['verdict']}, or the hardware class is not certain.")
        short = figures["short"].add(lambda given=made: sibling.prove(request, given))
        if short["scope"] != "short":
            sys.exit(f"{stack}: the proof was not short: {short['scope_why']}")
        figures["switch"].add(lambda: through.prove(store, identifier, ACCEPT, TIMEOUT))
        figures["start"].add(lambda: {"seconds": through.start(store, identifier, TIMEOUT)})
    return figures, made


def parts(prefix: Path, stack: str, host: Mapping[str, Any], names: list[str], times: int) -> list[float]:
    """CPU seconds of a probe: its start, with few convolutions, with all, with measurements; of the control process."""
    request = verification.complete(
        {**stored.request_of(str(Store(prefix, stack).root / "current"), stack, {}), "host": host}
    )
    probe = request["probes"][0]
    whole = select(probe, host["cpu"]["isa"], request["shapes"])
    few = [shape for shape in whole if shape["name"] in names]
    switch = verification.SWITCHES.get(probe)
    control = [shape for shape in whole if shape["name"] == "3x3"]
    questions: list[tuple[list[Any], int, dict[str, str]]] = [([], 0, {}), (few, 0, {}), (whole, 0, {}), (whole, 5, {})]
    questions += [(control, 0, dict([switch]))] if switch else []
    found = []
    for shapes, repeats, variables in questions:
        asked, environment = {"shapes": shapes, "repeats": repeats}, {**request["environment"], **variables}
        runs = [harness.run(probe, request["python"], asked, environment, TIMEOUT) for _ in range(times)]
        found.append(statistics.median(run.completed.cpu_seconds for run in runs))
    return found


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prefix", nargs="?", type=Path, default=TEST_HOST)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--stacks", nargs="*", default=["onednn", "mkl", "pytorch", "tensorflow"])
    options = parser.parse_args()
    host = collect("/", [])
    print("medians of", options.times, "- CPU and wall seconds, load", *map(round, os.getloadavg()))
    print(f"{'':12}{'full proof':>15}{'switch':>15}{'short proof':>15}{'switch':>15}   together")
    shown: dict[str, list[str]] = {}
    for stack in options.stacks:
        figures, made = proofs(options.prefix, stack, host, options.times)
        shown[stack] = [name for said in made["shows"].values() for name in said["convolutions"]]
        cpu = {name: statistics.median(one.cpu) for name, one in figures.items()}
        ratio = (cpu["short"] + cpu["start"]) / (cpu["full"] + cpu["switch"])
        columns = "".join(f"{figures[name]!s:>15}" for name in ("full", "switch", "short", "start"))
        print(f"{stack:12}{columns}   {100 * ratio:.0f} % of the CPU")
    print()
    titles = ("start alone", "few shapes", "all shapes", "measured", "control process")
    print(f"{'CPU seconds':12}" + "".join(f"{title:>16}" for title in titles))
    for stack in options.stacks:
        found = parts(options.prefix, stack, host, shown[stack], options.times)
        print(f"{stack:12}" + "".join(f"{one:16.2f}" for one in found))


if __name__ == "__main__":
    main()
