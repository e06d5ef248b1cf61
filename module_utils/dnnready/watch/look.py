"""The cheap look at a stack: what is current, what its proof says, and what differs since. No framework is started."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from ..conv2d import fingerprint, stored
from ..diagnosis.targets import stack as stacks
from ..environment.catalogue import find
from ..files import canonical_json, sha256_text
from ..release import unfinished
from ..release.store import Store
from .services import Service

#: Who reads variables in a process of each probe, beside those that every process has.
_READERS = {
    "onednn": {"onednn", "libgomp"},
    "mkl": {"mkl", "libiomp5"},
    "pytorch": {"pytorch", "onednn", "mkl", "openblas", "libgomp"},
    "tensorflow": {"tensorflow", "onednn", "openblas"},
}
_OF_ALL = {"loader", "glibc"}
LOGIN = "login shells"


@dataclass(frozen=True)
class Look:
    """What was seen of a stack. Two looks with the same `digest` have seen the same."""

    stack: str
    release: str = ""
    path: str = ""
    proof: Optional[Mapping[str, Any]] = None
    holds: bool = False
    why: str = ""  #: why the proof does not hold
    own_file: str = ""  #: a file of the release that is not as it was proven
    cut: str = ""  #: a switch that did not come to its end, in words
    differing: Mapping[str, Mapping[str, Optional[str]]] = field(default_factory=dict)
    probes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()  #: that were looked at
    digest: str = ""

    @property
    def tolerated(self) -> bool:
        """Whether the stack was provisioned so that oneDNN need not run the convolution."""
        options = (self.proof or {}).get("options")
        return isinstance(options, Mapping) and options.get("onednn_convolution") in ("auto", "off")

    @property
    def accept(self) -> tuple[str, ...]:
        """The verdicts that are what the stack was provisioned for."""
        return ("accelerated", "fallback") if self.tolerated else ("accelerated",)


def look(store: Store, login: Mapping[str, str], services: Sequence[Service], remembered: Sequence[str] = ()) -> Look:
    """Look at a stack. `login` are the variables of a login shell, `services` those that run this stack.

    `remembered` are files that an accepted proof had loaded: the proof of a broken stack does not name those that are
    gone, and their return must be seen.
    """
    release = store.linked("current")
    cut = unfinished.read(store)
    words = cut.words if cut is not None else ""
    path = str(store.releases / release) if release else ""
    if not release or not os.path.isdir(path):
        why = f"{store.root / 'current'} leads to no release"
        return Look(store.stack, release, "", None, why=why, cut=words, digest=sha256_text(why + words))
    proof = stored.stored(path)
    holds, why = fingerprint.holds(proof, release)
    files = sorted({*_files(proof), *remembered})
    now = fingerprint.fingerprint(release, files, {})
    own_file = "" if holds else _own(path, (proof or {}).get("fingerprint"), now)
    probes = tuple(stacks.spec(path).get("probes") or _named(proof))
    own = stacks.variables(path)
    differing = {LOGIN: foreign(login, own, probes, partly=True)}
    for service in services:
        given = {name: value.replace(str(store.root / "current"), path) for name, value in service.variables.items()}
        differing[service.name] = foreign(given, own, probes, partly=service.through_run)
    differing = {where: variables for where, variables in differing.items() if variables}
    seen = [now, holds, why, own_file, words, differing]
    digest = sha256_text(canonical_json(seen))
    return Look(store.stack, release, path, proof, holds, why, own_file, words, differing, probes, tuple(files), digest)


def foreign(
    given: Mapping[str, str], own: Mapping[str, str], probes: Sequence[str], *, partly: bool
) -> dict[str, Optional[str]]:
    """The variables that the stack's libraries read, and that are not those of the release; None where one is missing.

    With `partly` the release's own variables are set over these, as `dnnready run` does.
    """
    readers = _OF_ALL.union(*(_READERS.get(probe, set()) for probe in probes))
    found: dict[str, Optional[str]] = {}
    for name in sorted({*given, *own}):
        variable = find(name)
        read = variable is not None and not readers.isdisjoint(variable.readers)
        if (read or name in own) and given.get(name) != own.get(name) and not (partly and name in own):
            found[name] = given.get(name)
    return found


def _files(proof: Optional[Mapping[str, Any]]) -> list[str]:
    kept = (proof or {}).get("fingerprint")
    entries = kept.get("files") if isinstance(kept, Mapping) else None
    return [str(entry[0]) for entry in entries or () if isinstance(entry, list) and entry]


def _own(path: str, kept: Any, now: Mapping[str, Any]) -> str:
    """The first file of the release itself that is gone or another one than when it was proven."""
    before = kept.get("files") if isinstance(kept, Mapping) else None
    there = {entry[0]: list(entry) for entry in now["files"]}
    root = os.path.realpath(path) + os.sep
    for entry in before or ():
        inside = isinstance(entry, list) and entry and str(entry[0]).startswith((root, path + os.sep))
        if inside and there.get(entry[0]) != entry:
            return str(entry[0])
    return ""


def _named(proof: Optional[Mapping[str, Any]]) -> list[str]:
    reports = (proof or {}).get("probes")
    return [str(each["probe"]) for each in reports or () if isinstance(each, Mapping) and "probe" in each]


def installed(prefix: Path) -> list[str]:
    """The stacks that have a current release, or had one."""
    directory = prefix / "stacks"
    names = sorted(os.listdir(directory)) if directory.is_dir() else []
    return [name for name in names if not name.startswith(".") and (directory / name / "releases").is_dir()]
