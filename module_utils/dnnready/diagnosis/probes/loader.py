"""Probe: which copies of the libraries would the loader really take, why, and which does it not find?"""

from __future__ import annotations

import os

from ...errors import DnnreadyError
from ..probe import CHEAP, Case, Observation, Probe, Suspicion
from . import copy_rules, elf_file, loader_rules, main_libraries
from .loader_run import trace
from .loader_trace import Trace


def look(case: Case) -> Observation:
    """One child for each framework; no library's code runs."""
    facts = case.observations["inventory"].facts if "inventory" in case.observations else {}
    python = main_libraries.interpreter(facts)
    suspicions: list[Suspicion] = []
    unknown: list[tuple[str, str]] = []
    picked: dict[str, str] = {}
    traces: dict[str, Trace] = {}
    for start in main_libraries.starts(case):
        if not start.paths:
            suspicions.append(loader_rules.nowhere(case, start))
            continue
        try:
            seen = trace(case, python, start.paths)
        except DnnreadyError as error:
            unknown.append((f"the loader's trace for {start.framework}", str(error)))
            continue
        if not seen.picked and not seen.ignored and not seen.missing:
            why = f"the loader was ended by {seen.signal}" if seen.signal else "this loader tells nothing"
            if seen.signal in ("SIGBUS", "SIGSEGV"):
                evidence = [f"{why} while it mapped the libraries of {start.framework}: one of them is cut or damaged"]
                suspicions.append(Suspicion("corrupt_install", 0.85, evidence, {"library": start.paths[0]}))
            unknown.append((f"the loader's trace for {start.framework}", why))
            continue
        traces[start.framework] = seen
        picked.update(seen.picked)
        needed = needs(start.paths, seen)
        suspicions.extend(loader_rules.suspicions(case, start, seen, needed))
        suspicions.extend(copy_rules.suspicions(case, start, seen, needed))
    learned = {
        "picked": picked,
        "reasons": {name: why for seen in traces.values() for name, why in seen.reasons.items()},
        "missing": [name for seen in traces.values() for name in seen.missing],
        "ignored": [path for seen in traces.values() for path, _ in seen.ignored],
    }
    said = f"The loader finds all {len(picked)} libraries of {', '.join(traces)}." if traces and not suspicions else ""
    return Observation(said, tuple(suspicions), learned, tuple(unknown))


def needs(paths: tuple[str, ...], seen: Trace) -> dict[str, list[tuple[str, elf_file.Elf]]]:
    """Who needs each library: {soname: [(path, its headers)]}."""
    found: dict[str, list[tuple[str, elf_file.Elf]]] = {}
    for path in dict.fromkeys([*paths, *seen.picked.values()]):
        try:
            elf = elf_file.read(os.path.realpath(path))
        except (OSError, elf_file.ElfError):
            continue  # `elf` says so
        for name in elf.needed:
            found.setdefault(name, []).append((path, elf))
    return found


PROBE = Probe(
    name="loader",
    step=2,
    cost=CHEAP,
    question="Does the loader find every library, and the right copy of it?",
    look=look,
)
