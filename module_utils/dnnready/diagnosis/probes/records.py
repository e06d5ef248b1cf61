"""Probe: are the framework's files there, and as long as they were when they were installed?"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from typing import Any, Optional

from ..probe import CHEAP, Case, Observation, Probe, Suspicion
from . import elf_file
from .registered import Entry, carriers, important, owned, recorded

_SHOWN = 5


def look(case: Case) -> Observation:
    """Sizes alone, 0.1 s for the largest framework."""
    facts: Mapping[str, Any] = case.observations["inventory"].facts if "inventory" in case.observations else {}
    unknown: list[tuple[str, str]] = []
    entries: list[Entry] = []
    names = []
    for each in carriers(facts):
        try:
            entries.extend(recorded(each))
            names.append(each["name"])
        except (OSError, csv.Error) as error:
            if each["metadata"] and each["path"].endswith(".dist-info") and each["installer"] in ("pip", "uv"):
                unknown.append((f"files of {each['name']}", f"its RECORD cannot be read: {error}"))
    debian = list(owned(facts.get("origins", {}).values(), case.frameworks)) if not entries else []
    wrong = [found for found in map(examine, [*entries, *debian]) if found]
    suspicions = tuple(_suspicions(wrong))
    checked = len(entries) + len(debian)
    if not checked:
        return Observation(unknown=(*unknown, ("sizes of the files", "no installed framework has a register of them")))
    said = f"{checked} libraries and modules of {len(names) or 'the distribution'} packages have their size."
    gone = [entry.path for entry, *_ in wrong if not os.path.exists(entry.path)]
    facts_found = {"checked": checked, "missing": gone}
    return Observation("" if suspicions else said, suspicions, facts_found, tuple(unknown))


def examine(entry: Entry) -> Optional[tuple[Entry, float, bool, str]]:
    """(entry, weight, certain, what is wrong), None where nothing is."""
    try:
        size = os.stat(entry.path).st_size
    except OSError as error:
        if not important(entry) or os.path.exists(f"{entry.path}c"):
            return None  # slim images leave out tests, and sources beside their byte code
        why = "a link to nothing" if os.path.islink(entry.path) else (error.strerror or str(error)).lower()
        return entry, 0.97 if entry.library else 0.9, True, f"{entry.name}: {why}"
    wanted = entry.size
    if wanted is None:
        return (entry, 0.97, True, f"{entry.name}: empty") if not size else None
    if size >= wanted or (not entry.library and size and wanted):
        return None  # longer or edited: somebody's intention
    said = f"{entry.name}: {size} of {wanted} bytes"
    if entry.library and size and elf_file.whole(entry.path):
        return entry, 0.3, False, f"{said}, and whole in itself: stripped after the installation"
    return entry, 0.97 if important(entry) else 0.5, important(entry), said


def _suspicions(wrong: list[tuple[Entry, float, bool, str]]) -> list[Suspicion]:
    """One for each package, its worst file first."""
    packages: dict[str, list[tuple[Entry, float, bool, str]]] = {}
    for each in sorted(wrong, key=lambda each: (-each[1], not each[0].library, each[0].name)):
        packages.setdefault(each[0].package, []).append(each)
    found = []
    for package, files in packages.items():
        entry, weight, certain, _ = files[0]
        evidence = [said for *_, said in files[:_SHOWN]]
        if len(files) > _SHOWN:
            evidence.append(f"and {len(files) - _SHOWN} further files of {package}")
        details = {"library": entry.path, "package": package}
        if entry.size is None:
            details["manager"] = "dpkg"
        found.append(Suspicion("corrupt_install", weight, evidence, details, certain))
    return found


PROBE = Probe(
    name="records",
    step=4,
    cost=CHEAP,
    question="Are the files of the framework there and of their full size?",
    look=look,
)
