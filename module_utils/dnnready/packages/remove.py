"""Takes away packages that dnnready installed, and none that anything else needs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import DnnreadyError
from ..process import Completed, run
from . import dpkg, trouble
from .apt import Apt, opened, would_touch
from .repair import settle

#: Seconds to wait for another package manager.
_LOCK_TIMEOUT = 300


@dataclass(frozen=True)
class Removal:
    """What goes, and what stays for which reason."""

    remove: tuple[str, ...]  #: installed
    purge: tuple[str, ...]  #: of those and of what was removed already: configuration files go too
    kept: Mapping[str, str]  #: why, by name

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.remove or self.purge)


def decide(noted: Iterable[Mapping[str, Any]]) -> Removal:
    """What of the footprint's packages would go; looks only."""
    packages = {str(package["name"]): package for package in noted}
    if not packages or not shutil.which("dpkg-query"):
        return Removal((), (), {})
    known = dpkg.status()
    ours = [name for name in sorted(packages) if name in known and known[name].state != "config-files"]
    adopted = _manual() if ours else set()
    kept = {
        name: "it was marked as manually installed since"
        for name in ours
        if name in adopted and not packages[name]["manual"]
    }
    with opened() as apt:
        remove = _free(apt, [name for name in ours if name not in kept], kept)
    left = [name for name in packages if name in known and name not in ours]
    purge = [name for name in (*remove, *left) if packages[name].get("purge", True)]
    return Removal(tuple(remove), tuple(sorted(purge)), kept)


def _free(apt: Apt, candidates: list[str], kept: dict[str, str]) -> list[str]:
    """The candidates that go without anything else: all at once, or else the most that can, one after the other."""
    if not candidates or not _others(apt, candidates, candidates):
        return candidates
    chosen: list[str] = []
    for name in candidates:
        if name in chosen:
            continue
        others = _others(apt, [*chosen, name], candidates)
        if others:
            kept[name] = f"other packages need it: {', '.join(sorted(others)[:5])}"
        else:
            chosen.append(name)
    return chosen


def _others(apt: Apt, names: Sequence[str], ours: Sequence[str]) -> set[str]:
    """What is not ours and would be removed with `names`; essential packages count as that too."""
    rehearsal = apt.remove(names, rehearse=True)
    if not rehearsal.ok:
        return {"this system (essential)"} if "essential" in rehearsal.stdout + rehearsal.stderr else _failed(rehearsal)
    return would_touch(rehearsal.stdout) - set(ours)


def _failed(rehearsal: Completed) -> set[str]:
    raise trouble.explain(rehearsal, "apt cannot say what a removal would take")


def _manual() -> set[str]:
    done = run(["apt-mark", "showmanual"], env=dpkg.environment(), timeout=60)
    return set(done.stdout.split())


def remove(removal: Removal, timeout: float = 1800) -> None:
    """Do it. A run that is cut is ended by the next one: what is removed and not purged yet is in its decision."""
    if not removal.changed:
        return
    if os.geteuid() != 0:
        raise DnnreadyError(
            f"Only root may remove packages: {trouble.shown(removal.remove or removal.purge)}.",
            "Become root, or keep them with dnnready_remove_packages=false.",
        )
    settle("Cannot remove packages", _LOCK_TIMEOUT, timeout)
    if removal.remove:
        with opened(timeout=timeout) as apt:
            done = apt.remove(removal.remove)
        if not done.ok:
            raise trouble.explain(done, f"Cannot remove {trouble.shown(removal.remove)}")
    if removal.purge:
        done = run(["dpkg", "--purge", *removal.purge], env=dpkg.environment(), timeout=timeout)
        if not done.ok:
            raise trouble.explain(done, f"Cannot purge {trouble.shown(removal.purge)}")
