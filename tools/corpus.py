#!/usr/bin/env python3
"""Score the log explanation on a folder of failure reports: each log alone, no host, against its label.

A report counts as `first` where the first finding bears its `cause` (or its `alt_cause`), as `three` where one of the
first three does, as `not known` where there is no finding, and else as `wrong`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "module_utils"))

from dnnready.diagnosis.explain import explain

#: How many causes a user sees first.
SHOWN = 3
OUTCOMES = ("first", "three", "not known", "wrong")
_TRUSTED = ("high", "medium")


def read_cases(directory: Path) -> list[dict[str, Any]]:
    """Every report of a folder; ends the program where there is none."""
    cases = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(directory.glob("*.json"))]
    if not cases:
        sys.exit(f"{directory} holds no report (*.json).")
    return cases


def score(case: dict[str, Any]) -> dict[str, Any]:
    """One report with what was found."""
    wanted = {case["cause"], case.get("alt_cause")} - {None}
    findings = explain(case["log"]).findings
    found = [finding.cause for finding in findings]
    rank = next((place for place, cause in enumerate(found, start=1) if cause in wanted), 0)
    outcome = "not known" if not found else "first" if rank == 1 else "three" if 0 < rank <= SHOWN else "wrong"
    return {
        "id": case["id"],
        "cause": case["cause"],
        "confidence": case["confidence"],
        "found": found,
        "stated": findings[0].confidence if findings else "",
        "outcome": outcome,
    }


def summary(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Counts of all, by the label's confidence, by ours, and by label."""

    def count(key: str) -> dict[str, dict[str, int]]:
        values = sorted({result[key] for result in results})
        return {value: counts([result for result in results if result[key] == value]) for value in values}

    def counts(some: Sequence[dict[str, Any]]) -> dict[str, int]:
        found = Counter(result["outcome"] for result in some)
        return {"cases": len(some), **{outcome: found[outcome] for outcome in OUTCOMES}}

    trusted = [result for result in results if result["confidence"] in _TRUSTED]
    return {
        "all": counts(results),
        "high and medium": counts(trusted),
        "by confidence of the label": count("confidence"),
        "by stated confidence": count("stated"),
        "by cause": count("cause"),
        "missed": [result for result in results if result["outcome"] != "first"],
    }


def _line(name: str, numbers: dict[str, int]) -> str:
    within = numbers["first"] + numbers["three"]
    return (
        f"{name:32} {numbers['cases']:5} {numbers['first']:6} {within:6} {numbers['not known']:10} {numbers['wrong']:6}"
        f"   {numbers['first'] / numbers['cases']:6.1%} {within / numbers['cases']:6.1%}"
    )


def show(document: dict[str, Any]) -> str:
    """The summary for people."""
    lines = [f"{'':32} {'cases':>5} {'first':>6} {'in 3':>6} {'not known':>10} {'wrong':>6}   {'first':>6} {'in 3':>6}"]
    lines += [_line("all", document["all"])]
    if document["high and medium"]["cases"]:
        lines += [_line("label high or medium", document["high and medium"])]
    lines += [_line(f"label {name}", numbers) for name, numbers in document["by confidence of the label"].items()]
    lines += [
        _line(f"stated {name or 'nothing'}", numbers) for name, numbers in document["by stated confidence"].items()
    ]
    lines += ["", *(_line(name, numbers) for name, numbers in document["by cause"].items())]
    if document["missed"]:
        lines += ["", "not first:"]
    lines += [
        f"  {miss['id']}: {miss['cause']} ({miss['confidence']}), found {', '.join(miss['found']) or 'nothing'}"
        for miss in document["missed"]
    ]
    return "\n".join(lines)


def main(words: Optional[Sequence[str]] = None) -> int:
    """Exit code 0 where at least the given shares are reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, metavar="CASES_DIR")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.add_argument(
        "--first", type=float, default=0.0, metavar="SHARE", help="least share at rank one (high, medium)"
    )
    parser.add_argument(
        "--three", type=float, default=0.0, metavar="SHARE", help="least share within three (high, medium)"
    )
    arguments = parser.parse_args(words)
    document = summary([score(case) for case in read_cases(arguments.directory)])
    print(json.dumps(document, indent=2, ensure_ascii=False) if arguments.json else show(document))
    trusted = document["high and medium"]
    total = trusted["cases"] or 1
    good = (
        trusted["first"] / total >= arguments.first and (trusted["first"] + trusted["three"]) / total >= arguments.three
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
