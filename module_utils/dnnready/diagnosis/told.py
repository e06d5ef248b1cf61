"""A diagnosis as text for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_WIDTH = 110
_WHERE = {"model": ", your model or program, not the host"}
_KINDS = {"stack": "stack ", "python": "", "unit": "service ", "process": "process "}


def text(diagnoses: Sequence[Mapping[str, Any]]) -> str:
    """All of them, one after the other."""
    return "\n".join(line for one in diagnoses for line in (*_lines(one), "")).rstrip()


def headline(diagnosis: Mapping[str, Any]) -> str:
    """One line: the target, its verdict, the first cause."""
    target = diagnosis["target"]
    name = f"{_KINDS[target['kind']]}{target['name']}"
    if diagnosis.get("problem"):
        return f"{name}: could not be looked at. {diagnosis['problem']}"
    if diagnosis["healthy"]:
        return f"{name}: {diagnosis['verdict']}, nothing to mend"
    first = diagnosis["findings"][0]["cause"] if diagnosis["findings"] else "no cause is known"
    return f"{name}: {diagnosis['verdict']}, {first}"


def _lines(diagnosis: Mapping[str, Any]) -> Iterator[str]:
    yield headline(diagnosis)
    target = diagnosis["target"]
    if target["python"]:
        yield from _wrapped(f"{target['python']}; environment: {target['environment_from'] or 'not known'}", "  ")
    for number, finding in enumerate(diagnosis["findings"], start=1):
        yield from _finding(number, finding)
    for step in diagnosis["steps"]:
        yield from _step(step)
    if diagnosis["probes"]:
        counts = diagnosis["counts"]
        left_out = [probe["name"] for probe in diagnosis["probes"] if not probe["ran"]]
        words = f"Looked {counts['cheap']} times cheaply and {counts['costly']} times at length"
        words += f", {diagnosis['cpu_seconds']:.1f} CPU seconds in {diagnosis['wall_seconds']:.1f} s"
        yield from _wrapped(f"{words}; not needed: {', '.join(left_out)}." if left_out else f"{words}.", "  ")


def _finding(number: int, finding: Mapping[str, Any]) -> Iterator[str]:
    where = _WHERE.get(finding["where"], "")
    yield f"  {number}. {finding['cause']} (question {finding['step']}, confidence {finding['confidence']}{where})"
    yield from _wrapped(finding["explanation"], "     ")
    for line in finding["evidence"]:
        yield from _wrapped(f"- {line}", "     ")
    yield from _wrapped(f"Do: {finding['remedy']}", "     ")
    yield from _wrapped(f"Confirm: {finding['confirm']}", "     ")


def _step(step: Mapping[str, Any]) -> Iterator[str]:
    words = {"passed": "in order", "finding": "see above", "not_looked": "not looked at"}[step["outcome"]]
    yield f"  Question {step['step']}, {words}: {step['title']}"
    for said in step["passed"]:
        yield from _wrapped(said, "     ")
    for doubt in step["unknown"]:
        yield from _wrapped(f"not known: {doubt['what']} ({doubt['why']})", "     ")


def _wrapped(words: str, indent: str) -> list[str]:
    return textwrap.wrap(
        " ".join(words.split()),
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
