"""Looks at releases: those of a plan, or those that are current. Every host runs it in every run: it loads little."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import DnnreadyError
from . import facts
from .identity import validate
from .look import look
from .store import Store


def looked(asked: Mapping[str, Any], _look_only: bool) -> dict[str, Any]:
    """What each release still needs."""
    for spec in asked["releases"]:
        validate(spec)
    found = look(prefix_of(asked), asked["releases"], asked["accept_by_stack"], fact_of(asked), force=asked["force"])
    return {"changed": False, "stacks": found, "dnnready_rows": [entry["row"] for entry in found.values()]}


def current(prefix: Path, fact: Path, *, vouching: bool = False) -> dict[str, dict[str, Any]]:
    """What the current releases still need, as `look` says it, whatever verdict they have.

    Where a plan wants just these, the host needs nothing and was asked once. A release whose manifest does not say what
    made it is left out, so that it is looked at for the plan. `vouching`: see `look`.
    """
    made = [_spec(Store(prefix, name)) for name in facts.stacks(prefix)]
    specs = [spec for spec in made if spec]
    verdicts = ("accelerated", "fallback", "broken")
    return look(prefix, specs, {spec["stack"]: verdicts for spec in specs}, fact, vouching=vouching)


def _spec(store: Store) -> Mapping[str, Any]:
    identifier = store.linked("current")
    spec = (store.manifest(identifier) or {}).get("spec") if identifier else None
    if not isinstance(spec, Mapping) or (spec.get("stack"), spec.get("id")) != (store.stack, identifier):
        return {}
    try:
        validate(spec)
    except DnnreadyError:
        return {}
    return spec


def prefix_of(asked: Mapping[str, Any]) -> Path:
    """The prefix of a module call; it must be absolute."""
    prefix = Path(asked["prefix"])
    if not prefix.is_absolute():
        raise DnnreadyError(f"prefix is the relative path '{prefix}'.", "Give it from / on.")
    return prefix


def fact_of(asked: Mapping[str, Any]) -> Path:
    """The fact file of a module call."""
    return facts.path_of(prefix_of(asked), asked["facts_directory"])
