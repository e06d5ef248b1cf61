"""Probe: what is installed for the interpreter of the target, as that interpreter sees it."""

from __future__ import annotations

import glob
import json
import os
from typing import Any, Optional

from ...conv2d.harness import source
from ...errors import DnnreadyError
from ...process import Completed
from ..explain import explain
from ..probe import CHEAP, Case, Observation, Probe, Suspicion
from . import interpreter_rules, inventory_program, module_rules, package_rules
from .versions import canonical

_MARK = "dnnready:inventory "
_TIMEOUT = 30.0
#: Nothing that hides a module of the standard library may be imported by the look itself.
_START = """\
import os, sys
SEARCHED = list(sys.path)
chosen = set(os.environ.get("PYTHONPATH", "").split(os.pathsep)) - {{os.path.dirname(os.__file__)}}
sys.path[:] = [entry for entry in SEARCHED if entry and entry not in chosen]
exec(compile({text!r}, "inventory.py", "exec"), {{"__name__": "__main__", "SEARCHED": SEARCHED}})
"""
_CONFIDENCE = {"high": 0.85, "medium": 0.7, "low": 0.5}


def look(case: Case) -> Observation:
    """One child of the target's interpreter; where that does not start, its folders alone."""
    python = case.target.python
    if not python:
        return Observation(unknown=(("the installed packages", "no interpreter is known"),))
    try:
        completed = case.target.launch(
            [python, "-B", "-", os.path.dirname(case.target.program) or case.target.directory],
            env=case.target.environment,
            timeout=_TIMEOUT,
            stdin=_START.format(text=source(inventory_program)),
            cwd=case.target.directory if os.path.isdir(case.target.directory) else None,
        )
    except DnnreadyError as error:
        why, cause = interpreter_rules.not_started(python, str(error))
        return _silent(case, why, cause=cause, certain=True)
    answer = _answer(completed.stdout)
    if answer is None:
        return _died(case, completed)
    facts = learned(answer)
    suspicions = (*module_rules.suspicions(case, facts), *package_rules.suspicions(case, facts))
    about = facts["python"]
    said = f"Python {about['version']} ({about['executable']}) starts and has {len(facts['packages'])} packages"
    return Observation(f"{said}{_versions(facts)}.", suspicions, facts)


def learned(answer: dict[str, Any]) -> dict[str, Any]:
    """The facts of this probe, made of what the program told."""
    first = {name: places[0] for name, places in answer["places"].items() if places}
    packages: dict[str, str] = {}
    for each in answer["distributions"]:
        packages.setdefault(canonical(each["name"]), each["version"])
    for name, version in answer["conda"].items():
        packages.setdefault(canonical(name), version)
    return {
        **answer,
        "packages": packages,
        "origins": {name: place["origin"] for name, place in first.items()},
        "roots": {
            name: os.path.dirname(place["origin"]) for name, place in first.items() if place["kind"] == "package"
        },
    }


def _answer(output: str) -> Optional[dict[str, Any]]:
    line = next((line for line in output.splitlines() if line.startswith(_MARK)), "")
    try:
        answer = json.loads(line[len(_MARK) :])
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _versions(facts: dict[str, Any]) -> str:
    named = [f"{name} {facts['packages'][name]}" for name in package_rules.FRAMEWORKS if name in facts["packages"]]
    return f", among them {', '.join(named)}" if named else ""


def _died(case: Case, completed: Completed) -> Observation:
    """The interpreter started and did not answer: what it wrote says why."""
    python = case.target.python
    if completed.timed_out:
        return _silent(case, f"{python} did not answer within {_TIMEOUT:.0f} seconds")
    end = f"was ended by {completed.signal}" if completed.signal else f"ended with exit code {completed.exit_code}"
    last = [line for line in completed.stderr.strip().splitlines() if line.strip()][-3:]
    seen = _silent(case, f"{python} {end}", *last)
    text = completed.stderr + (f"\n{completed.signal}\n" if completed.signal else "")
    explained = [
        Suspicion(each.cause, _CONFIDENCE[each.confidence], [f"{python}: {each.line}"], each.details)
        for each in explain(text, case.host).findings
        if each.cause != "benign_message"
    ]
    home = case.target.environment.get("PYTHONHOME", "")
    if home and "encodings" in completed.stderr:
        evidence = [f"PYTHONHOME={home} leads {python} away from its own library", *last]
        explained.append(Suspicion("invalid_env_value", 0.93, evidence, {"variable": "PYTHONHOME"}))
    return Observation(seen.said, (*explained, *seen.suspicions), seen.facts, seen.unknown)


def _silent(case: Case, *evidence: str, cause: str = "interpreter_missing", certain: bool = False) -> Observation:
    """No answer: the folders of a virtual environment can be looked at from outside."""
    python = case.target.python
    prefix = os.path.dirname(os.path.dirname(os.path.abspath(python)))
    site = sorted(glob.glob(os.path.join(glob.escape(prefix), "lib", "python3*", "site-packages")))
    found, left = inventory_program.scan(site)
    suffixes = [".so", ".py"]
    facts = learned(
        {
            "python": {"executable": python, "prefix": prefix, "machine": "", "version": "", "started": False},
            "path": site,
            "chosen": [],
            "site": site,
            "suffixes": suffixes,
            "distributions": found,
            "left": left,
            "places": {
                module: inventory_program.places(module, whole, site, suffixes)
                for module, whole in inventory_program.MODULES.items()
            },
            "hidden": [],
            "unreadable": [],
            "conda": inventory_program.conda(prefix),
        }
    )
    suspicion = Suspicion(
        cause, 0.97 if certain else 0.7, list(evidence), {"library": python, "python": python}, certain
    )
    return Observation(
        f"{evidence[0].rstrip('.')}.", (suspicion,), facts, (("what the interpreter sees", evidence[0]),)
    )


PROBE = Probe(
    name="inventory",
    step=4,
    cost=CHEAP,
    question="Does the interpreter start, and is the framework with all it needs installed for it?",
    look=look,
)
