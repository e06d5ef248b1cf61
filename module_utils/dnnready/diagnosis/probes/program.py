"""Step 3, cheap: variables that a program sets for itself, and whether that is too late.

Libraries read most variables once, when they are loaded. A line os.environ["KMP_AFFINITY"] = ... after the import of
the framework changes nothing, and says so nowhere. Only the script's own top level is read; nothing is executed.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from typing import NamedTuple, Optional

from ...environment.catalogue import find
from ..probe import CHEAP, Case, Observation, Probe, Suspicion
from .environment import READERS

_FRAMEWORKS = ("torch", "tensorflow", "keras", "numpy", "torchvision", "jax")
_LARGEST = 4 << 20


class Setting(NamedTuple):
    """A variable that a program sets: where, and to what ("" where only running it would tell)."""

    line: int
    name: str
    value: str


class Read(NamedTuple):
    """What the text of a program says: where it first imports a framework, and what it sets."""

    import_line: int
    imported: str
    settings: tuple[Setting, ...]


def read(text: str) -> Read:
    """Imports and settings of variables in the order of the text. Raises SyntaxError."""
    line, imported = 0, ""
    settings = []
    for node in _top(ast.parse(text)):
        module = _module(node)
        if module and not line:
            line, imported = node.lineno, module
        setting = _setting(node)
        if setting:
            settings.append(setting)
    return Read(line, imported, tuple(settings))


def _top(tree: ast.AST) -> Iterator[ast.stmt]:
    """Statements outside of functions and classes, those inside of if, try and with too."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        if isinstance(node, ast.stmt):
            yield node
        if isinstance(node, (ast.If, ast.Try, ast.With, ast.ExceptHandler)):
            yield from _top(node)


def _module(node: ast.stmt) -> str:
    names: list[str] = []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.level == 0:
        names = [node.module or ""]
    return next((name for name in names if name.split(".")[0] in _FRAMEWORKS), "")


def _setting(node: ast.stmt) -> Optional[Setting]:
    """os.environ["X"] = ..., os.environ.setdefault("X", ...), os.putenv("X", ...)."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        place = node.targets[0]
        if isinstance(place, ast.Subscript) and ast.unparse(place.value) in ("os.environ", "environ"):
            return _of(place.slice, node.value, node.lineno)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = node.value
        known = ("os.environ.setdefault", "environ.setdefault", "os.putenv", "putenv")
        if ast.unparse(call.func) in known and len(call.args) > 1:
            return _of(call.args[0], call.args[1], node.lineno)
    return None


def _of(name: ast.expr, value: ast.expr, line: int) -> Optional[Setting]:
    if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
        return None
    return Setting(line, name.value, str(value.value) if isinstance(value, ast.Constant) else "")


def look(case: Case) -> Observation:
    """Settings of known variables after the import, and wrong ones before it."""
    path = os.path.join(case.target.directory or "/", case.target.program)
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            found = read(stream.read(_LARGEST))
    except OSError as error:
        return Observation(unknown=((f"what {path} sets", error.strerror or str(error)),))
    except (SyntaxError, ValueError) as error:
        return Observation(unknown=((f"what {path} sets", f"it is no Python program: {error}"),))
    readers = {reader for framework in case.frameworks for reader in READERS.get(framework, ())}
    suspicions = tuple(_suspicions(found, path, readers | {"loader", "glibc"} if readers else set()))
    return Observation(
        said="" if suspicions else f"{path} sets no variable too late or wrongly.",
        suspicions=suspicions,
        facts={"sets": {one.name: one.value for one in found.settings}},
    )


def _suspicions(found: Read, path: str, readers: set[str]) -> Iterator[Suspicion]:
    for one in found.settings:
        known = find(one.name)
        if known is None:
            continue
        details = {"variable": one.name, "value": one.value, "program": path}
        if found.import_line and one.line > found.import_line:
            imported = f"`import {found.imported}` in line {found.import_line}"
            evidence = [f"{path}:{one.line} sets {one.name} after {imported}: too late"]
            if readers and not readers & set(known.readers):
                evidence.append(
                    f"{one.name} would change nothing before it either: no library of this framework reads it"
                )
            yield Suspicion("variable_set_too_late", 0.8, evidence, details, certain=True)
            continue
        problem = known.grammar.problem(one.value) if one.value else ""
        if problem:
            words = f"{path}:{one.line} sets {one.name}={one.value}, which {problem}. {known.bad}"
            yield Suspicion("invalid_env_value", 0.9, [words], details, certain=True)


def skip(case: Case) -> str:
    """Only where the program is known."""
    return "" if case.target.program else "no program is named"


PROBE = Probe(
    name="program",
    step=3,
    cost=CHEAP,
    question="Does the program itself set variables wrongly, or too late?",
    look=look,
    skip=skip,
)
