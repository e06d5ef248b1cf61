"""The states of the module dnn_release that act: decide, act unless it is only asked for, tell what changes.

Each function takes the parameters of the module (see library/dnn_release.py) and whether to look only. `looked` has a
file of its own: who only looks need not load what proves and builds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from ..conv2d.row import row
from . import activate, facts, rollback
from .health import Gate
from .identity import validate
from .install import install, needed, requirements_of
from .looked import fact_of, prefix_of
from .means import Means
from .store import Store


def installed(asked: Mapping[str, Any], look_only: bool) -> dict[str, Any]:
    """Build the release, unless it is there."""
    store, spec = _wanted(asked)
    path = store.release(spec["id"])
    lock = requirements_of(spec, asked["requirements"])
    content = [f"{item.name}=={item.version}" for item in lock.requirements] if lock else spec["packages"]
    there = store.finished(spec["id"])
    changed = needed(store, spec, asked["force"])
    if changed and not look_only:
        means = Means.of(asked)
        changed = install(store, spec, asked["requirements"], asked["index_url"], force=asked["force"], means=means)
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
    identifier, fact, before = spec["id"], fact_of(asked), facts.read(fact_of(asked))
    gate = Gate.of(asked)
    if look_only:
        proven = store.proof(identifier) is not None
        if proven:
            activate.check(store, identifier, asked["accept"])
        decision = activate.decide(store, identifier, asked["keep"], fact)
        after = facts.render(store.prefix, {store.stack: identifier}) if proven else before
    else:
        decision = activate.activate(store, identifier, asked["accept"], asked["keep"], fact, gate=gate)
        after = facts.read(fact)
    gone = "".join(f"{one}\n" for one in decision.superfluous)
    differences = [
        _moved(store, decision.current, identifier),
        _difference(fact, before or "", fact, after or ""),
        _difference(store.releases, gone, store.releases, ""),
    ]
    own = store.proof(identifier)
    return {
        **_named(store, identifier),
        "changed": decision.changed,
        "previous": decision.current if decision.current != identifier else store.linked("previous"),
        "removed": list(decision.superfluous),
        "in_use": {one: list(pids) for one, pids in decision.in_use.items()},
        "proven": _proven(decision.proof),
        "dnnready_rows": [row(own, decision.changed)] if own else [],
        "diff": [one for one in differences if one["before"] != one["after"]],
    }


def rolled_back(asked: Mapping[str, Any], look_only: bool) -> dict[str, Any]:
    """Make the previous release current again, or the one that is named."""
    store, fact, gate = Store(prefix_of(asked), asked["stack"]), fact_of(asked), Gate.of(asked)
    way = rollback.find(store, asked["to"])
    if way is None:
        if asked["required"]:
            raise rollback.nothing(store)
        own = store.proof(store.linked("current")) if store.linked("current") else None
        rows = [row(own)] if own else []
        told = rollback.nothing(store).message
        return {"changed": False, "stack": store.stack, "rolled_back": False, "msg": told, "dnnready_rows": rows}
    before = facts.read(fact)
    if look_only:
        shown, proven, after = rollback.told(store, way), None, facts.render(store.prefix, {store.stack: way.to})
    else:
        done = rollback.roll_back(store, asked["to"], fact, gate)
        way, shown, proven, after = done.way, dict(done.row), done.proof, facts.read(fact)
    differences = [_moved(store, way.current, way.to), _difference(fact, before or "", fact, after or "")]
    return {
        **_named(store, way.to),
        "changed": way.back,
        "rolled_back": way.back,
        "previous": way.current if way.current != way.to else store.linked("previous"),
        "proven": _proven(proven),
        "dnnready_rows": [shown],
        "diff": [one for one in differences if one["before"] != one["after"]],
    }


def absent(asked: Mapping[str, Any], look_only: bool) -> dict[str, Any]:
    """Remove the stack."""
    store, fact = Store(prefix_of(asked), asked["stack"]), fact_of(asked)
    changed = activate.exists(store, fact)
    before = "".join(f"{one}\n" for one in store.identifiers())
    if changed and not look_only:
        activate.remove(store, fact)
    diff = [_difference(store.root, before, f"{store.root} (absent)", "")]
    return {"changed": changed, "stack": store.stack, "diff": diff if changed else []}


def _wanted(asked: Mapping[str, Any]) -> tuple[Store, Mapping[str, Any]]:
    validate(asked["release"])
    return Store(prefix_of(asked), asked["release"]["stack"]), asked["release"]


def _named(store: Store, identifier: str) -> dict[str, Any]:
    return {"stack": store.stack, "id": identifier, "path": str(store.release(identifier))}


def _moved(store: Store, before: str, after: str) -> dict[str, str]:
    link = store.root / "current"
    return _difference(link, f"releases/{before}\n" if before else "", link, f"releases/{after}\n")


def _proven(proof: Optional[Mapping[str, Any]]) -> Optional[dict[str, Any]]:
    """What the proof through `current` says, in short; None where nothing was to be proven."""
    if proof is None:
        return None
    return {key: proof["summary"][key] for key in ("implementations", "isa", "cpu_seconds")}


def _difference(before_header: Any, before: str, after_header: Any, after: str) -> dict[str, str]:
    return {
        "before_header": str(before_header),
        "before": before,
        "after_header": str(after_header),
        "after": after,
    }
