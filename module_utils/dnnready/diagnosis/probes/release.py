"""Step 1, cheap: is the stack there, whole, readable, and as it was proven?"""

from __future__ import annotations

import glob
import itertools
import os
import stat
from collections.abc import Iterator, Mapping
from typing import Any

from ...conv2d import stored
from ...conv2d.fingerprint import holds
from ...errors import DnnreadyError
from ...files import read_json
from ..explain import explain
from ..probe import CHEAP, Case, Observation, Probe, Suspicion
from ..targets import stack

_LOG_BYTES = 1 << 20
_MOST_SHOWN = 4
#: Seconds in which the files of a release get their ctime where it is copied as a whole (a layer of an image).
_SAME_COPY = 600.0
#: What an installer keeps for itself.
_PRIVATE = ("log", "__pycache__")


def look(case: Case) -> Observation:
    """The state of a stack on disk."""
    path = case.target.release_path
    suspicions = list(_state(case))
    proof = stored.stored(path) if path else None
    good, why = holds(proof, case.target.release) if path else (False, "no release is current")
    if good:
        why = _touched(path, proof or {})
        good = not why
    return Observation(
        said="" if suspicions else f"Release {case.target.release} of {case.target.stack} is complete.",
        suspicions=tuple(suspicions),
        facts={
            "proof_holds": good and bool(proof) and not stack.foreign(case.target),
            "verdict": (proof or {}).get("verdict", ""),
            "why": why,
        },
    )


def _state(case: Case) -> Iterator[Suspicion]:
    target = case.target
    directory = os.path.dirname(os.path.dirname(target.release_path)) if target.release_path else case.stack_directory
    if not target.release or not os.path.isdir(target.release_path):
        link = os.path.join(directory, "current")
        words = f"{link} points to nothing" if os.path.islink(link) else f"There is no {link}"
        yield Suspicion("release_not_current", 0.97, [words], {"path": link}, certain=True)
        yield from _failed_build(directory, case)
        return
    manifest = os.path.join(target.release_path, "manifest.json")
    try:
        state = (read_json(manifest) or {}).get("state")
    except (DnnreadyError, AttributeError):
        state = "damaged"
    if state != "installed":
        words = {None: "is missing", "damaged": "is damaged"}.get(state, f"says {state}, not installed")
        yield Suspicion("release_not_current", 0.9, [f"{manifest} {words}"], {"path": manifest}, certain=True)
    yield from _environment(case)
    yield from _modes(case)


def _touched(path: str, proof: Mapping[str, Any]) -> str:
    """What was changed since the proof although its size and time say no: in words, "" for nothing.

    A disk that forgets, and tools that keep times, still change ctime; a file that Python runs at each start changes
    the time of its folder.
    """
    try:
        proven = os.stat(os.path.join(path, stored.PROOF))
        for folder in glob.glob(os.path.join(glob.escape(path), "venv", "lib", "python3*", "site-packages")):
            if os.stat(folder).st_mtime > proven.st_mtime + 1:
                return f"{folder} was changed after the proof"
        for entry in (proof.get("fingerprint") or {}).get("files") or []:
            if str(entry[0]).startswith(path) and os.stat(entry[0]).st_ctime > proven.st_ctime + _SAME_COPY:
                return f"{entry[0]} was changed after the proof"
    except (OSError, IndexError, TypeError):
        return "the proof or one of its files cannot be read"
    return ""


def _failed_build(directory: str, case: Case) -> Iterator[Suspicion]:
    """What the installer printed when it failed last."""
    logs = os.path.join(directory, "failed")
    try:
        newest = max((entry.stat().st_mtime, entry.path) for entry in os.scandir(logs))[1]
        with open(newest, "rb") as stream:
            text = stream.read(_LOG_BYTES)
    except (OSError, ValueError):
        return
    for finding in explain(text, case.host).findings[:2]:
        if finding.where == "host":
            yield Suspicion(
                finding.cause,
                0.98 if finding.confidence == "high" else 0.7,
                [f"The last build failed: {finding.line}", f"All of its output: {newest}"],
                finding.details,
                True,
            )


def _environment(case: Case) -> Iterator[Suspicion]:
    """A release's variables are part of its identity: a changed file is no longer what was proven."""
    path = os.path.join(case.target.release_path, "environment")
    spec = stack.spec(case.target.release_path)
    try:
        found = stored.variables(case.target.release_path)
    except DnnreadyError as error:
        yield Suspicion("invalid_env_value", 0.9, [str(error)], {"variable": path}, certain=True)
        return
    wanted = {
        name: str(value).replace("{release}", case.target.release_path)
        for name, value in (spec.get("environment") or {}).items()
    }
    if spec and found != wanted:
        names = sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))
        yield Suspicion(
            "release_changed",
            0.75,
            [f"{path} was changed after the proof: {', '.join(names)}"],
            {"variable": names[0], "path": path},
            certain=True,
        )


def _modes(case: Case) -> Iterator[Suspicion]:
    """Everybody who uses the machine must be able to enter and read a release of the host scope."""
    root = case.target.release_path
    if not os.stat(os.path.dirname(os.path.dirname(root))).st_mode & stat.S_IROTH:
        return  # a private prefix
    closed = list(itertools.islice(_closed(root), _MOST_SHOWN + 1))
    if closed:
        words = [f"{path} has mode {stat.S_IMODE(mode):04o}: other accounts cannot read it" for path, mode in closed]
        yield Suspicion("files_not_readable", 0.8, words[:_MOST_SHOWN], {"path": closed[0][0]}, certain=True)


def _closed(directory: str) -> Iterator[tuple[str, int]]:
    """Files and directories of a release that others cannot read, (path, mode)."""
    try:
        entries = list(os.scandir(directory))
    except OSError:
        return
    for entry in entries:
        if entry.is_symlink() or entry.name in _PRIVATE:
            continue
        mode = entry.stat(follow_symlinks=False).st_mode
        inside = stat.S_ISDIR(mode)
        needed = stat.S_IROTH | (stat.S_IXOTH if inside else 0)
        if mode & needed != needed:
            yield entry.path, mode
        elif inside:
            yield from _closed(entry.path)


def skip(case: Case) -> str:
    """Only dnnready's own stacks have releases."""
    return "" if case.target.own else "it is not a stack of dnnready"


PROBE = Probe(
    name="release",
    step=1,
    cost=CHEAP,
    question="Is the stack installed, complete, and as it was proven?",
    look=look,
    skip=skip,
)
