#!/usr/bin/env python3
"""Writes docs/environment-variables.md from the catalogue; with --check only says whether it is up to date."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "module_utils"))

from dnnready.environment.catalogue import GROUPS
from dnnready.environment.variable import READERS, Variable

PAGE = ROOT / "docs" / "environment-variables.md"

INTRODUCTION = """\
# Environment variables

Generated from `module_utils/dnnready/environment/catalogue*.py` by `tools/environment_page.py`; do not edit.

Who reads what, which values are good, and what a bad value does. dnnready checks all of them before it writes any:
`dnn_environment` refuses a bad value, and `site.yml` names it before anything is downloaded. Variables that are not
listed here are an application's own and pass, if they can be written.

**Set before start.** Most libraries read their variables when they load: a variable that a program sets after `import`
comes too late. Where an entry says that the first operation is the limit, this was measured.

**Measured** consequences were seen on a machine (torch 2.13, TensorFlow 2.21, oneDNN 3.7 and 3.12, MKL 2026.2, the
libgomp in torch's wheel, glibc 2.31 to 2.41); others are read from the source that the entry names.

**What can be written.** One file of `NAME=value` lines serves `sh`, systemd's `EnvironmentFile=` and `docker run
--env-file`. They have no common quoting, so these are refused in a value: white space, control characters,
`" ' \\ $ ; & | < > ( )` and the backtick, and `~` at the start or after `:` or `=`. Names that shells keep for
themselves (`UID`, `RANDOM`, `IFS`, ...) are refused too.

**Readers** of a stack (`readers` in its definition):
"""


def page() -> str:
    """The text of the page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield INTRODUCTION
    for reader, title in READERS.items():
        yield f"* `{reader}`: {title}"
    for title, group in GROUPS.items():
        yield f"\n## {title}"
        for variable in group:
            yield from _entry(variable)


def _entry(variable: Variable) -> Iterator[str]:
    readers = ", ".join(f"`{reader}`" for reader in variable.readers) or "nothing current"
    yield f"\n### {variable.name}\n"
    yield f"{variable.summary}\n"
    yield f"* Read by: {readers}"
    yield f"* Good: {_code(variable.grammar.words())}"
    yield f"* Bad values{' (measured)' if variable.measured else ''}: {_code(variable.bad)}"
    if variable.aliases:
        names = ", ".join(f"`{name}`" for name in variable.aliases)
        yield f"* Older names, the strongest first: {names}; `{variable.name}` beats them"
    if variable.debugging:
        yield f"* For debugging: a warning unless {' or '.join(f'`{value}`' for value in variable.off)}"
    limit = "the library loads" if variable.early else "the first operation; after the import is early enough"
    yield f"* Set before {limit}"
    if variable.spelling:
        yield f"* {_code(variable.spelling)}"
    if variable.instead:
        yield f"* Elsewhere: {variable.instead}"
    yield f"* Source: <{variable.source}>"


def _code(text: str) -> str:
    """Characters that Markdown would take for its own."""
    return text.replace("*", "\\*").replace("<", "&lt;").replace("[", "\\[")


def main(arguments: list[str]) -> int:
    """Write the page, or compare it."""
    if arguments == ["--check"]:
        if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page():
            return 0
        print(
            f"{PAGE.relative_to(ROOT)} is not what the catalogue says: run tools/environment_page.py", file=sys.stderr
        )
        return 1
    if arguments:
        print("usage: environment_page.py [--check]", file=sys.stderr)
        return 2
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
