"""Make a release current, keep what may be needed again, take the rest away."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DnnreadyError
from ..files import readable
from ..lockfile import held
from . import facts
from .leftovers import clean
from .store import Store


@dataclass(frozen=True)
class Activation:
    """What making a release current would change."""

    identifier: str
    current: str  #: the release that is current now; empty for none
    superfluous: tuple[str, ...]  #: releases that retention takes away
    facts_changed: bool

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return self.current != self.identifier or bool(self.superfluous) or self.facts_changed


def decide(store: Store, identifier: str, keep: int, fact: Path) -> Activation:
    """What would change; looks only."""
    current = store.linked("current")
    previous = store.linked("previous") if current == identifier else current
    others = [one for one in store.identifiers() if one not in (identifier, previous) and store.finished(one)]
    expected = facts.render(store.prefix, {store.stack: identifier} if current != identifier else None)
    return Activation(identifier, current, tuple(others[keep:]), facts.read(fact) != expected)


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


def activate(store: Store, identifier: str, accept: Sequence[str], keep: int, fact: Path) -> Activation:
    """Switch `current` to a proven release, write the fact file, take away what retention does not keep.

    `previous` keeps the release that was current. On any failure before the switch `current` is as it was.
    """
    check(store, identifier, accept)
    with readable(), held(store.lock, f"making {identifier} current"):
        clean(store)
        decision = decide(store, identifier, keep, fact)
        if decision.current != identifier:
            if decision.current:
                store.point("previous", decision.current)
            store.point("current", identifier)
        for superfluous in decision.superfluous:
            store.remove(store.release(superfluous))
        if facts.read(fact) != (text := facts.render(store.prefix)):
            facts.write(fact, text)
    return decision


def exists(store: Store, fact: Path) -> bool:
    """Whether there is anything of a stack, on disk or in the fact file."""
    return store.root.exists() or facts.read(fact) != facts.render(store.prefix, {store.stack: ""})


def remove(store: Store, fact: Path) -> None:
    """Take a stack away: its name first, then its releases, its fact, its lock."""
    with readable(), held(store.lock, "removing the stack"):
        for link in ("current", "previous"):
            with contextlib.suppress(FileNotFoundError):
                (store.root / link).unlink()
        store.remove(store.releases)
        shutil.rmtree(store.root, ignore_errors=True)
        facts.write(fact, facts.render(store.prefix))
        with contextlib.suppress(OSError):
            store.lock.unlink()
