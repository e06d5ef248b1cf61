"""Probe: are the libraries for this processor, this C library and this loader? Reads their headers, runs nothing."""

from __future__ import annotations

from typing import Optional

from ..facts import version
from ..probe import CHEAP, Case, Observation, Probe, Suspicion
from . import elf_file, main_libraries
from .tags import machine

#: From this glibc on, a library that asks for an executable stack is refused by dlopen.
_STRICT_STACK = "2.41"


def look(case: Case) -> Observation:
    """Every main library by itself, and against the interpreter."""
    facts = case.observations["inventory"].facts if "inventory" in case.observations else {}
    paths = [path for start in main_libraries.starts(case) for path in start.paths]
    paths = list(dict.fromkeys([*paths, *main_libraries.beside(case)]))
    if not paths:
        return Observation()
    python = _read(main_libraries.interpreter(facts))
    read: dict[str, elf_file.Elf] = {}
    suspicions: list[Suspicion] = []
    unknown: list[tuple[str, str]] = []
    for path in paths:
        try:
            read[path] = elf_file.read(path)
        except elf_file.ElfError as error:
            details = {"library": path}
            suspicions.append(Suspicion("corrupt_install", 0.96, [f"{path}: {error}"], details, True))
        except OSError as error:
            unknown.append((path, error.strerror or str(error)))
    for path, elf in read.items():
        suspicions.extend(filter(None, (rule(case, python, path, elf) for rule in _RULES)))
    said = f"{len(read)} libraries are for this processor and this C library."
    needs = {path: elf.newest("GLIBC_") for path, elf in read.items()}
    learned = {
        "paths": paths,
        "glibc": max(needs.values(), key=version, default=""),
        "glibcxx": max((elf.newest("GLIBCXX_") for elf in read.values()), key=version, default=""),
        "static_tls": [path for path, elf in read.items() if elf.static_tls and elf.tls_bytes],
    }
    return Observation("" if suspicions else said, _few(suspicions), learned, tuple(unknown))


def _few(suspicions: list[Suspicion]) -> tuple[Suspicion, ...]:
    """One for each cause, with the first libraries as evidence."""
    causes: dict[str, list[Suspicion]] = {}
    for each in suspicions:
        causes.setdefault(each.cause, []).append(each)
    few = []
    for cause, members in causes.items():
        best = max(members, key=lambda each: each.weight)
        lines = [*best.evidence, *(line for each in members if each is not best for line in each.evidence)]
        if len(members) > 3:  # noqa: PLR2004 - enough to see what it is about
            lines = [*lines[:3], f"and {len(members) - 3} further libraries"]
        few.append(Suspicion(cause, best.weight, lines, best.details, best.certain))
    return tuple(few)


def _read(path: str) -> Optional[elf_file.Elf]:
    try:
        return elf_file.read(path)
    except (OSError, elf_file.ElfError):
        return None


def _processor(case: Case, python: Optional[elf_file.Elf], path: str, elf: elf_file.Elf) -> Optional[Suspicion]:
    here = python.machine if python else machine(case.facts.architecture)
    bits = python.bits if python else elf.bits
    if not here or (elf.machine == here and elf.bits == bits) or not elf.end:
        return None
    evidence = [f"{path} is for {elf.machine} ({elf.bits} bits), the interpreter for {here} ({bits} bits)"]
    return Suspicion("wrong_architecture", 0.96, evidence, {"library": path})


def _cut(_case: Case, _python: Optional[elf_file.Elf], path: str, elf: elf_file.Elf) -> Optional[Suspicion]:
    if not elf.cut:
        return None
    evidence = [f"{path}: {elf.size} bytes, its own headers speak of {elf.end}"]
    return Suspicion("corrupt_install", 0.96, evidence, {"library": path}, True)


def _c_library(case: Case, python: Optional[elf_file.Elf], path: str, elf: elf_file.Elf) -> Optional[Suspicion]:
    here = python.musl if python else case.facts.musl
    if elf.musl is None or here is None or elf.musl == here:
        return None
    built, host = ("musl", "glibc") if elf.musl else ("glibc", "musl")
    evidence = [f"{path} is linked to {built}, the interpreter to {host}"]
    return Suspicion("musl_libc", 0.9, evidence, {"library": path})


def _glibc(case: Case, _python: Optional[elf_file.Elf], path: str, elf: elf_file.Elf) -> Optional[Suspicion]:
    wanted = elf.newest("GLIBC_")
    if not wanted or case.facts.glibc_at_least(wanted) is not False:
        return None
    have = case.facts.get("libc.version")
    evidence = [f"{path} needs GLIBC_{wanted}, this host has glibc {have}"]
    return Suspicion("glibc_too_old", 0.96, evidence, {"library": path, "wanted": wanted})


def _stack(case: Case, _python: Optional[elf_file.Elf], path: str, elf: elf_file.Elf) -> Optional[Suspicion]:
    if not elf.executable_stack:
        return None
    strict = case.facts.glibc_at_least(_STRICT_STACK)
    evidence = [f"{path} asks for an executable stack (GNU_STACK is RWE)"]
    if strict:
        evidence.append(f"glibc {case.facts.get('libc.version')} refuses that")
    return Suspicion("exec_stack", 0.93 if strict else 0.4, evidence, {"library": path})


_RULES = (_processor, _cut, _c_library, _glibc, _stack)

PROBE = Probe(
    name="elf",
    step=2,
    cost=CHEAP,
    question="Are the libraries for this processor, this C library and this loader?",
    look=look,
)
