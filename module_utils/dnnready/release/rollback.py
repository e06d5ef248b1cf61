"""Back to the release that was current before: the same switch, the other way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from ..conv2d import fingerprint, stored
from ..conv2d.row import row, without_proof
from ..conv2d.verification import verify
from ..errors import DnnreadyError
from ..files import readable
from ..lockfile import held
from . import through, unfinished
from .activate import activate_held, check
from .health import Gate
from .leftovers import clean
from .store import Store
from .switch import Prove


@dataclass(frozen=True)
class Way:
    """From where to where; `back` is whether there is anything to do."""

    current: str
    to: str
    open_switch: bool

    @property
    def back(self) -> bool:
        """Whether anything changes."""
        return self.open_switch or self.current != self.to


@dataclass(frozen=True)
class RolledBack:
    """What a way back changed, and the row of the table."""

    way: Way
    row: Mapping[str, Any]
    proof: Optional[Mapping[str, Any]]  #: the one through `current`


def find(store: Store, identifier: str = "") -> Optional[Way]:
    """The way to `previous` or a named release; None where there is no previous one. Looks only.

    While a switch is not final, back means back to where it began. Raises DnnreadyError where the release is not here
    or damaged.
    """
    cut = unfinished.read(store)
    current = store.linked("current")
    to = identifier or (cut.current if cut else store.linked("previous"))
    if not to:
        return None
    if not store.finished(to):
        here = ", ".join(one for one in store.identifiers() if store.finished(one)) or "none"
        raise DnnreadyError(
            f"Release {to} of {store.stack} is not here or damaged: nothing to go back to. "
            f"Current stays {current or 'none'}.",
            f"Releases that are here: {here}. Else provision again: ansible-playbook site.yml",
        )
    return Way(current, to, cut is not None)


def nothing(store: Store) -> DnnreadyError:
    """What is wrong where `find` finds nothing."""
    stays = f"Current stays {store.linked('current') or 'none'}."
    return DnnreadyError(
        f"Stack {store.stack} has no previous release: nothing to go back to. {stays}",
        "A second release is there after the first update. Name one that is kept, if there is any.",
    )


def accepted(options: Mapping[str, Any]) -> tuple[str, ...]:
    """The verdicts with which a release may be current, by the options that it was provisioned with."""
    return ("accelerated", "fallback") if options.get("onednn_convolution") in ("auto", "off") else ("accelerated",)


def roll_back(store: Store, identifier: str, fact: Path, gate: Gate, prove: Prove = through.prove) -> RolledBack:
    """Make `previous`, or a named release, current again, proven again, with its own environment.

    All releases stay. A stored proof that no longer speaks of this machine is made anew first, whole. Raises
    DnnreadyError where there is no way back or the release is not what it was; `current` stays then.
    """
    with readable(), held(store.lock, f"rolling back to {identifier or 'previous'}"):
        way = find(store, identifier)
        if way is None:
            raise nothing(store)
        clean(store)
        accept = accepted(_options(store, way.to))
        if store.linked("current") != way.to:
            _prove_whole(store, way.to, accept, gate.proof_timeout)
        done = activate_held(store, way.to, accept, None, fact, gate=gate, prove=prove)
        proof = done.proof
        if proof is None:  # the way back was a cut switch, or none
            proof = prove(store, way.to, accept, gate.proof_timeout)
        return RolledBack(way, told(store, way, proof), proof)


def _options(store: Store, identifier: str) -> Mapping[str, Any]:
    spec = (store.manifest(identifier) or {}).get("spec")
    options = spec.get("options") if isinstance(spec, Mapping) else None
    return options if isinstance(options, Mapping) else {}


def _prove_whole(store: Store, identifier: str, accept: Sequence[str], timeout: float) -> None:
    if not fingerprint.holds(store.proof(identifier), identifier)[0]:
        path = str(store.release(identifier))
        stored.store(path, verify(stored.request_of(path, store.stack, {"timeout": timeout})))
    check(store, identifier, accept)


def told(store: Store, way: Way, proof: Optional[Mapping[str, Any]] = None) -> dict[str, Any]:
    """The row of the table: the release's own proof, and what it cost to prove it again."""
    own = store.proof(way.to)
    text = f"Rolled back to release {way.to}; {way.current or 'none'} was current." if way.back else ""
    if own is None:
        return without_proof(store.stack, way.to, "unproven", text, f"dnnready verify {store.stack} --store")
    seconds = proof["summary"]["cpu_seconds"] if proof else own["summary"]["cpu_seconds"]
    shown = row(own, way.back)
    return {**shown, "cpu_seconds": seconds, "cause": {"code": "", "text": text} if text else shown["cause"]}
