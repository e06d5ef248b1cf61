"""The diagnoses of all hosts as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from . import diagnosis_summary as summary
from .words import code, markdown


def render(document: Mapping[str, Any]) -> str:
    """A page: the summary, then each target with its findings and what was looked at."""
    return "\n".join(_page(document)) + "\n"


def _page(document: Mapping[str, Any]) -> Iterator[str]:
    yield from ("# Why conv2d does not run through the DNN library", "")
    yield from (f"{markdown(summary.counts(document))}. Made {markdown(document['created'])}.", "")
    yield from ("| host | target | state | verdict | first cause |", "| --- | --- | --- | --- | --- |")
    for line in summary.lines(document):
        cells = (line.host, line.target, line.state, line.verdict, line.cause)
        yield f"| {' | '.join(markdown(cell) or '-' for cell in cells)} |"
    for host, entry in document["hosts"].items():
        yield from ("", f"## {markdown(host)}", "")
        why = summary.silence(entry)
        if why:
            yield f"Not looked at. {markdown(why)}"
            continue
        for diagnosis in entry:
            yield from _diagnosis(diagnosis)


def _diagnosis(diagnosis: Mapping[str, Any]) -> Iterator[str]:
    target = diagnosis["target"]
    yield from (f"### {markdown(summary.title(diagnosis))}: {summary.state(diagnosis)}", "")
    if diagnosis.get("problem"):
        yield from (markdown(diagnosis["problem"]), "")
        return
    yield f"Verdict: {markdown(diagnosis['verdict'])}. {summary.effort(diagnosis)}."
    if target["python"]:
        origin = target["environment_from"] or "not known"
        yield f"Interpreter: {code(target['python'])}, environment: {markdown(origin)}."
    yield ""
    for number, finding in enumerate(diagnosis["findings"], start=1):
        yield from _finding(number, finding)
    for step in diagnosis["steps"]:
        yield f"{step['step']}. {markdown(step['title'])}: **{summary.OUTCOMES[step['outcome']]}**"
        yield from (f"   * {markdown(said)}" for said in step["passed"])
        yield from (f"   * not known: {markdown(each['what'])} ({markdown(each['why'])})" for each in step["unknown"])
    yield ""


def _finding(number: int, finding: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"#### {number}. {code(finding['cause'])} ({markdown(summary.certainty(finding))})", "")
    yield from (markdown(finding["explanation"]), "")
    yield from (f"* {code(line)}" for line in finding["evidence"])
    yield from ("", f"**Do:** {markdown(finding['remedy'])}", "")
    yield from (f"**Confirm:** {markdown(finding['confirm'])}", "")
