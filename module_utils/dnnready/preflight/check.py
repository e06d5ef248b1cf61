"""All blockers of all stacks at once, before anything is downloaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional, cast

from . import interpreter, libraries, processor, resources, storage
from .case import Blocker, Case, Check, Settings
from .notes import notes

#: In the order of what a user has to settle first. A check of a later group is spared where an earlier one found
#: something: no lock can cover an architecture that the stack is not made for.
GROUPS: tuple[tuple[Check, ...], ...] = (
    (processor.architecture, libraries.musl),
    (processor.word_size, processor.flags, libraries.distribution, interpreter.present),
    (interpreter.locked,),
)
#: Nothing that a user does on this host will make such a stack run there.
HOPELESS = frozenset({"wrong_architecture", "musl_libc", "cpu_lacks_instructions"})
ALWAYS: tuple[Check, ...] = (
    interpreter.venv,
    libraries.glibc,
    libraries.libstdcxx,
    libraries.packages,
    storage.mount_options,
    resources.memory,
    resources.address_space,
    resources.threads,
    resources.executable_memory,
    resources.kernel_files,
)


def blockers(
    host: Mapping[str, Any],
    definition: Mapping[str, Any],
    lock: Optional[Mapping[str, Any]],
    python: Optional[Mapping[str, Any]],
    settings: Mapping[str, Any],
    *,
    locks: Sequence[Mapping[str, Any]] = (),
) -> list[Blocker]:
    """What keeps one stack from this host; room on the disk is a matter of all stacks, see `preflight`.

    `lock` is the chosen lock {tag, architecture, glibc, …} or None, `python` the chosen interpreter of the host
    document or None, `settings` as in case.Settings, `locks` every lock of the stack, for the message.
    """
    return _of(Case(host, definition, lock, python, cast("Settings", settings), locks))


def _of(case: Case) -> list[Blocker]:
    found: list[Blocker] = []
    for group in GROUPS:
        found = [blocker for check in group for blocker in check(case)]
        if found:
            break
    if any(blocker["code"] in ("wrong_architecture", "musl_libc") for blocker in found):
        return found  # the rest would speak of a host that cannot carry the stack anyway
    return [*found, *(blocker for check in ALWAYS for blocker in check(case))]


def preflight(
    host: Mapping[str, Any],
    definitions: Mapping[str, Mapping[str, Any]],
    choices: Mapping[str, Mapping[str, Any]],
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """{blockers: of all stacks, notes: about the host}.

    `choices` has per stack {python, lock, locks} as `blockers` takes them. Room is given to the stacks in the order
    of `definitions`, first to those that nothing else blocks.
    """
    found: list[Blocker] = []
    free: list[Case] = []
    curable: list[Case] = []
    wishes = cast("Settings", settings)
    for name, definition in definitions.items():
        choice = choices.get(name, {})
        locks = tuple(choice.get("locks") or ())
        case = Case(host, definition, choice.get("lock"), choice.get("python"), wishes, locks)
        own = _of(case)
        found += own
        if not own:
            free.append(case)
        elif not any(blocker["code"] in HOPELESS for blocker in own):
            curable.append(case)
    found += storage.room([*free, *curable])
    return {"blockers": found, "notes": notes(host, list(definitions.values()))}
