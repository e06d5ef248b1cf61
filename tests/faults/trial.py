"""One fault from beginning to end: inject, see what a user sees, diagnose, heal, see again, look at the neighbours."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from typing import Any

from tests.faults.case import Case
from tests.faults.container import Container, Done

#: What must stay as it is in a stack that is no target: its link, its files, its environment.
STATE = (
    "cd /opt/dnnready/stacks && for stack in *; do echo $stack $(readlink $stack/current) "
    "$(cat $stack/current/environment $stack/current/manifest.json $stack/current/proof.json 2>/dev/null | sha256sum) "
    "$(cd $stack/current 2>/dev/null && find venv -type f -printf '%P %s\\n' | sort | sha256sum); done"
)
#: Cheap ones, to see that a stack still convolves.
NEIGHBOURS = ("onednn", "mkl")


@dataclasses.dataclass
class Result:
    """What a trial showed; `problems` are in words, empty where all is as the file says."""

    name: str
    expected: str
    problems: list[str] = dataclasses.field(default_factory=list)
    injected: bool = False
    causes: list[str] = dataclasses.field(default_factory=list)
    looked: bool = False  #: whether it was diagnosed at all
    rank: int | None = None  #: of the expected cause, from 1
    verdict: str = ""
    heal: str = "-"  #: healed, foreign (with leave), advised, not healed, or - for what is not to be healed
    unharmed: bool | None = None
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    counts: Mapping[str, int] = dataclasses.field(default_factory=dict)
    seconds: float = 0.0
    said: dict[str, str] = dataclasses.field(default_factory=dict)  #: outputs, by step

    @property
    def diagnosed(self) -> str:
        """The first column of the matrix."""
        if not self.looked:
            return "injected" if self.injected else "not injected"
        if not self.expected:
            return "healthy" if not self.causes else "false alarm"
        if self.rank is None:
            return "missed"
        return "first" if self.rank == 1 else "in three" if self.rank <= 3 else "missed"


class Trial:
    """A case in its container."""

    def __init__(self, case: Case, container: Container, *, depth: str = "heal") -> None:
        self.case = case
        self.container = container
        self.depth = depth  #: inject, diagnose or heal: how far it goes
        self.result = Result(case.name, case.expected)

    def run(self) -> Result:
        """All steps; the first one that makes no sense ends it."""
        self._must_run("cp /program/dnnready /opt/dnnready/bin/dnnready")
        if self._inject() and self.depth != "inject":
            broken = self._state()
            self._diagnose()
            if self._state() != broken:
                self.result.problems.append("the diagnosis changed a release")
            if self.depth == "heal" and self.case.heal != "none":
                # A fault of the whole host may reach the neighbour too; the heal must not make it worse.
                worked = self._neighbour_works()
                self._heal()
                self._neighbours(broken, worked=worked)
        return self.result

    def _user(self, command: str, step: str, seconds: int) -> Done:
        """A command in the user's login shell, kept for the report."""
        done = self.container.run(command, seconds=seconds)
        self.result.said[step] = f"{done.output}{done.errors}exit {done.status}\n"
        return done

    def _must_run(self, script: str) -> None:
        done = self.container.run(f"set -e\n{script}", seconds=300)
        self.result.said["inject"] = f"{done.output}{done.errors}exit {done.status}\n"
        if done.status:
            raise RuntimeError(f"exit {done.status}: {(done.errors or done.output).strip()[-500:]}")

    def _inject(self) -> bool:
        """Break it; whether the user then sees what the file says."""
        self._must_run(self.case.inject)
        missing = self._not_shown("user")
        self.result.injected = not missing
        if missing:
            tail = self.result.said["user"].strip()[-300:]
            self.result.problems.append(f"the injection does not show {', '.join(missing)}: …{tail}")
        return not missing

    def _not_shown(self, step: str) -> list[str]:
        self._user(self.case.user_command(), step, self.case.seconds)
        return [pattern for pattern in self.case.shows if not re.search(pattern, self.result.said[step], re.MULTILINE)]

    def _diagnose(self) -> None:
        case, result = self.case, self.result
        words = case.target.arguments()
        verb = f"explain {words[1]} --here" if case.target.kind == "log" else f"diagnose {' '.join(words)}"
        done = self._user(f"dnnready {verb} --json", "diagnosis", 240)
        document = _json(done)
        result.wall_seconds = done.seconds
        if document is None:
            result.problems.append(f"no diagnosis: {(done.errors or done.output).strip()[-300:]}")
            return
        result.looked = True
        diagnosis = document["diagnoses"][0] if "diagnoses" in document else document
        # A log may have lines that are explained as harmless.
        result.causes = [finding["cause"] for finding in diagnosis["findings"] if finding["where"] != "none"]
        result.verdict = str(diagnosis.get("verdict", ""))
        result.cpu_seconds = float(diagnosis.get("cpu_seconds", 0.0))
        result.wall_seconds = float(diagnosis.get("wall_seconds", done.seconds))
        result.counts = diagnosis.get("counts", {})
        result.rank = result.causes.index(case.expected) + 1 if case.expected in result.causes else None
        wanted = 1 if case.expected else 0
        if done.status != wanted:
            result.problems.append(f"dnnready {verb} exits with {done.status}, not {wanted}")
        if not case.expected:
            result.problems += [f"{cause} where nothing is wrong" for cause in result.causes]
        elif result.rank is None or result.rank > 3:
            result.problems.append(f"not {case.expected} but {', '.join(result.causes[:3]) or 'nothing'}")
        elif unexpected := set(result.causes[: result.rank - 1]) - set(case.also):
            result.problems.append(f"{', '.join(sorted(unexpected))} before {case.expected}")

    def _heal(self) -> None:
        """Without leave first where the environment is somebody else's."""
        case, result = self.case, self.result
        words = f"dnnready heal {' '.join(case.target.arguments())}"
        done = self._user(f"{words} --json", "heal", 400)
        outcomes = _outcomes(done)
        if case.heal == "foreign":
            if "healed" in outcomes or done.status == 0:
                result.problems.append("the heal touched an environment of somebody else without leave")
            done = self._user(f"{words} --foreign --json", "heal-foreign", 400)
            outcomes = _outcomes(done)
        # A service keeps what it runs with until it is started again, which the user does.
        changed = done.status == 0 or (case.target.kind == "unit" and "healed" in outcomes)
        if changed and self._works():
            result.heal = "foreign" if case.heal == "foreign" else "healed"
        elif done.status == 1 and "advised" in outcomes:
            result.heal = "advised"
        else:
            result.heal = "not healed"
        if result.heal != case.heal:
            result.problems.append(
                f"heal is `{result.heal}`, not `{case.heal}`: exit {done.status}, {', '.join(outcomes) or 'no action'}"
            )

    def _works(self) -> bool:
        """Whether the user no longer sees the fault, and a stack is proven again."""
        if not self._not_shown("user-after"):
            return False
        if self.case.target.kind == "stack":
            return self._user(f"dnnready verify {self.case.target.name}", "verify", 240).status == 0
        return self.result.said["user-after"].endswith("exit 0\n")

    def _state(self) -> dict[str, str]:
        lines = self.container.run(STATE, login=False).output.splitlines()
        return {line.split()[0]: line for line in lines}

    def _neighbour(self) -> str:
        return next(stack for stack in NEIGHBOURS if stack != self.case.target.name or self.case.image != "debian-12")

    def _neighbour_works(self) -> bool:
        done = self.container.run(f"dnnready verify {self._neighbour()}", seconds=60)
        return done.status == 0

    def _neighbours(self, broken: dict[str, str], *, worked: bool) -> None:
        """Other stacks are as they were; where nothing was healed, so is the target itself."""
        after = self._state()
        mine = self.case.target.name if self.case.target.kind == "stack" else ""
        harmed = [stack for stack in broken if stack != mine and after.get(stack) != broken.get(stack)]
        if mine and self.result.heal in ("advised", "not healed") and after.get(mine) != broken.get(mine):
            harmed.append(mine)
        if worked and not self._neighbour_works():
            harmed.append(f"{self._neighbour()} (convolves no more)")
        self.result.unharmed = not harmed
        if harmed:
            self.result.problems.append(f"harmed: {', '.join(harmed)}")


def _json(done: Done) -> Any:
    """The document that a command printed, None where there is none."""
    try:
        return json.loads(done.output)
    except ValueError:
        return None


def _outcomes(done: Done) -> list[str]:
    document = _json(done)
    if document is None:
        return []
    return [action["outcome"] for heal in document["heals"] for action in heal["actions"]]
