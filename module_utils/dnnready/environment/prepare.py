"""From what a playbook says to what is written: texts, the release's directory, all refusals at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Optional

from ..errors import DnnreadyError
from .catalogue import find
from .evaluate import evaluate
from .finding import Finding
from .paths import RELEASE
from .places import in_release
from .recommend import as_text


@dataclass(frozen=True)
class Prepared:
    """Variables that may be written, and what is worth saying about them."""

    variables: dict[str, str]
    findings: list[Finding]


def prepare(
    given: Mapping[str, Any],
    readers: Sequence[str],
    host: Optional[Mapping[str, Any]],
    *,
    scope: str,
    release: str = "",
    rehearsal: bool = False,
) -> Prepared:
    """Texts of `given` (None leaves one out), checked on this host.

    `release` is the directory for `{release}`, "" outside of scope release. In a rehearsal (check mode) a file that
    is missing may be one that a task before would have installed: only a warning.
    Raises DnnreadyError that names every refused variable with the reason and the way out.
    """
    variables, refusals = _texts(given)
    if release:
        variables = in_release(variables, release)
    else:
        refusals += [
            f"{name}: {RELEASE} has a meaning in scope release alone. Write the path."
            for name, value in sorted(variables.items())
            if RELEASE in value
        ]
    # In a rehearsal the release itself may be what a task before would have built.
    coming = f"{release}/" if rehearsal and release else "\0"
    findings = evaluate(variables, readers, host, lambda path: os.path.exists(path) or path.startswith(coming))
    if rehearsal:
        findings = [replace(each, level="warning") if each.code == "file_missing" else each for each in findings]
    refusals += [str(finding) for finding in findings if finding.level == "error"]
    if refusals:
        number = "One variable is" if len(refusals) == 1 else f"{len(refusals)} variables are"
        raise DnnreadyError(f"{number} refused, nothing was written. {' '.join(refusals)}")
    return Prepared(variables, [*findings, *(_every_program(variables) if scope == "login" else ())])


def _texts(given: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    variables, refusals = {}, []
    for name, value in given.items():
        try:
            if value is not None:
                variables[str(name)] = as_text(str(name), value)
        except DnnreadyError as error:
            refusals.append(str(error))
    return variables, refusals


def _every_program(variables: Mapping[str, str]) -> Iterator[Finding]:
    """What the loader and glibc read changes every program that a user starts, not the framework alone."""
    for name in sorted(variables):
        known = find(name)
        if known and {"loader", "glibc"} & set(known.readers):
            text = f"{name} in login shells changes every program that is started there."
            remedy = "Prefer scope release with `dnnready run`, or scope systemd."
            yield Finding("warning", "every_program", name, variables[name], text, remedy)
