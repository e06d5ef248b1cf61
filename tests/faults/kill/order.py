"""What a power cut needs beside kills: data and names are on the disk before something says that they are.

A kill loses no write, a power cut loses those that were not synced. So the system calls of an undisturbed run are read
in their order (`strace -f -y`, one file for all processes).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

_LINE = re.compile(r"(\d+) +([a-z0-9_]+)\((.*)")
_PATH = re.compile(r'<(/[^>]*)>|"(/[^"]*)"')
_SYNC = {"fsync", "fdatasync"}
_CHANGES = {"write", "pwrite64", "sendfile", "copy_file_range", "ftruncate", "mkdir", "mkdirat", "symlink", "symlinkat"}
_CHANGES |= {"link", "linkat", "rename", "renameat", "renameat2", "chmod", "fchmod", "fchmodat"}
#: Never synced, and worth nothing after a power cut.
_WORTHLESS = ("progress.json",)


class Call(NamedTuple):
    """One system call and the absolute paths in its arguments, those of open files too."""

    name: str
    paths: tuple[str, ...]


def calls(trace: str) -> list[Call]:
    """The calls of a trace that did something, in their order."""
    found = []
    for line in trace.splitlines():
        match = _LINE.match(line)
        if match and " = -1 " not in line:
            paths = tuple(one or other for one, other in _PATH.findall(match.group(3)))
            found.append(Call(match.group(2), _joined(paths)))
    return found


def unsafe(trace: str, stack: str) -> list[str]:
    """What a power cut could lose in a run over one stack (its directory); empty where nothing."""
    done = calls(trace)
    renames = [(index, call) for index, call in enumerate(done) if call.name.startswith("rename") and call.paths]
    problems = []
    for index, call in renames:
        target = PurePosixPath(call.paths[-1])
        if not str(target).startswith(stack) or target.name in _WORTHLESS or target.name.startswith("."):
            continue
        if target.suffix == ".json":
            problems += _document(done, index, call.paths[0], target)
        if target.name == "manifest.json":
            problems += _release(done, index, target.parent)
        if target.name == "current":
            problems += _switch(done, index, stack)
    return problems


def _document(done: Sequence[Call], index: int, temporary: str, target: PurePosixPath) -> list[str]:
    """A document is synced under its temporary name, and its new name before anything else is said."""
    problems = []
    if not _synced(done[:index], temporary):
        problems.append(f"{target} gets its name before it is synced")
    if not _synced(done[index : index + 4], str(target.parent)):
        problems.append(f"the directory of {target} is not synced at once")
    return problems


def _release(done: Sequence[Call], index: int, release: PurePosixPath) -> list[str]:
    """The manifest says `installed` last: everything else was written to the disk between."""
    changes = [
        number
        for number, call in enumerate(done[:index])
        if call.name in _CHANGES
        and any(path.startswith(f"{release}/") and "/.manifest.json." not in path for path in call.paths)
    ]
    if not changes or not any("/venv/" in path for number in changes for path in done[number].paths):
        return []  # the manifest that says `building`
    if not any(call.name in ("syncfs", "sync") for call in done[changes[-1] : index]):
        return [f"{release} says that it is installed before its files are on the disk"]
    return []


def _switch(done: Sequence[Call], index: int, stack: str) -> list[str]:
    """`current` moves after the way back is on the disk, and the move is there before it counts as final."""
    before, after = done[:index], done[index:]
    problems = []
    note = next((number for number, call in enumerate(before) if call.paths[-1:] == (f"{stack}/switch.json",)), None)
    if note is None or not _synced(before[note:], stack):
        problems.append("`current` moves before the way back is on the disk")
    if not any(call.name in ("syncfs", "sync") for call in before):
        problems.append("`current` moves before its release is on the disk")
    final = [
        number
        for number, call in enumerate(after)
        if call.name.startswith("unlink") and f"{stack}/switch.json" in call.paths
    ]
    if not final:
        problems.append("the switch never becomes final")
    elif not _synced(after[: final[0]], stack):
        problems.append("the switch becomes final before it is on the disk")
    elif not _synced(after[final[0] :], stack):
        problems.append("that the switch is final is not on the disk in the end")
    return problems


def _synced(done: Sequence[Call], path: str) -> bool:
    return any(call.name in _SYNC and path in call.paths for call in done)


def _joined(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Paths as they are meant; an `at` call names its directory and then, without a slash, a name in it."""
    return tuple(path.rstrip("/") or "/" for path in paths)
