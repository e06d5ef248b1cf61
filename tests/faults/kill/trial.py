"""One kill: storage as it was before, the operation, the cut, a look, the rerun, another look."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass, field

from . import judge
from .inside import KILLED
from .operations import Operation, Prepared, look, steps_run
from .points import Point
from .world import Storage, World

#: A point that is never reached (a child made fewer calls this time) is tried again so much earlier.
EARLIER = 0.8
TRIES = 4


@dataclass
class Outcome:
    """How a trial ended."""

    point: Point
    kept: str = ""  #: what the kill left
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def survived(self) -> bool:
        """Whether everything held."""
        return not self.problems


def options(point: Point) -> list[str]:
    """How `inside.py` is told when to kill."""
    if point.kind == "time":
        return ["--kill-after", str(point.number)]
    return ["--call", point.call, "--at", f"{point.number:.0f}", *(["--children"] if point.kind == "child" else [])]


def attempt(world: World, operation: Operation, point: Point, name: str) -> Storage | None:
    """Run the operation until the point; what it left, or None where it ended before."""
    storage = world.storage(operation.kit, name, point.layout)
    failure = steps_run(world, storage, operation.steps[: point.step])
    if failure:
        raise RuntimeError(f"a step before the one that is killed fails: {failure}")
    done = world.run(storage, operation.steps[point.step], *options(point))
    if done.returncode == KILLED:
        return storage
    world.drop(storage)
    return None


def run(world: World, prepared: Prepared, point: Point) -> Outcome:
    """One trial. Whatever goes wrong is a problem of it, never an end of the run."""
    started = time.monotonic()
    outcome = Outcome(point)
    operation = next(one for one in prepared.operations if one.name == point.operation)
    before, after = prepared.before[operation.kit], prepared.after[operation.name]
    storage = None
    try:
        for _ in range(TRIES):
            outcome.point = point
            storage = attempt(world, operation, point, str(point).replace(":", "-"))
            if storage:
                break
            earlier = point.number * EARLIER if point.kind == "time" else max(1.0, point.number * EARLIER // 1)
            point = dataclasses.replace(point, number=earlier)
        if storage is None:
            outcome.problems.append("the operation ends before this point")
            return outcome
        seen = look(world, storage)
        outcome.kept = judge.kept_state(seen)
        outcome.problems += [f"after the kill: {text}" for text in judge.after_kill(operation, seen, before, after)]
        failure = steps_run(world, storage, [*operation.steps, *operation.then])
        if failure:
            outcome.problems.append(f"the rerun fails: {failure}")
        else:
            again = judge.after_rerun(operation, look(world, storage), after)
            outcome.problems += [f"after the rerun: {text}" for text in again]
    except Exception as error:  # noqa: BLE001  a trial that breaks is one that did not survive
        outcome.problems.append(f"{type(error).__name__}: {error}")
    finally:
        if storage is not None:
            world.drop(storage)
        outcome.seconds = time.monotonic() - started
    return outcome
