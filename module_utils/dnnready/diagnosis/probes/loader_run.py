"""Asks the dynamic loader which libraries an import would get, without running any of them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Optional

from ..probe import Case
from . import elf_file, loader_trace

_TIMEOUT = 30.0
#: The loader splits LD_PRELOAD at both.
_SEPARATORS = (" ", ":")


def trace(
    case: Case, python: str, paths: Sequence[str], extra: Optional[Mapping[str, str]] = None
) -> loader_trace.Trace:
    """What the interpreter would get if it loaded these libraries, by the interpreter's own RPATH and the target's
    environment: glibc's loader resolves everything, prints it and exits before any code runs.

    Where preloading cannot express it (musl, a blank in a path), each library is listed by itself.
    Raises DnnreadyError where the loader cannot be started.
    """
    environment = dict(case.target.environment)
    settings = {"LD_DEBUG": "libs", **(extra or {})}
    interpreter = _loader(python)
    if "ld-musl" in interpreter or not interpreter or any(each in path for path in paths for each in _SEPARATORS):
        return _listed(case, interpreter, paths, {**environment, **settings})
    own = [each for each in environment.get("LD_PRELOAD", "").replace(":", " ").split() if each]
    completed = case.target.launch(
        [python, "-c", "pass"],
        env={
            **environment,
            **settings,
            "LD_TRACE_LOADED_OBJECTS": "1",
            "LD_PRELOAD": ":".join([*own, *paths]),
        },
        timeout=_TIMEOUT,
    )
    seen = loader_trace.parse(completed.stdout, completed.stderr)
    seen.signal = completed.signal or ""
    return seen


def _loader(python: str) -> str:
    try:
        return elf_file.read(python).interpreter
    except (OSError, elf_file.ElfError):
        return ""


def _listed(case: Case, interpreter: str, paths: Sequence[str], environment: Mapping[str, str]) -> loader_trace.Trace:
    """Each library by itself, without the interpreter around it."""
    whole = loader_trace.Trace()
    for path in paths if interpreter and os.path.exists(interpreter) else ():
        if "ld-musl" in interpreter:
            argv, variables = [interpreter, "--list", path], dict(environment)
        else:  # as ldd does
            argv, variables = [interpreter, path], {**environment, "LD_TRACE_LOADED_OBJECTS": "1"}
        completed = case.target.launch(argv, env=variables, timeout=_TIMEOUT)
        one = loader_trace.parse(completed.stdout, completed.stderr)
        for name, place in one.picked.items():
            whole.picked.setdefault(name, place)
        for name, reason in one.reasons.items():
            whole.reasons.setdefault(name, reason)
        for part in ("missing", "versions", "ignored", "undefined"):
            have = getattr(whole, part)
            have.extend(each for each in getattr(one, part) if each not in have)
    return whole
