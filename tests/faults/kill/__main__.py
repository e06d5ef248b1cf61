"""Kill provisioning at many points, and see that nothing is lost: `make kill-test`, see docs/kill-test.md."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "module_utils"))

from tests.faults.kill import points, trial
from tests.faults.kill.operations import SHARES, Preparation, PreparationError, Prepared
from tests.faults.kill.points import Point
from tests.faults.kill.trial import Outcome
from tests.faults.kill.world import INSIDE_VARIABLE, World, enter

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dnnready"


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.kill", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--points", type=int, default=200, help="how many kills (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of what is chosen at random (default: %(default)s)")
    parser.add_argument("--only", action="append", choices=list(SHARES), help="these operations alone")
    parser.add_argument("--repeat", action="append", default=[], type=points.parse, metavar="POINT", help="this kill")
    parser.add_argument("--jobs", type=int, default=2, help="kills at a time (default: %(default)s)")
    parser.add_argument("--wheelhouse", type=Path, default=CACHE / "wheelhouse", help="where the wheels are")
    parser.add_argument("--report", type=Path, metavar="DIRECTORY", help="for kill.json")
    parser.add_argument("--quiet", action="store_true", help="print failures and the end alone")
    return parser.parse_args(given)


def portions(wanted: int, only: Sequence[str]) -> dict[str, int]:
    """How many points each operation gets; every one gets one at least."""
    whole = sum(SHARES[name] for name in only)
    shared = {name: max(1, wanted * SHARES[name] // whole) for name in only}
    shared[only[0]] += max(0, wanted - sum(shared.values()))
    return shared


def chosen(prepared: Prepared, wanted: int, only: Sequence[str], seed: int) -> list[Point]:
    """The points of a run: the same ones for the same seed and the same code."""
    dice = points.dice_of(seed)
    return [
        point
        for name, number in portions(wanted, only).items()
        for point in points.choose(name, prepared.traces[name], number, dice)
    ]


def show(outcome: Outcome, *, quiet: bool) -> None:
    """A line for a kill, and all that is wrong after it."""
    if outcome.survived and not quiet:
        print(f"{outcome.point} ({outcome.seconds:.1f} s): {outcome.kept}", flush=True)
    if not outcome.survived:
        print(
            f"{outcome.point}: LOST", f"  kept: {outcome.kept}", *(f"  {text}" for text in outcome.problems), sep="\n"
        )
        print(f"  again: python -m tests.faults.kill --repeat {outcome.point}", flush=True)


def summary(outcomes: Sequence[Outcome], seconds: float) -> str:
    """Survived of total for each operation, and altogether."""
    total = Counter(outcome.point.operation for outcome in outcomes)
    survived = Counter(outcome.point.operation for outcome in outcomes if outcome.survived)
    lines = [f"{name:10} {survived[name]:4} of {number:4} survived" for name, number in total.items()]
    lines.append(f"{'all':10} {survived.total():4} of {total.total():4} survived, {seconds:.0f} s")
    return "\n".join(lines)


def run(given: argparse.Namespace, scratch: Path) -> int:
    """Prepare, kill, and say what survived; 0 where all did."""
    started = time.monotonic()
    only = given.only or sorted({point.operation for point in given.repeat}) or list(SHARES)
    world = World(scratch, given.wheelhouse)
    try:
        preparation = Preparation(world, only)  # its web servers live as long as it does
        prepared = preparation.all()
    except PreparationError as error:
        print(f"Nothing was killed. {error}", file=sys.stderr)
        return 2
    for problem in prepared.unsafe:
        print(f"A power cut loses something: {problem}")
    wanted = given.repeat or chosen(prepared, given.points, only, given.seed)
    if not given.quiet:
        print(f"Prepared in {time.monotonic() - started:.0f} s; {len(wanted)} kills, seed {given.seed}.", flush=True)

    def one(point: Point) -> Outcome:
        outcome = trial.run(world, prepared, point)
        show(outcome, quiet=given.quiet)
        return outcome

    with ThreadPoolExecutor(given.jobs) as pool:
        outcomes = list(pool.map(one, wanted))
    print(summary(outcomes, time.monotonic() - started))
    if given.report:
        given.report.mkdir(parents=True, exist_ok=True)
        told = [
            {"point": str(one.point), "kept": one.kept, "problems": one.problems, "seconds": round(one.seconds, 1)}
            for one in outcomes
        ]
        (given.report / "kill.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return 0 if all(outcome.survived for outcome in outcomes) and not prepared.unsafe else 1


def main(words: Sequence[str]) -> int:
    """Enter a place of its own first, then run there."""
    given = arguments(words)
    if scratch := os.environ.pop(INSIDE_VARIABLE, ""):
        return run(given, Path(scratch))
    if os.geteuid():
        print("The kill test needs root: it mounts, and makes process namespaces.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="dnnready-kill-") as directory:
        return enter(Path(directory), words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
