"""The states of the module dnn_release: decide, act unless it is only asked for, tell what changes.

Each function takes the parameters of the module (see library/dnn_release.py) and whether to look only.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import DnnreadyError
from . import activate, facts
from .identity import validate
from .install import install, needed, requirements_of
from .look import look
from .store import Store


def looked(asked: Mapping[str, Any], _look_only: bool) -> dict[str, Any]:
    """What each release still needs."""
    for spec in asked["releases"]:
        validate(spec)
    found = look(_prefix(asked), asked["releases"], asked["accept_by_stack"], _fact(asked), force=asked["force"])
    return {"changed": False, "stacks": found, "dnnready_rows": [entry["row"] for entry in found.values()]}


def installed(asked: Mapping[str, Any], look_only: bool) -> dict[str, Any]:
    """Build the release, unless it is there."""
    store, spec = _wanted(asked)
    path = store.release(spec["id"])
    lock = requirements_of(spec, asked["requirements"])
    content = [f"{item.name}=={item.version}" for item in lock.requirements] if lock else spec["packages"]
    there = store.finished(spec["id"])
    changed = needed(store, spec, asked["force"])
    if changed and not look_only:
        changed = install(store, spec, asked["requirements"], asked["index_url"], force=asked["force"])
    before, after = (path if there else f"{path} (absent)"), (f"{path} (built again)" if there else path)
    text = "".join(f"{line}\n" for line in content)
    return {
        **_named(store, spec["id"]),
        "changed": changed,
        "manifest": store.manifest(spec["id"]),
        "diff": [_difference(before, text if there else "", after, text)] if changed else [],
    }


def active(asked: Mapping[str, Any], look_only: bool) -> dict[str, Any]:
    """Make the release current. Looking only, a release that is not proven yet counts as one that would be."""
    store, spec = _wanted(asked)
    identifier, fact, before = spec["id"], _fact(asked), facts.read(_fact(asked))
    if look_only:
        proven = store.proof(identifier) is not None
        if proven:
            activate.check(store, identifier, asked["accept"])
        decision = activate.decide(store, identifier, asked["keep"], fact)
        after = facts.render(store.prefix, {store.stack: identifier}) if proven else before
    else:
        decision = activate.activate(store, identifier, asked["accept"], asked["keep"], fact)
        after = facts.read(fact)
    link = store.root / "current"
    gone = "".join(f"{one}\n" for one in decision.superfluous)
    differences = [
        _difference(
            link, f"releases/{decision.current}\n" if decision.current else "", link, f"releases/{identifier}\n"
        ),
        _difference(fact, before or "", fact, after or ""),
        _difference(store.releases, gone, store.releases, ""),
    ]
    return {
        **_named(store, identifier),
        "changed": decision.changed,
        "previous": decision.current if decision.current != identifier else store.linked("previous"),
        "removed": list(decision.superfluous),
        "diff": [one for one in differences if one["before"] != one["after"]],
    }


def absent(asked: Mapping[str, Any], look_only: bool) -> dict[str, Any]:
    """Remove the stack."""
    store, fact = Store(_prefix(asked), asked["stack"]), _fact(asked)
    changed = activate.exists(store, fact)
    before = "".join(f"{one}\n" for one in store.identifiers())
    if changed and not look_only:
        activate.remove(store, fact)
    diff = [_difference(store.root, before, f"{store.root} (absent)", "")]
    return {"changed": changed, "stack": store.stack, "diff": diff if changed else []}


def _prefix(asked: Mapping[str, Any]) -> Path:
    prefix = Path(asked["prefix"])
    if not prefix.is_absolute():
        raise DnnreadyError(f"prefix is the relative path '{prefix}'.", "Give it from / on.")
    return prefix


def _fact(asked: Mapping[str, Any]) -> Path:
    return facts.path_of(_prefix(asked), asked["facts_directory"])


def _wanted(asked: Mapping[str, Any]) -> tuple[Store, Mapping[str, Any]]:
    validate(asked["release"])
    return Store(_prefix(asked), asked["release"]["stack"]), asked["release"]


def _named(store: Store, identifier: str) -> dict[str, Any]:
    return {"stack": store.stack, "id": identifier, "path": str(store.release(identifier))}


def _difference(before_header: Any, before: str, after_header: Any, after: str) -> dict[str, str]:
    return {
        "before_header": str(before_header),
        "before": before,
        "after_header": str(after_header),
        "after": after,
    }
