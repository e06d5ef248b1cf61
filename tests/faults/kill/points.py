"""Points at which a run is killed: before a certain system call of it, or after a certain time.

A clean run under strace is written down first. `call:rename.3` is the moment before the third rename(2) of the module's
own process, the same one in every run. `child:openat.90` is where the first process of any kind comes to so many: pip,
or what makes the venv, since the module itself does not make as many.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

#: Calls that change what is on the disk, or make it last. `?`: not every architecture has each.
CALLS = (
    "?rename,?renameat,?renameat2,?link,?linkat,?symlink,?symlinkat,?unlink,?unlinkat,?rmdir,?mkdir,?mkdirat,"
    "?fsync,?fdatasync,?syncfs,?sync,?ftruncate,?write,?pwrite64,?sendfile,?copy_file_range,?chmod,?fchmod,?fchmodat,"
    "?utimensat,?fsetxattr"
)
_CALL = re.compile(r"(\d+) +([a-z0-9_]+)\((.*)")
KINDS = ("call", "child", "time")


@dataclass(frozen=True)
class Traced:
    """What a clean run did: the module's own calls, the most of each call in another process, how long it took."""

    own: tuple[str, ...]  #: names, in their order
    first: int  #: index of the first own call that concerns the prefix
    last: int  #: of the last one; -1 where there is none
    children: Mapping[str, int]
    seconds: float


@dataclass(frozen=True)
class Point:
    """One kill: of which operation, in which of its steps, on which storage, when."""

    operation: str
    step: int
    layout: str
    kind: str  #: one of KINDS
    number: float  #: seconds, or which one of the calls of this name, from 1 on
    call: str = ""

    def __str__(self) -> str:
        when = f"{self.call}.{self.number:.0f}" if self.call else f"{self.number:.2f}"
        return f"{self.operation}:{self.step}:{self.layout}:{self.kind}:{when}"


def parse(text: str) -> Point:
    """A point as `str` gives it; raises ValueError."""
    operation, step, layout, kind, when = text.split(":")
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is none of {', '.join(KINDS)}")
    call, _, number = ("", "", when) if kind == "time" else when.rpartition(".")
    return Point(operation, int(step), layout, kind, float(number), call)


def read(trace: str, prefix: str, seconds: float) -> Traced:
    """What strace wrote down (`-f -y`): one line for each call, `<pid> <name>(<arguments>`."""
    own: list[str] = []
    concerned: list[int] = []
    others: dict[str, Counter[str]] = {}
    main = ""
    for line in trace.splitlines():
        found = _CALL.match(line)
        if found is None:
            continue
        pid, name, rest = found.groups()
        main = main or pid
        if pid == main:
            if prefix in rest:
                concerned.append(len(own))
            own.append(name)
        else:
            others.setdefault(pid, Counter())[name] += 1
    first, last = (concerned[0], concerned[-1]) if concerned else (0, -1)
    most = {name: max(count[name] for count in others.values()) for count in others.values() for name in count}
    return Traced(tuple(own), first, last, most, seconds)


def dice_of(seed: int) -> random.Random:
    """What falls the same way for the same seed."""
    return random.Random(seed)  # noqa: S311  it chooses points, not keys


def choose(operation: str, traced: Sequence[tuple[int, str, Traced]], wanted: int, dice: random.Random) -> list[Point]:
    """`wanted` points of an operation: system calls where they are, all of them where they are few, then times.

    `traced` has for each step and layout what a clean run did.
    """
    calls = [point for step, layout, run in traced for point in _calls(operation, step, layout, run)]
    children = [
        Point(operation, step, layout, "child", number, call)
        for step, layout, run in traced
        for call, most in sorted(run.children.items())
        for number in range(run.own.count(call) + 1, most + 1)
    ]
    chosen = _spread(calls, wanted - wanted // 5 - wanted // 6, dice)
    chosen += _spread(children, wanted // 5, dice)
    while len(chosen) < wanted:
        step, layout, run = dice.choices(traced, weights=[run.seconds for _, _, run in traced])[0]
        chosen.append(Point(operation, step, layout, "time", round(dice.uniform(0.2, 0.95) * run.seconds, 2)))
    return chosen


def _calls(operation: str, step: int, layout: str, run: Traced) -> Iterator[Point]:
    """Before each call from the first one that concerns the prefix, and before the one after the last."""
    seen: Counter[str] = Counter()
    for index, call in enumerate(run.own):
        seen[call] += 1
        if run.first <= index <= run.last + 1:
            yield Point(operation, step, layout, "call", seen[call], call)


def _spread(candidates: Sequence[Point], wanted: int, dice: random.Random) -> list[Point]:
    """So many of them, spread evenly over their order, each at random within its part."""
    if wanted <= 0:
        return []
    if len(candidates) <= wanted:
        return list(candidates)
    edges = [round(number * len(candidates) / wanted) for number in range(wanted + 1)]
    return [candidates[dice.randrange(low, high)] for low, high in zip(edges, edges[1:], strict=False)]
