"""What each stack of a host still needs: stats and small JSON files, no framework, no package tool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..conv2d import fingerprint
from ..conv2d.row import row, without_proof
from ..environment.places import in_release, release_file
from ..environment.render import render
from . import facts, rejection, unfinished
from .store import Store

#: In the order in which they are done.
STEPS = ("installed", "environment", "proof", "active")


def look(
    prefix: Path,
    specs: Sequence[Mapping[str, Any]],
    accept: Mapping[str, Sequence[str]],
    fact: Path,
    *,
    force: bool = False,
    vouching: bool = False,
) -> dict[str, dict[str, Any]]:
    """Per stack {stack, id, current, state, needs, why, row}.

    `state` is absent, building (left unfinished), installed, verified or active; `needs` the steps that are missing,
    from the first one on: what comes later rests on what comes before. `why` says it in words, empty where nothing is
    needed. `accept` are the verdicts by stack with which a release may be current (accelerated where not said).
    With `vouching` there is `attestation` too, by which a host that needs nothing may vouch for its siblings
    (conv2d/voucher.py); None where it may not.
    """
    outdated = facts.read(fact) != facts.render(prefix)
    found = {}
    for spec in specs:
        store, wanted = Store(prefix, spec["stack"]), accept.get(spec["stack"], ("accelerated",))
        step, why = next(_missing(store, spec, wanted), ("", ""))
        if force:
            step, why = "installed", "it is to be built and proven again"
        if not step and outdated:
            step, why = "active", f"{fact} is not up to date"
        needs = STEPS[STEPS.index(step) :] if step else ()
        found[spec["stack"]] = _entry(store, spec, needs, why, vouching=vouching)
    return found


def _missing(store: Store, spec: Mapping[str, Any], accept: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The steps that are missing, each with why; only the first is sure to be true, later ones rest on it."""
    identifier = spec["id"]
    release = store.release(identifier)
    if not store.finished(identifier):
        yield "installed", f"release {identifier} {'was left unfinished' if release.exists() else 'is not built'}"
    if not (release / "venv" / "bin" / "python").exists():
        yield "installed", f"the interpreter of release {identifier} is gone"
    if not _environment_is(release, spec["environment"]):
        yield "environment", "its environment file is not what is wanted"
    proof = store.proof(identifier)
    holds, why = fingerprint.holds(proof, identifier)
    if not holds:
        yield "proof", why
    if proof is not None and proof["verdict"] not in accept:
        yield "proof", f"its verdict was {proof['verdict']}"
    cut = unfinished.read(store)
    if cut is not None:
        yield "active", cut.words
    current = store.linked("current")
    if current != identifier:
        why = f"release {current} is current" if current else "no release is current"
        yield "active", why + rejection.words(store, identifier)


def _environment_is(release: Path, variables: Mapping[str, str]) -> bool:
    try:
        text = Path(release_file(str(release))).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return text == render(in_release(variables, str(release)))


def _entry(store: Store, spec: Mapping[str, Any], needs: Sequence[str], why: str, *, vouching: bool) -> dict[str, Any]:
    identifier, proof = spec["id"], store.proof(spec["id"])
    if needs or proof is None:
        shown = without_proof(spec["stack"], identifier, "unproven", why, "ansible-playbook site.yml")
    else:
        shown = row(proof)
    return {
        "stack": spec["stack"],
        "id": identifier,
        "current": store.linked("current"),
        "state": _state(store, identifier),
        "needs": list(needs),
        "why": why,
        "row": shown,
        **({"attestation": None if needs or proof is None else proof.get("attestation")} if vouching else {}),
    }


def _state(store: Store, identifier: str) -> str:
    if not store.finished(identifier):
        return "building" if store.release(identifier).exists() else "absent"
    if store.linked("current") == identifier and unfinished.read(store) is None:
        return "active"
    return "installed" if store.proof(identifier) is None else "verified"
