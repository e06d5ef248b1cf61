"""The mount table of a process, /proc/self/mountinfo (proc(5))."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

_OCTAL = re.compile(r"\\([0-7]{3})")
_FIXED_FIELDS = 6


@dataclass(frozen=True)
class Mount:
    """One mount: what part of which file system is seen where."""

    root: str  #: the directory of the file system that is mounted
    point: str
    filesystem: str
    source: str  #: a device, or any word of the file system
    options: frozenset[str]  #: of the mount and of the file system


def _plain(field: str) -> str:
    return _OCTAL.sub(lambda match: chr(int(match.group(1), 8)), field)


def parse(text: str) -> list[Mount]:
    """The mounts in the order of the table; lines of another form are left out."""
    mounts = []
    for line in text.splitlines():
        left, separator, right = line.partition(" - ")
        fields, tail = left.split(" "), right.split(" ")
        if not separator or len(fields) < _FIXED_FIELDS:
            continue
        kind, source, super_options = (*tail, "", "")[:3]
        options = frozenset(filter(None, (*fields[5].split(","), *super_options.split(","))))
        mounts.append(Mount(_plain(fields[3]), _plain(fields[4]), kind, _plain(source), options))
    return mounts


def holding(mounts: Sequence[Mount], path: str) -> Optional[Mount]:
    """The mount that a resolved path lies on: the longest mount point, of equal ones the last, which hides them."""
    best: Optional[Mount] = None
    for mount in mounts:
        prefix = mount.point.rstrip("/") + "/"
        if (path + "/").startswith(prefix) and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best
