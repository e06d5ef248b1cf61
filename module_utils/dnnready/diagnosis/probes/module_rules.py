"""What the copies of a module along the import path mean: none, half a copy, one that hides another."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..probe import Case, Suspicion
from .versions import canonical

#: The module of a framework, and what to install for it.
FRAMEWORKS = {"pytorch": ("torch", "torch"), "tensorflow": ("tensorflow", "tensorflow-cpu")}
_ALWAYS = ("torch", "tensorflow", "numpy", "keras", "google.protobuf", "typing_extensions")
_BRINGS: dict[str, Callable[[str], bool]] = {
    "torch": lambda name: name == "torch",
    "numpy": lambda name: name == "numpy",
    "keras": lambda name: name == "keras",
    "google.protobuf": lambda name: name == "protobuf",
    "tensorflow": lambda name: (
        name.startswith(("tensorflow", "intel-tensorflow", "tf-nightly"))
        and not name.startswith(("tensorflow-io", "tensorflow-est", "tensorflow-hub", "tensorflow-data"))
    ),
}
_ELSEWHERE = (
    "/usr/lib/python3/dist-packages",
    "/usr/local/lib/python3*/dist-packages",
    "/usr/lib*/python3*/site-packages",
    "/usr/local/lib/python3*/site-packages",
    "~/.local/lib/python3*/site-packages",
)


def suspicions(case: Case, facts: Mapping[str, Any]) -> tuple[Suspicion, ...]:
    """What modules and their places speak for."""
    asked = wanted(case, facts)
    return (
        *(found for module, package in asked for found in _absent(module, package, facts)),
        *(found for module in _ALWAYS for found in _copies(module, facts["places"].get(module, []), facts)),
        *_standard_library(facts),
        *_unreadable(facts),
    )


def wanted(case: Case, facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(module, package) that have to be there: those asked for; without a wish, any framework."""
    asked = [FRAMEWORKS[name] for name in case.target.frameworks if name in FRAMEWORKS]
    if asked or case.target.frameworks:
        return asked
    alone = any(canonical(each["name"]).startswith(("mkl", "onednn")) for each in facts["distributions"])
    if alone or any(facts["places"].get(module) for module, _ in FRAMEWORKS.values()):
        return []
    return [FRAMEWORKS["pytorch"]]


def brought_by(module: str, facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The distributions that claim to bring a module."""
    claims = _BRINGS.get(module)
    return [each for each in facts["distributions"] if claims and claims(canonical(each["name"]))]


def _absent(module: str, package: str, facts: Mapping[str, Any]) -> Iterator[Suspicion]:
    if facts["places"].get(module):
        return
    python = facts["python"]["executable"]
    evidence = [f"{python} finds no module {module} in {os.pathsep.join(facts['site']) or 'its folders'}"]
    claimed = brought_by(module, facts)
    if claimed:
        evidence.append(f"{claimed[0]['path']} says that {claimed[0]['name']} {claimed[0]['version']} is installed")
        yield Suspicion("corrupt_install", 0.96, evidence, {"library": module, "package": claimed[0]["name"]}, True)
        return
    if facts["unreadable"]:
        evidence.append(f"this user cannot read {facts['unreadable'][0]}")
        yield Suspicion("framework_not_installed", 0.5, evidence, {"module": package})
        return
    evidence += [f"another interpreter has it: {path}" for path in _elsewhere(module, facts)]
    yield Suspicion("framework_not_installed", 0.97, evidence, {"module": package}, True)


def _elsewhere(module: str, facts: Mapping[str, Any]) -> list[str]:
    folders = [path for pattern in _ELSEWHERE for path in glob.glob(os.path.expanduser(pattern))]
    looked = set(facts["path"])
    return [os.path.join(folder, module) for folder in folders if folder not in looked and _is_module(folder, module)]


def _is_module(folder: str, module: str) -> bool:
    return os.path.isfile(os.path.join(folder, module, "__init__.py"))


def _copies(module: str, places: list[Mapping[str, Any]], facts: Mapping[str, Any]) -> Iterator[Suspicion]:
    if not places:
        return
    first, later = places[0], places[1:]
    details = {"module": module, "library": first["origin"]}
    evidence = [f"import {module} takes {first['origin']}"]
    evidence += [f"and not {other['origin']}" for other in later if other["kind"] != "folder"]
    hides = first["entry"] in facts["chosen"] and first["entry"] not in facts["site"]
    claimed = [each for each in brought_by(module, facts) if each["location"] == first["entry"]]
    if hides and (first["kind"] == "file" or any(other["whole"] for other in later)) and first["kind"] != "folder":
        yield Suspicion("shadowed_or_partial_module", 0.95, evidence, details, first["kind"] == "file")
    elif module == "typing_extensions":
        return
    elif first["kind"] == "folder":
        evidence = [f"{first['origin']} has no __init__.py: it is only a folder of that name"]
        if claimed:
            yield Suspicion("corrupt_install", 0.95, evidence, {**details, "package": claimed[0]["name"]}, True)
        yield Suspicion("shadowed_or_partial_module", 0.45 if claimed else 0.88, evidence, details)
    elif first["kind"] == "package" and not first["whole"] and module in ("torch", "tensorflow", "numpy"):
        yield Suspicion(
            "corrupt_install" if claimed else "shadowed_or_partial_module",
            0.8,
            [*evidence, "of which files are missing that every release has"],
            details,
        )
    elif later and any(other["whole"] and other["kind"] != "folder" for other in later):
        yield Suspicion("shadowed_or_partial_module", 0.4, evidence, details)
    elif module in ("torch", "tensorflow") and not brought_by(module, facts) and not _packaged(first["origin"], facts):
        yield Suspicion(
            "shadowed_or_partial_module", 0.4, [*evidence, "which no installed package lays claim to"], details
        )


def _packaged(origin: str, facts: Mapping[str, Any]) -> bool:
    """Whether conda or the distribution brought it: they need no dist-info."""
    return bool(facts["conda"]) or origin.startswith("/usr/lib/python3/dist-packages/")


def _standard_library(facts: Mapping[str, Any]) -> Iterator[Suspicion]:
    for path in facts["hidden"][:3]:
        module = os.path.basename(path)[:-3]
        yield Suspicion(
            "shadowed_or_partial_module",
            0.5,
            [f"{path} hides the module {module} of Python's own library"],
            {"module": module, "library": path},
        )


def _unreadable(facts: Mapping[str, Any]) -> Iterator[Suspicion]:
    paths = facts["unreadable"]
    if paths:
        evidence = [f"{path} cannot be read by user {facts['python'].get('user_id', '')}" for path in paths[:5]]
        yield Suspicion("files_not_readable", 0.95, evidence, {"library": paths[0]})
