"""Checks environment variables against the catalogue, the stack and the host, before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from ..errors import DnnreadyError
from . import host_checks, stack_checks
from .catalogue import find
from .finding import LEVELS, Finding
from .paths import Preload
from .render import problem as render_problem
from .said import shown
from .variable import READERS, Variable

#: Libraries that come by LD_PRELOAD, by the start of their names.
_PRELOADED = {"libjemalloc": "jemalloc", "libtcmalloc": "tcmalloc", "libiomp5": "libiomp5", "libomp": "libiomp5"}


@dataclass(frozen=True)
class Context:
    """What the checks know: the variables, who reads them, and the host where it is known."""

    variables: Mapping[str, str]
    readers: frozenset[str]  #: empty where nobody knows what runs in this environment
    host: Mapping[str, Any] = field(default_factory=dict)
    exists: Optional[Callable[[str], bool]] = None  #: whether a path exists on the host; None off the host


def evaluate(
    variables: Mapping[str, str],
    readers: Sequence[str],
    host: Optional[Mapping[str, Any]] = None,
    exists: Optional[Callable[[str], bool]] = None,
) -> list[Finding]:
    """Everything worth saying about `variables`, errors first.

    `readers` are those of the stack definition; [] where it is not known what will run (login shells), which leaves
    out the checks that need it. `host` is the host document or None. `exists` asks the host about paths; without
    it, as on a controller, paths are not looked up. Values may hold `{release}`.
    Raises DnnreadyError for an unknown reader. Unknown variables are an application's own: only their spelling counts.
    """
    context = Context(variables, _readers(readers, variables, host), host or {}, exists)
    findings = [finding for name in sorted(variables) for finding in _of_variable(context, name)]
    findings += [finding for check in stack_checks.CHECKS for finding in check(context)]
    return sorted(findings, key=lambda finding: (LEVELS.index(finding.level), finding.variable))


def _readers(given: Sequence[str], variables: Mapping[str, str], host: Optional[Mapping[str, Any]]) -> frozenset[str]:
    """The stack's readers, those that are everywhere, and those that LD_PRELOAD brings."""
    unknown = sorted(set(given) - set(READERS))
    if unknown:
        raise DnnreadyError(f"Unknown reader '{unknown[0]}'.", f"Readers are {', '.join(READERS)}.")
    if not given:
        return frozenset()
    readers = {*given, "loader"}
    if not host or host.get("libc", {}).get("name") != "musl":
        readers.add("glibc")
    for library in Preload.libraries(variables.get("LD_PRELOAD", "")):
        name = library.rpartition("/")[2]
        readers.update(reader for start, reader in _PRELOADED.items() if name.startswith(start))
    return frozenset(readers)


def _of_variable(context: Context, name: str) -> Iterator[Finding]:
    value, known = context.variables[name], find(name)
    unwritable = render_problem(name, value)
    if unwritable:
        remedy = known.spelling if known and known.spelling else "Say it with other characters, or leave it out."
        yield Finding("error", "not_portable", name, value, f"{name}: {unwritable}.", remedy)
        return
    if known is None:
        return
    problem = known.grammar.problem(value)
    if problem:
        text = f"{name}={shown(value)} {problem}. {known.bad}"
        remedy = f"Give {known.grammar.words()}; null leaves it out."
        yield Finding("error", "invalid_env_value", name, value, text, remedy)
        return
    yield from _unread(context, known, name)
    for check in host_checks.CHECKS:
        yield from check(context, known, name)


def _unread(context: Context, known: Variable, name: str) -> Iterator[Finding]:
    if not context.readers or context.readers & set(known.readers):
        return
    would = ", ".join(READERS[reader] for reader in known.readers)
    text = f"Nothing in this stack reads {name}" + (f"; {would} would." if would else ", and no current library does.")
    remedy = known.instead or "Leave it out."
    yield Finding("warning", "unread", name, context.variables[name], text, remedy)
