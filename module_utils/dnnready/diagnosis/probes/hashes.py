"""Probe: do the libraries still have the content that was installed? Reads them all, seconds for a framework."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Mapping
from typing import Any, Optional

from ..probe import COSTLY, LIKELY, Case, Observation, Probe, Suspicion
from . import elf_file
from .registered import Entry, carriers, owned, recorded

_SIGNALS = ("SIGSEGV", "SIGBUS", "SIGILL", "SIGABRT")
_SPOKEN_FOR = ("corrupt_install", "undefined_symbol_mkl", "extension_abi_mismatch")


def skip(case: Case) -> str:
    """Why the content need not be read."""
    if case.thorough or case.fact("convolution", "signal") in _SIGNALS or case.suspects(*_SPOKEN_FOR, least=LIKELY):
        return ""
    return "nothing speaks for damaged libraries"


def look(case: Case) -> Observation:
    """SHA-256 against RECORD, md5 against dpkg's sums."""
    facts: Mapping[str, Any] = case.observations["inventory"].facts if "inventory" in case.observations else {}
    entries: list[Entry] = []
    unknown: list[tuple[str, str]] = []
    for each in carriers(facts):
        try:
            entries.extend(entry for entry in recorded(each) if entry.library and entry.digest)
        except (OSError, csv.Error):
            continue  # `records` says so
    if not entries:
        entries = [entry for entry in owned(facts.get("origins", {}).values(), case.frameworks) if entry.digest]
    entries = [entry for entry in entries if os.path.isfile(entry.path)]  # `records` names those that are gone
    if not entries:
        return Observation(unknown=(("content of the libraries", "no package keeps their hashes"),))
    found = [suspicion for suspicion in map(compare, entries) if suspicion]
    said = "" if found else f"The content of {len(entries)} libraries is as installed."
    return Observation(said, tuple(found), {"hashed": len(entries)}, tuple(unknown))


def compare(entry: Entry) -> Optional[Suspicion]:
    """What is wrong with the content of a file, None where nothing is, or where it is not there."""
    details = {"library": entry.path, "package": entry.package}
    if entry.algorithm == "md5":
        details["manager"] = "dpkg"
    if entry.algorithm not in ("sha256", "sha384", "sha512", "md5"):
        return None
    digest = hashlib.new(entry.algorithm, usedforsecurity=False)
    try:
        with open(entry.path, "rb") as stream:
            for piece in iter(lambda: stream.read(1 << 20), b""):
                digest.update(piece)
            size = os.fstat(stream.fileno()).st_size
    except (FileNotFoundError, PermissionError):
        return None
    except OSError as error:
        evidence = [f"{entry.name}: reading fails ({error.strerror}): the disk may be damaged"]
        return Suspicion("corrupt_install", 0.97, evidence, details, True)
    if digest.hexdigest() == entry.digest:
        return None
    evidence = [f"{entry.name}: {entry.algorithm} {digest.hexdigest()[:16]}..., installed was {entry.digest[:16]}..."]
    if entry.size in (None, size):
        return Suspicion("corrupt_install", 0.95, evidence, details)
    # Another size, and whole: patchelf or strip had it. That may be what is wrong, or not.
    evidence.append(f"{size} of {entry.size} bytes")
    return Suspicion("corrupt_install", 0.4 if elf_file.whole(entry.path) else 0.97, evidence, details)


PROBE = Probe(
    name="hashes",
    step=4,
    cost=COSTLY,
    question="Do the libraries have the content that was installed?",
    look=look,
    skip=skip,
)
