"""The CPython interpreters that releases can be built on.

Places are scanned for names such as python3 and python3.11; each real executable then runs once and tells of itself.
Scripts in a directory called `shims` are launchers of a version manager: what they would start is found in its own
directories. As root only executables that other users cannot have put there are run.
"""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Optional

from ..process import run
from .machine import Machine

_NAME = re.compile(r"python3(\.\d+t?)?\Z")
#: Nothing is built for these, so they need not even run.
_TOO_OLD = re.compile(r"python3\.[0-8]\Z")
_HOST_PLACES = ("/usr/bin", "/usr/local/bin", "/opt/*/bin")
#: Where version managers keep interpreters, below the home directory.
_HOME_PLACES = (
    ".pyenv/versions/*/bin",
    ".local/share/uv/python/*/bin",
    ".local/share/mise/installs/python/*/bin",
    ".asdf/installs/python/*/bin",
)
#: Runs under any Python 3 and imports nothing that is not loaded anyway.
_QUESTION = """
import os, sys
print("\\n".join(["dnnready", sys.executable or "", sys.implementation.name, "%d.%d.%d" % sys.version_info[:3],
    getattr(sys, "abiflags", ""), "64" if sys.maxsize > 2 ** 32 else "32",
    os.path.dirname(os.__file__)]))
"""
_ANSWER_LINES = 7
_SECONDS = 10.0
_IMPLEMENTATIONS = {"cpython": ("CPython", "cp"), "pypy": ("PyPy", "pp")}


class Candidate(NamedTuple):
    """An executable and every name that leads to it."""

    path: str
    aliases: list[str]
    asked: bool  #: named by the user, so it is run in any case


def probe(machine: Machine, home: str, environment: Mapping[str, str], asked: Iterable[str]) -> list[dict[str, Any]]:
    """The `python` part of the host document: those that every user can execute first, then the newest."""
    if not machine.live:
        machine.doubt("python", "interpreters of a copied machine cannot be run")
        return []
    found: dict[str, dict[str, Any]] = {}
    for candidate in _candidates(machine, _places(home, environment), list(asked)):
        facts = machine.ask("python", None, _describe, candidate, home, environment)
        if facts is None:
            continue
        known = found.setdefault(facts["path"], facts)
        known["aliases"] = sorted({*known["aliases"], *facts["aliases"]} - {facts["path"]})
    return sorted(found.values(), key=_order)


def _order(python: Mapping[str, Any]) -> tuple[Any, ...]:
    return not python["shared"], [-int(part) for part in python["version"].split(".")], python["path"]


def _places(home: str, environment: Mapping[str, str]) -> Iterator[str]:
    for pattern in _HOST_PLACES:
        yield from sorted(glob.glob(pattern))
    yield from (place for place in environment.get("PATH", "").split(":") if place.startswith("/"))
    versions = environment.get("PYENV_ROOT", "")
    for pattern in (f"{glob.escape(versions)}/versions/*/bin" if versions else "", *_HOME_PLACES):
        if pattern:
            yield from sorted(glob.glob(os.path.join(glob.escape(home), pattern)))


def _candidates(machine: Machine, places: Iterable[str], asked: list[str]) -> list[Candidate]:
    """One candidate per real executable; venvs lead to the interpreter that they were made from."""
    names = [(path, True) for path in asked]
    for place in dict.fromkeys(places):
        if os.path.basename(place) == "shims":
            continue
        names += [(f"{place}/{name}", False) for name in machine.names(place) if _NAME.match(name)]
    candidates: dict[str, Candidate] = {}
    for name, wanted in names:
        path = os.path.realpath(name)
        if not (os.path.isfile(path) and os.access(path, os.X_OK)):
            if wanted:
                machine.doubt("python", f"{name} is not an executable file")
            continue
        if os.path.exists(os.path.join(os.path.dirname(path), os.pardir, "pyvenv.cfg")) and not wanted:
            continue  # a venv made with copies
        if _TOO_OLD.search(path) and not wanted:
            continue
        candidate = candidates.setdefault(path, Candidate(path, [], wanted))
        candidate.aliases.append(name)
    return list(candidates.values())


def _describe(candidate: Candidate, home: str, environment: Mapping[str, str]) -> Optional[dict[str, Any]]:
    path = candidate.path
    stranger = "" if candidate.asked or os.geteuid() != 0 else _stranger(path)
    if stranger:
        raise PermissionError(f"{path} was not run as root: {stranger}")
    done = run([path, "-I", "-S", "-c", _QUESTION], env=dict(environment), timeout=_SECONDS)
    answer = done.stdout.splitlines()
    if not done.ok or len(answer) != _ANSWER_LINES or answer[0] != "dnnready":
        how = "took too long" if done.timed_out else f"ended with {done.signal or f'exit code {done.exit_code}'}"
        said = (done.stderr.strip().splitlines() or [""])[-1]
        raise RuntimeError(f"{path} does not run as Python 3: it {how}. {said}".strip())
    return describe(answer[1:], candidate, home)


def describe(answer: list[str], candidate: Candidate, home: str) -> dict[str, Any]:
    """One entry of `python` from what an interpreter said of itself."""
    executable, implementation, version, flags, bits, library = answer
    name, prefix = _IMPLEMENTATIONS.get(implementation, (implementation, implementation))
    major, minor = version.split(".")[:2]
    # A wheel's tag: t without the global lock, d for debug builds; m ended with 3.7 and was never in this part.
    flags = "".join(flag for flag in flags if flag in "td")
    path = os.path.realpath(executable) if executable else candidate.path
    return {
        "path": path,
        "aliases": sorted({*candidate.aliases, candidate.path}),
        "version": version,
        "tag": f"{prefix}{major}{minor}{flags}",
        "implementation": name,
        "bits": int(bits),
        "venv": all(os.path.isfile(f"{library}/{module}/__init__.py") for module in ("venv", "ensurepip")),
        "externally_managed": os.path.isfile(f"{library}/EXTERNALLY-MANAGED"),
        "shared": shared(path, home),
    }


def _ancestors(path: str) -> Iterator[str]:
    current = path
    while current != "/":
        yield current
        current = os.path.dirname(current)
    yield "/"


def shared(path: str, home: str) -> bool:
    """Whether every user can execute a file, and it does not lie below somebody's home."""
    private = [place for place in ("/root", "/home", home) if place not in ("", "/")]
    if any(path.startswith(place.rstrip("/") + "/") for place in private):
        return False
    return all(os.stat(ancestor).st_mode & stat.S_IXOTH for ancestor in _ancestors(path))


def _stranger(path: str) -> str:
    """Why an executable may have been put in place by somebody other than root, "" where nothing says so."""
    for ancestor in _ancestors(path):
        state = os.stat(ancestor)
        if state.st_uid != 0:
            return f"{ancestor} belongs to user id {state.st_uid}"
        if state.st_mode & stat.S_IWOTH and not state.st_mode & stat.S_ISVTX:
            return f"everybody may write {ancestor}"
    return ""
