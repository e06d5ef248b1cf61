"""What must hold after a kill, and after the rerun. Pure: it reads what `look.py` saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from .operations import STACK, Operation

RELEASES = f"stacks/{STACK}/releases"
#: There while something is under way, and then gone.
TRANSIENT = (f"stacks/{STACK}/progress.json", f"stacks/{STACK}/switch.json")
#: Tells when something happened, so every run writes another content.
TOLD = (".json", ".fact", ".log", ".lock")
#: A build's failure may be told here; it may stay.
FAILED = f"stacks/{STACK}/failed"


def told(name: str) -> bool:
    """Whether a file tells when something happened. The manifest of a depot is what its server sent."""
    return name.endswith(TOLD) and name != "depot/manifest.json"


def linked(seen: Mapping[str, Any], link: str) -> str:
    """The release that `current` or `previous` names."""
    return str(seen["files"].get(f"stacks/{STACK}/{link}", "")).rpartition("/")[2]


def installed(seen: Mapping[str, Any]) -> set[str]:
    """The releases whose manifest says that they are whole."""
    found = set()
    for name, document in seen["documents"].items():
        place = PurePosixPath(name)
        inside = str(place.parent.parent) == RELEASES and not place.parent.name.startswith(".")
        if inside and place.name == "manifest.json" and document and document.get("state") == "installed":
            found.add(place.parent.name)
    return found


def proven(seen: Mapping[str, Any]) -> list[str]:
    """What is wrong with the convolution of the current release; empty where it runs through the DNN library."""
    verify, current = seen["verify"], linked(seen, "current")
    proofs = verify["proofs"]
    if verify["status"] or len(proofs) != 1:
        return [f"`dnnready verify` exits with {verify['status']}: {verify['errors']}"]
    proof = proofs[0]
    ran = proof.get("summary", {}).get("implementations")
    if proof.get("verdict") != "accelerated" or not ran or proof.get("release") != current:
        return [f"release {current} is {proof.get('verdict')} (proof of {proof.get('release')}, {ran})"]
    return []


def after_kill(
    operation: Operation, seen: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[str]:
    """Problems of what a kill left: what ran before must run, and no final name may hold a part of anything."""
    current = linked(seen, "current")
    problems = proven(seen)
    if current not in operation.current:
        problems.append(f"`current` names {current or 'nothing'}, not {' or '.join(operation.current)}")
    elif current != linked(before, "current") and current not in installed(seen):
        problems.append(f"`current` names {current}, which is not whole")
    whole = installed(seen)
    offered = _offered(after)
    for name, value in seen["files"].items():
        if any(part.startswith(".") for part in PurePosixPath(name).parts):
            continue  # not a final name
        release = _release(name)
        if release and release not in whole:
            continue  # says itself that it is not finished
        known = {look["files"].get(name) for look in (before, after)} | {offered.get(name)}
        known.discard(None)
        if told(name) and value != "dir":
            if name in seen["documents"] and seen["documents"][name] is None:
                problems.append(f"{name} is no JSON")
        elif not known and name not in TRANSIENT and not name.startswith((FAILED, "depot/incoming")):
            problems.append(f"{name} is neither of before nor of after")
        elif known and value not in known:
            problems.append(f"{name} is neither as before nor as after: {value}")
    for release in whole:
        problems += _incomplete(release, seen, before, after)
    return problems


def after_rerun(operation: Operation, seen: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Problems of what the rerun led to: everything as after a run that nobody disturbed, and nothing more."""
    problems = proven(seen)
    if linked(seen, "current") != operation.goal:
        problems.append(f"`current` names {linked(seen, 'current') or 'nothing'}, not {operation.goal}")
    names, expected = set(seen["files"]), set(after["files"])
    allowed = {FAILED} - expected
    problems += [f"left behind: {name}" for name in sorted(names - expected - allowed)]
    problems += [f"missing: {name}" for name in sorted(expected - names)]
    for name in sorted(names & expected):
        value = seen["files"][name]
        if value != after["files"][name] and not told(name):
            problems.append(f"{name} is {value}, not {after['files'][name]}")
        if name in seen["documents"] and seen["documents"][name] is None:
            problems.append(f"{name} is no JSON")
    return problems


def kept_state(seen: Mapping[str, Any]) -> str:
    """What a kill left, in a line."""
    whole = installed(seen)
    releases = {release for name in seen["files"] if (release := _release(name))}
    parts = [f"current {linked(seen, 'current') or 'none'}", f"previous {linked(seen, 'previous') or 'none'}"]
    parts += [f"{release} {'whole' if release in whole else 'unfinished'}" for release in sorted(releases)]
    hidden = _hidden(seen["files"])
    parts += [name for name in TRANSIENT if name in seen["files"]] + hidden[:6]
    return ", ".join(parts)


def _hidden(names: Sequence[str] | Mapping[str, Any]) -> list[str]:
    return [name for name in names if PurePosixPath(name).name.startswith(".") and not name.endswith(".lock")]


def _offered(after: Mapping[str, Any]) -> dict[str, str]:
    """What the depot offers, with digests: the wheel of an installer is there whole for the moment of unpacking it."""
    manifest = after["documents"].get("depot/manifest.json") or {}
    return {f"depot/{entry['path']}": entry["sha256"] for entry in manifest.get("files", [])}


def _release(name: str) -> str:
    """The release that a path lies in; empty where it lies in none."""
    parts = PurePosixPath(name).parts
    return parts[3] if len(parts) > 3 and "/".join(parts[:3]) == RELEASES and not parts[3].startswith(".") else ""


def _incomplete(
    release: str, seen: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[str]:
    """Files that a release lacks although its manifest says that it is installed."""
    place = f"{RELEASES}/{release}/venv/"
    model: Mapping[str, str] = next(
        (look["files"] for look in (before, after) if f"{RELEASES}/{release}" in look["files"]), {}
    )
    missing = [name for name in model if name.startswith(place) and name not in seen["files"]]
    return [f"release {release} says that it is installed, and lacks {name}" for name in missing[:3]]
