"""The matrix of a run: a table for the terminal, for readers and for programs, and whether it is as it must be."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.faults.trial import Result

#: A run of all faults shows at least so many, and so many distinct causes.
LEAST_FAULTS, LEAST_CAUSES = 45, 30
HEADINGS = ("fault", "cause", "diagnosed", "heal", "others", "CPU s", "wall s", "probes")
HARM = {True: "unharmed", False: "harmed", None: "-"}


def row(result: Result) -> tuple[str, ...]:
    """One line of the matrix."""
    return (
        result.name,
        result.expected or "(healthy)",
        result.diagnosed,
        result.heal,
        HARM[result.unharmed],
        f"{result.cpu_seconds:.1f}",
        f"{result.wall_seconds:.1f}",
        "+".join(str(result.counts.get(cost, 0)) for cost in ("cheap", "costly")) if result.counts else "-",
    )


def totals(results: Sequence[Result]) -> Mapping[str, object]:
    """Numbers of the whole run."""
    faults = [result for result in results if result.expected]
    return {
        "faults": len(faults),
        "healthy": len(results) - len(faults),
        "distinct_causes": len({result.expected for result in faults}),
        "diagnosed": dict(Counter(row(result)[2] for result in results)),
        "heal": dict(Counter(result.heal for result in faults)),
        "harmed": sum(result.unharmed is False for result in results),
        "with_problems": sum(bool(result.problems) for result in results),
    }


def text(results: Sequence[Result]) -> str:
    """For the terminal."""
    rows = [HEADINGS, *(row(result) for result in results)]
    widths = [max(len(line[column]) for line in rows) for column in range(len(HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in rows]
    lines += ["", *(f"{name}: {value}" for name, value in totals(results).items())]
    problems = [f"  {result.name}: {problem}" for result in results for problem in result.problems]
    return "\n".join(lines + (["", "Not as it must be:", *problems] if problems else [])) + "\n"


def markdown(results: Sequence[Result]) -> str:
    """For readers."""
    lines = [HEADINGS, ("---",) * len(HEADINGS), *(row(result) for result in results)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    counted = "\n".join(f"* {name}: {value}" for name, value in totals(results).items())
    return f"# Fault matrix\n\n{table}\n\n{counted}\n"


def write(results: Sequence[Result], directory: Path) -> None:
    """`matrix.json` and `matrix.md`."""
    directory.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            **{key: value for key, value in dataclasses.asdict(result).items() if key != "said"},
            "diagnosed": row(result)[2],
        }
        for result in results
    ]
    document = {"totals": totals(results), "faults": rows}
    (directory / "matrix.json").write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    (directory / "matrix.md").write_text(markdown(results), encoding="utf-8")


def write_outputs(result: Result, directory: Path) -> None:
    """What each step of a fault printed."""
    place = directory / result.name
    place.mkdir(parents=True, exist_ok=True)
    for step, said in result.said.items():
        (place / f"{step}.txt").write_text(said, encoding="utf-8")


def good(results: Sequence[Result], *, whole: bool) -> bool:
    """Whether all is as it must be; `whole` where no fault was left out."""
    faults = [result.expected for result in results if result.expected]
    enough = len(faults) >= LEAST_FAULTS and len(set(faults)) >= LEAST_CAUSES
    return not any(result.problems for result in results) and (enough or not whole)
