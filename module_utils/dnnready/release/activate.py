"""Make a release current, keep what may be needed again, take the rest away."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Optional

from ..errors import DnnreadyError
from ..files import readable
from ..lockfile import held
from . import facts, health, retention, through, unfinished
from .health import Gate
from .leftovers import clean
from .store import Store
from .switch import Prove, switch


@dataclass(frozen=True)
class Activation:
    """What making a release current would change, or changed."""

    identifier: str
    current: str  #: the release that is current now; empty for none
    superfluous: tuple[str, ...]  #: releases that retention takes away
    in_use: Mapping[str, Sequence[int]]  #: releases that would go, but for these processes
    facts_changed: bool
    open_switch: bool = False  #: a switch that was cut is to be taken back
    proof: Optional[Mapping[str, Any]] = field(default=None, compare=False)  #: the one through `current`

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        moves = self.current != self.identifier or self.open_switch
        return moves or bool(self.superfluous) or self.facts_changed


def decide(store: Store, identifier: str, keep: Optional[int], fact: Path) -> Activation:
    """What would change; looks only. `keep` None keeps all releases."""
    cut = unfinished.read(store)
    current = unfinished.settled(store)
    was_previous = cut.previous if cut else store.linked("previous")
    previous = was_previous if current == identifier else current
    going = [] if keep is None else retention.superfluous(store, (identifier, previous), keep)
    used = retention.in_use(store, going)
    expected = facts.render(store.prefix, {store.stack: identifier} if current != identifier else None)
    superfluous = tuple(one for one in going if one not in used)
    return Activation(identifier, current, superfluous, used, facts.read(fact) != expected, cut is not None)


def check(store: Store, identifier: str, accept: Sequence[str]) -> None:
    """Let a release become current only with an accepted proof; else DnnreadyError says why it may not."""
    where = f"Release {identifier} of {store.stack}"
    stays = f"Current stays {store.linked('current') or 'none'}."
    if not store.finished(identifier):
        raise DnnreadyError(f"{where} is not built: it cannot become current. {stays}", "state=installed builds it.")
    proof = store.proof(identifier)
    if proof is None or proof.get("release") != identifier:
        raise DnnreadyError(f"{where} has no proof: it cannot become current. {stays}", "conv2d_verify makes it.")
    if proof["verdict"] not in accept:
        wanted = " or ".join(accept)
        raise DnnreadyError(
            f"{where} is '{proof['verdict']}', not {wanted}: it cannot become current. {stays}",
            str((proof.get("cause") or {}).get("text", "")),
        )


def activate(
    store: Store,
    identifier: str,
    accept: Sequence[str],
    keep: Optional[int],
    fact: Path,
    *,
    gate: Gate = health.NOTHING,
    prove: Prove = through.prove_new,
) -> Activation:
    """Switch `current` to a proven release, write the fact file, take away what retention does not keep.

    `previous` keeps the release that was current. The switch is final only when the release is proven through `current`
    and passes the gate (switch.py); DnnreadyError says why it did not, and `current` is as it was.
    """
    check(store, identifier, accept)
    with readable(), held(store.lock, f"making {identifier} current"):
        return activate_held(store, identifier, accept, keep, fact, gate=gate, prove=prove)


def activate_held(
    store: Store,
    identifier: str,
    accept: Sequence[str],
    keep: Optional[int],
    fact: Path,
    *,
    gate: Gate,
    prove: Prove,
) -> Activation:
    """The same for who holds the lock, and has checked."""
    cut = unfinished.read(store) is not None
    clean(store)
    decision = decide(store, identifier, keep, fact)
    proof = None
    if decision.current != identifier:
        proof = switch(store, identifier, accept, gate, prove)
    health.keep(store, gate)
    for one in decision.superfluous:
        store.remove(store.release(one))
    if facts.read(fact) != (text := facts.render(store.prefix)):
        facts.write(fact, text)
    return replace(decision, open_switch=cut, proof=proof)


def exists(store: Store, fact: Path) -> bool:
    """Whether there is anything of a stack, on disk or in the fact file."""
    return store.root.exists() or facts.read(fact) != facts.render(store.prefix, {store.stack: ""})


def remove(store: Store, fact: Path) -> None:
    """Take a stack away: its name first, then its releases, its fact, its lock."""
    with readable(), held(store.lock, "removing the stack"):
        unfinished.end(store)  # else a cut in the middle would bring back what goes
        for link in ("current", "previous"):
            store.unpoint(link)
        store.remove(store.releases)
        shutil.rmtree(store.root, ignore_errors=True)
        facts.write(fact, facts.render(store.prefix))
        with contextlib.suppress(OSError):
            store.lock.unlink()
