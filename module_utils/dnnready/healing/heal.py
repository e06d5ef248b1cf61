"""Heals the targets of a diagnosis: one act after the other until the convolution is proven, or all of it undone."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..diagnosis import cases
from ..diagnosis.cases import Asked
from ..diagnosis.examine import examine
from ..diagnosis.probe import Case
from ..errors import DnnreadyError
from ..files import write_atomic
from ..lockfile import held
from ..release import facts
from . import own, system
from .deed import Deed, Sources

SCHEMA = "dnnready/heal/1"
_MOST_ACTS = 4


@dataclass
class Request:
    """What healing may do, and how it is told."""

    asked: Asked
    foreign: bool = False  #: whether what belongs to the user may be changed
    look_only: bool = False
    sources: Sources = field(default_factory=Sources)
    facts_directory: str = ""
    say: Callable[[str], None] = lambda _text: None


def heal(request: Request) -> list[dict[str, Any]]:
    """A document for each target: docs/schema/heal-1.json. Raises DnnreadyError where another one heals this host."""
    with contextlib.nullcontext() if request.look_only else _alone(request):
        return [_Patient(request, one).heal() for one in _targets(request.asked)]


def _targets(asked: Asked) -> list[Asked]:
    """One Asked for each target, so that each can be looked at anew."""
    if asked.foreign:
        return [asked]
    return [replace(asked, stacks=(name,)) for name in asked.stacks or cases.stacks(asked.prefix)]


@contextlib.contextmanager
def _alone(request: Request) -> Iterator[None]:
    """One healing at a time on a host (and, without root, of an account)."""
    if os.geteuid() == 0:
        place = "/run/lock" if os.path.isdir("/run/lock") else "/var/lock"
    else:
        place = os.environ.get("XDG_RUNTIME_DIR") or request.asked.prefix or str(Path("~").expanduser())
    with held(Path(place) / ".dnnready-heal.lock", "healing", "This host"):
        yield


class _Patient:
    """One target, looked at again after each act."""

    def __init__(self, request: Request, asked: Asked) -> None:
        self.request = request
        self.asked = asked
        self.deeds: list[Deed] = []
        self.acts: list[dict[str, Any]] = []
        self.tried: set[str] = set()

    def heal(self) -> dict[str, Any]:
        """Look, act, look again."""
        case, before = self._look()
        after = before
        while not after["healthy"] and len(self.deeds) < _MOST_ACTS:
            finding = self._next(after)
            if finding is None:
                break
            if self.request.look_only:
                self._note(finding, "would", "")
                break
            if self._act(case, finding):
                case, after = self._look()
        proven = after["healthy"] or after["verdict"] == "accelerated"
        if self.deeds and not proven:
            self._undo_all()
            _, after = self._look()
        self._advise(after)
        document = {
            "schema": SCHEMA,
            "target": before["target"],
            "before": _short(before),
            "actions": self.acts,
            "after": _short(after),
            "healed": bool(self.deeds) and proven,
            "healthy": after["healthy"],
            "problem": before.get("problem", ""),
        }
        if self.acts and not self.request.look_only:
            self._write(document)
        return document

    def _look(self) -> tuple[Any, dict[str, Any]]:
        self.request.say("looking")
        found = next(cases.of(self.asked))
        if isinstance(found, Case):
            return found, examine(found, say=self.request.say)
        return None, found

    def _next(self, diagnosis: Mapping[str, Any]) -> Any:
        """The first finding that healing may mend and has not tried."""
        for finding in diagnosis["findings"]:
            action = finding["action"]
            if action and self._key(action) not in self.tried and (self.request.foreign or not action["foreign"]):
                return finding
        return None

    @staticmethod
    def _key(action: Mapping[str, Any]) -> str:
        return json.dumps(action, sort_keys=True)

    def _act(self, case: Case, finding: Mapping[str, Any]) -> bool:
        action = finding["action"]
        self.tried.add(self._key(action))
        self.request.say(f"{finding['cause']}: {action['kind']}")
        try:
            deed = self._deed(case, action)
            if case.target.own and action["kind"] not in ("release", "current"):
                self._prove_anew(case)
            self._tell()
        except (DnnreadyError, OSError) as error:
            self._note(finding, "failed", str(error))
            return False
        self.deeds.append(deed)
        if action["kind"] == "dropin":
            self.asked = replace(self.asked, next_start=True)  # what runs keeps its environment
        self._note(finding, "healed", deed.note, deed.command)
        return True

    def _deed(self, case: Case, action: Mapping[str, Any]) -> Deed:
        target, prefix = case.target, self.asked.prefix
        accept = own.accepted(case.options)
        acts: Mapping[str, Callable[[], Deed]] = {
            "release": lambda: own.rebuild(target, prefix, self.request.sources, accept),
            "current": lambda: own.make_current(target, prefix, accept),
            "environment": lambda: own.write_environment(target, prefix),
            "readable": lambda: own.make_readable(action["path"]),
            "packages": lambda: system.packages(action["names"]),
            "pip": lambda: system.pip(action["command"], target.environment),
            "line": lambda: system.remove_line(action["path"], action["line"], action["variable"]),
            "dropin": lambda: system.drop_in(action["unit"], action["content"]),
        }
        return acts[action["kind"]]()

    def _prove_anew(self, case: Case) -> None:
        """Keep a new proof of the stack and the fact of it, where it is proven now; else the next look says why."""
        fresh = next(cases.of(self.asked)).target
        with contextlib.suppress(DnnreadyError):
            own.prove(fresh.release_path, fresh.stack, own.accepted(case.options))

    def _tell(self) -> None:
        """The fact of this host says what is active now."""
        if not self.asked.prefix:
            return
        path = facts.path_of(Path(self.asked.prefix), self.request.facts_directory)
        if path.parent.is_dir():
            facts.write(path, facts.render(Path(self.asked.prefix)))

    def _undo_all(self) -> None:
        for deed in reversed(self.deeds):
            outcome, why = "undone", "it did not bring the proof"
            try:
                deed.undo()
            except (DnnreadyError, OSError) as error:
                why = f"it did not bring the proof, and taking it back failed: {error}"
            for act in self.acts:
                if act["command"] == deed.command:
                    act["outcome"], act["why"] = outcome, why
        self.deeds = []

    def _advise(self, after: Mapping[str, Any]) -> None:
        """What is left for a person to do."""
        for finding in after["findings"]:
            known = [act for act in self.acts if act["cause"] == finding["cause"]]
            if not known:
                self._note(finding, "advised", _reason(finding), finding["remedy"])

    def _note(self, finding: Mapping[str, Any], outcome: str, why: str, command: str = "") -> None:
        self.acts.append(
            {
                "cause": finding["cause"],
                "kind": (finding["action"] or {}).get("kind", ""),
                "command": command or finding["remedy"],
                "outcome": outcome,
                "why": why,
            }
        )

    def _write(self, document: Mapping[str, Any]) -> None:
        """One line for each healing, so that a later reader knows what was changed and when."""
        directory = self.asked.prefix or ("/var/log" if os.geteuid() == 0 else str(Path("~").expanduser()))
        path = Path(directory) / ("heal.log" if self.asked.prefix else "dnnready-heal.log")
        entry = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **document}
        with contextlib.suppress(OSError, DnnreadyError):
            old = path.read_text(encoding="utf-8") if path.exists() else ""
            write_atomic(path, "".join(old.splitlines(keepends=True)[-199:]) + json.dumps(entry, sort_keys=True) + "\n")


def _reason(finding: Mapping[str, Any]) -> str:
    if finding["action"] and finding["action"]["foreign"]:
        return "it belongs to the user: dnnready_heal_foreign (--foreign) allows it"
    return "a person has to decide"


def _short(diagnosis: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("cause", "confidence", "evidence", "remedy")
    return {
        "verdict": diagnosis["verdict"],
        "healthy": diagnosis["healthy"],
        "findings": [{key: finding[key] for key in kept} for finding in diagnosis["findings"]],
    }
