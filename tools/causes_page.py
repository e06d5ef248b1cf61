#!/usr/bin/env python3
"""Writes docs/causes.md from the causes and signatures; with --check only says whether it is up to date."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "module_utils"))

from dnnready.diagnosis.cause import STEPS, Cause
from dnnready.diagnosis.causes import CAUSES
from dnnready.diagnosis.explain import explain
from dnnready.diagnosis.facts import Facts
from dnnready.diagnosis.signatures import ALL
from dnnready.diagnosis.ties import SEPARATORS

PAGE = ROOT / "docs" / "causes.md"
_EXAMPLES = 4

INTRODUCTION = """\
# Causes

Generated from `module_utils/dnnready/diagnosis` by `tools/causes_page.py`; do not edit. How to add one:
[adding-a-cause.md](adding-a-cause.md).

Why a convolution fails, is slow, or does not come from oneDNN or MKL: {count} causes, each with a stable code.
`dnnready explain FILE`, the module `dnn_diagnose` and everything that reads their documents use these codes. A remedy
below is what is said of a host that is not known; with the facts of the host it names the package manager, the file or
the one way that applies.

**Healer**: the part of dnnready that can mend it; *advice* where a person has to decide.

| code | question | healer |
| --- | --- | --- |
"""


def page() -> str:
    """The text of the page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield INTRODUCTION.format(count=len(CAUSES)) + "\n".join(
        f"| [`{code}`](#{code}) | {cause.step} | {cause.healer} |" for code, cause in CAUSES.items()
    )
    messages = _messages()
    for step, title in STEPS.items():
        yield f"\n## {step}. {title}"
        for cause in CAUSES.values():
            if cause.step == step:
                yield from _entry(cause, messages)


def _messages() -> Mapping[str, list[str]]:
    """For each cause messages that it is the first one for."""
    found: dict[str, list[str]] = {}
    for signature in ALL:
        findings = explain(signature.example).findings
        if findings:
            found.setdefault(findings[0].cause, []).append(signature.example)
    return found


def _entry(cause: Cause, messages: Mapping[str, list[str]]) -> Iterator[str]:
    nowhere: Mapping[str, str] = {}
    yield f"\n### {cause.code}\n"
    yield f"{cause.explanation}\n"
    if cause.where == "model":
        yield "* It is the model or the program; the host is fine."
    yield f"* Remedy: {cause.remedy(Facts(), nowhere)}"
    yield f"* Confirm: {cause.confirmation(Facts(), nowhere)}"
    yield f"* Healer: {cause.healer}"
    for other, question in sorted(_separated(cause.code)):
        yield f"* From a log alone like [`{other}`](#{other}). {question}"
    if messages.get(cause.code):
        yield "\nMessages:\n\n```"
        yield from messages[cause.code][:_EXAMPLES]
        yield "```"


def _separated(code: str) -> Iterator[tuple[str, str]]:
    for pair, (_, question) in SEPARATORS.items():
        if code in pair:
            yield next(iter(pair - {code})), question


def main(arguments: list[str]) -> int:
    """Write the page, or compare it."""
    if arguments == ["--check"]:
        if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page():
            return 0
        print(f"{PAGE.relative_to(ROOT)} is not what the causes say: run tools/causes_page.py", file=sys.stderr)
        return 1
    if arguments:
        print("usage: causes_page.py [--check]", file=sys.stderr)
        return 2
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
