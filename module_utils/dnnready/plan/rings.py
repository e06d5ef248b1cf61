"""In which order a change reaches the hosts of a fleet: rings, the first one small."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Union

from ..errors import DnnreadyError

_NUMBER = re.compile(r"[1-9][0-9]*")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]+)?)%")
REST = "rest"


def rings(
    hosts: Sequence[str],
    wishes: Sequence[Union[int, str]],
    groups: Mapping[str, Collection[str]],
    classes: Mapping[str, str],
) -> list[dict[str, Any]]:
    """[{name, hosts}]: every host in one ring, in the order in which the rings come.

    A wish is a number of hosts, a percentage of all hosts that change ("10%", at least one), or the name of a group of
    the inventory (`groups`: names of hosts by group). The last number or percentage holds until no host is left; after
    a group comes a ring for the rest. Rings without hosts are left out. Within what a wish allows, a ring meets as
    many hardware classes (`classes`: id by host) as it can, so that a fault of one class is seen early.
    """
    checked = [_checked(wish, groups) for wish in wishes] or ["100%"]
    left = _spread(hosts, classes)
    total, made = len(left), []
    for name in checked:
        chosen = _chosen(name, left, total, groups)
        made.append({"name": name, "hosts": chosen})
        taken = set(chosen)
        left = [host for host in left if host not in taken]
    while left:
        again = checked[-1] if checked[-1] not in groups else "100%"
        chosen = _chosen(again, left, total, groups)
        made.append({"name": again if again == checked[-1] else REST, "hosts": chosen})
        left = left[len(chosen) :]
    return [ring for ring in made if ring["hosts"]]


def _checked(wish: Union[int, str], groups: Mapping[str, Collection[str]]) -> str:
    text = "" if isinstance(wish, bool) else str(wish).strip()
    if text in groups:
        return text
    percent = _PERCENT.fullmatch(text)
    if _NUMBER.fullmatch(text) or (percent and 0 < float(percent[1]) <= 100):  # noqa: PLR2004  of a hundred
        return text
    raise DnnreadyError(
        f"dnnready_rings has {wish!r}, which is no number of hosts, no percentage and no group of the inventory.",
        'Give for example [1, "10%", "100%"], or the names of groups.',
    )


def _chosen(wish: str, left: Sequence[str], total: int, groups: Mapping[str, Collection[str]]) -> list[str]:
    if wish in groups:
        members = set(groups[wish])
        return [host for host in left if host in members]
    percent = _PERCENT.fullmatch(wish)
    size = max(1, int(total * float(percent[1]) / 100)) if percent else int(wish)
    return list(left[:size])


def _spread(hosts: Sequence[str], classes: Mapping[str, str]) -> list[str]:
    """The hosts so that each class comes once before any comes twice, otherwise as they were."""
    seen: dict[str, int] = {}
    turns = []
    for number, host in enumerate(hosts):
        kind = classes.get(host, "")
        seen[kind] = seen.get(kind, 0) + 1
        turns.append((seen[kind], number, host))
    return [host for _, _, host in sorted(turns)]
