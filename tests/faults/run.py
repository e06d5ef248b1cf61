"""Inject real faults into containers and see them diagnosed and healed: `make faults`, see docs/faults.md."""

from __future__ import annotations

import argparse
import fnmatch
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "module_utils"))

from dnnready.archive import build as program
from tests.faults import case as cases
from tests.faults import image as images
from tests.faults import matrix
from tests.faults.case import Case
from tests.faults.container import LABEL, Container, PodmanError, podman
from tests.faults.trial import Result, Trial

HERE = Path(__file__).resolve().parent
PREFIX = "dnnready-faults-"


def chosen(only: Sequence[str]) -> list[Case]:
    """Faults and what is healthy, those first that take longest; `only` are patterns of names or causes."""
    every = cases.load(HERE / "healthy") + cases.load(HERE / "cases")
    picked = [
        case
        for case in every
        if not only or any(fnmatch.fnmatch(word, each) for each in only for word in (case.name, case.expected))
    ]
    return sorted(picked, key=lambda case: "tensorflow" not in (case.target.name, case.target.framework))


class Runner:
    """Runs faults, each in a container of its own."""

    def __init__(
        self, directory: Path, depth: str, report: Path | None, *, healed: Sequence[str] = ("*",), quiet: bool
    ) -> None:
        self.directory = directory
        self.depth = depth
        self.healed = healed
        self.report = report
        self.quiet = quiet
        (directory / "dnnready").write_bytes(program(images.ROOT / "module_utils" / "dnnready", "/usr/bin/python3"))
        (directory / "dnnready").chmod(0o755)

    def run(self, case: Case) -> Result:
        """One fault. A container that does not start is a problem of that fault alone."""
        started = time.monotonic()
        result = Result(case.name, case.expected)
        arguments = images.volumes(f"{HERE}:/faults", f"{self.directory}:/program")
        arguments += [word.replace("{faults}", str(HERE)) for word in case.container]
        try:
            container = Container(f"{PREFIX}{os.getpid()}-{case.name}", self.images[case.image], arguments)
            with container:
                trial = Trial(case, container, depth=self._depth(case))
                result = trial.result
                trial.run()
        except (PodmanError, RuntimeError, KeyError) as error:
            result.problems.append(f"{type(error).__name__}: {error}")
        result.seconds = time.monotonic() - started
        if self.report:
            matrix.write_outputs(result, self.report)
        if not self.quiet:
            state = "as expected" if not result.problems else "; ".join(result.problems)
            sys.stderr.write(f"{case.name} ({result.seconds:.0f} s): {result.diagnosed}, {result.heal}: {state}\n")
        return result

    def _depth(self, case: Case) -> str:
        if self.depth == "heal" and not any(fnmatch.fnmatch(case.name, each) for each in self.healed):
            return "diagnose"
        return self.depth

    def sweep(self) -> None:
        """Remove what runs left that were killed: their number is in the names."""
        for name in podman("ps", "--all", "--format={{.Names}}", f"--filter=label={LABEL}").split():
            run = name.removeprefix(PREFIX).partition("-")[0]
            # A container that somebody else started from one of these images has the label too.
            if name.startswith(PREFIX) and not Path("/proc", run).exists():
                podman("rm", "--force", "--time=0", name)

    def run_all(self, wanted: Sequence[Case], jobs: int) -> list[Result]:
        """All of them, some at a time, in the order of their names."""
        self.sweep()
        self.images = {name: images.build(name) for name in sorted({case.image for case in wanted})}
        with ThreadPoolExecutor(jobs) as pool:
            return sorted(pool.map(self.run, wanted), key=lambda result: (bool(result.expected), result.name))


def main(arguments: Sequence[str]) -> int:
    """Run, print the matrix, and exit with 1 where something is not as it must be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN", help="names or causes, with * and ?")
    parser.add_argument("--jobs", type=int, default=2, help="containers at a time (default: %(default)s)")
    parser.add_argument("--report", type=Path, metavar="DIRECTORY", help="for matrix.json, matrix.md and all outputs")
    parser.add_argument("--depth", choices=["inject", "diagnose", "heal"], default="heal", help="how far to go")
    parser.add_argument(
        "--heal", nargs="+", default=["*"], metavar="NAME", help="heal these alone, the others are only diagnosed"
    )
    parser.add_argument("--quiet", action="store_true", help="print the matrix alone")
    given = parser.parse_args(arguments)
    wanted = chosen(given.only)
    if not wanted:
        parser.error(f"no fault is called {', '.join(given.only)}")
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        runner = Runner(Path(directory), given.depth, given.report, healed=given.heal, quiet=given.quiet)
        results = runner.run_all(wanted, given.jobs)
    sys.stdout.write(matrix.text(results))
    if given.report:
        matrix.write(results, given.report)
    return 0 if matrix.good(results, whole=not given.only) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
