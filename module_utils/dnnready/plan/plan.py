"""The plan of one host: per wanted stack a release spec, or its blockers.

Pure: facts, definitions and locks in, decisions out. It runs on the controller, so it costs a device nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ..environment.evaluate import evaluate
from ..environment.recommend import merge, recommended
from ..errors import DnnreadyError
from ..preflight import preflight
from ..release.identity import identity
from .definition import complete
from .interpreter import choose, distribution_python, usable
from .row import refused_row

Lock = Mapping[str, Any]


def plan(
    host: Mapping[str, Any],
    definitions: Mapping[str, Mapping[str, Any]],
    locks: Mapping[str, Sequence[Lock]],
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Decide for every wanted stack what is built on this host.

    `settings`: prefix, scope (host|user), python (override or ""), partial, keep_releases, known (names of stacks).
    Returns {stacks: {name: entry}, blockers: [...], notes: [...]}. An entry has definition, blocked, spec,
    requirements_path, missing_packages, findings, row (None unless blocked).
    """
    completed, senseless = _completed(definitions, settings["known"])
    pythons = usable(host, settings["scope"], settings["python"])
    choices = {name: _choose(host, definition, pythons, locks) for name, definition in completed.items()}
    entries = {name: _entry(host, completed[name], choices[name]) for name in completed}
    result = preflight(host, completed, choices, settings)
    blockers = [
        *senseless,
        *result["blockers"],
        *(blocker for entry in entries.values() for blocker in entry.pop("refusals")),
    ]
    for name, entry in entries.items():
        own = [blocker for blocker in blockers if blocker["stack"] == name]
        entry["blocked"] = bool(own) or entry["spec"] is None
        entry["row"] = refused_row(name, own) if entry["blocked"] else None
    for blocker in senseless:
        entries[blocker["stack"]] = {
            "definition": {"required": True},
            "spec": None,
            "blocked": True,
            "row": refused_row(blocker["stack"], [blocker]),
        }
    return {"stacks": entries, "blockers": blockers, "notes": result["notes"]}


def _completed(
    definitions: Mapping[str, Mapping[str, Any]], known: Sequence[str]
) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """The definitions that make sense, and a blocker for each that does not (unknown stack, unknown key)."""
    completed, blockers = {}, []
    for name, given in definitions.items():
        try:
            completed[name] = complete(given, name, known)
        except DnnreadyError as error:
            blockers.append(_refusal(name, "", error.message, error.hint, code="invalid_definition"))
    return completed, blockers


def _choose(
    host: Mapping[str, Any],
    definition: dict[str, Any],
    pythons: Sequence[Mapping[str, Any]],
    locks: Mapping[str, Sequence[Lock]],
) -> dict[str, Any]:
    """Settle `source: auto`, the interpreter and the lock."""
    covering = locks.get(definition["name"] if definition["requirements_file"] else definition["locks"], ())
    python, lock = choose(pythons, covering, host["cpu"]["architecture"])
    source = definition["source"]
    if source == "auto":
        source = "wheel" if lock or not _packages(host, definition) else "distribution"
        definition["source"] = source
    if source == "distribution":
        python, lock = distribution_python(pythons), None
    return {"python": python, "lock": lock, "locks": list(covering)}


def _packages(host: Mapping[str, Any], definition: Mapping[str, Any]) -> list[str]:
    """The distribution packages that carry this stack on this release of the distribution."""
    return [str(name) for name in definition["packages"].get(host["os"]["codename"], [])]


def _entry(host: Mapping[str, Any], definition: Mapping[str, Any], choice: Mapping[str, Any]) -> dict[str, Any]:
    distribution = definition["source"] == "distribution"
    packages = _packages(host, definition) if distribution else []
    needed = [*definition["system_packages"], *packages]
    if not distribution:
        needed.append("python3-venv")
    missing = [name for name in needed if name in host["packages"]["missing"]]
    variables, findings, refusals = _environment(host, definition)
    python: Optional[Mapping[str, Any]] = choice["python"]
    lock: Optional[Lock] = choice["lock"]
    spec = None
    if python is not None and (lock is not None or distribution):
        spec = {
            "stack": definition["name"],
            "source": definition["source"],
            "python": python["path"],
            "python_version": python["version"],
            "tag": python["tag"],
            "lock_sha256": lock["sha256"] if lock else "",
            "packages": packages,
            "environment": variables,
            "library_path": list(definition["library_path"]) if not distribution else [],
            "probes": list(definition["probes"]),
            "options": dict(definition["options"]),
            "shapes": list(definition["shapes"]),
        }
        spec["id"] = identity(spec, host)
    return {
        "definition": definition,
        "spec": spec,
        "requirements_path": lock["path"] if lock else "",
        "missing_packages": missing,
        "findings": findings,
        "refusals": refusals,
    }


def _environment(
    host: Mapping[str, Any], definition: Mapping[str, Any]
) -> tuple[dict[str, str], list[dict[str, Any]], list[dict[str, Any]]]:
    """The stack's variables, what is worth saying about them, and those that are refused."""
    name = definition["name"]
    try:
        wheel = definition["source"] != "distribution"
        options = {**definition["options"], "library_path": definition["library_path"] if wheel else []}
        variables = merge(recommended(host, definition["readers"], options), {}, definition["environment"])
        findings = evaluate(variables, definition["readers"], host)
    except DnnreadyError as error:
        return {}, [], [_refusal(name, "", error.message, error.hint)]
    refusals = [
        _refusal(name, finding.variable, finding.text, finding.remedy)
        for finding in findings
        if finding.level == "error"
    ]
    return dict(variables), [finding.as_dict() for finding in findings if finding.level != "error"], refusals


def _refusal(stack: str, variable: str, text: str, remedy: str, code: str = "invalid_env_value") -> dict[str, Any]:
    return {
        "code": code,
        "stack": stack,
        "text": text,
        "way_out": remedy or f"Correct {stack.replace('-', '_')}_environment.",
        "evidence": variable,
    }
