"""Does a removal. Cut anywhere, the next one sees what is left and ends it: the footprint goes last."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from .. import footprint
from ..environment import places
from ..errors import DnnreadyError
from ..files import fsync_directory
from ..lockfile import held
from ..packages import remove as packages
from ..release import facts, unfinished
from ..release.store import Store, renamed
from . import contents
from .decide import Decision, Request, aside, speaks_of


def check(decision: Decision, request: Request) -> None:
    """Refuse while processes run from what would go, unless that is wanted."""
    if decision.running and not request.running:
        raise DnnreadyError(
            f"Programs run from what would be removed: {'; '.join(decision.running[:10])}.",
            "End them, or remove all the same with dnnready_remove_running=true; they may fail then.",
        )


def act(decision: Decision, request: Request) -> None:
    """Take away what was decided: first what leads to the stacks, last what says what there was."""
    prefix = Path(request.prefix)
    fact = facts.path_of(prefix, request.facts_directory)
    places.apply(decision.environment)
    if any(change.path.endswith(".conf") for change in decision.environment):
        places.reload_systemd()
    for stack in decision.stacks:
        _remove_stack(Store(prefix, stack), fact)
    packages.remove(decision.packages, request.packages_timeout)
    for path in decision.own:
        _remove(Path(path))
    last = {path for path in decision.directories if Path(path) == prefix or Path(path) in prefix.parents}
    _remove_empty([path for path in decision.directories if path not in last])
    if decision.whole:
        _remove_prefix(prefix, ours=str(prefix) in last)
        if not os.path.lexists(aside(prefix)):
            _remove_empty([path for path in decision.directories if path in last])


def _remove_stack(store: Store, fact: Path) -> None:
    """Its names first, then its releases, its fact, its lock. What somebody else put there stays."""
    with held(store.lock, "removing the stack"):
        unfinished.end(store)  # else a cut in the middle would bring back what goes
        for link in ("current", "previous"):
            store.unpoint(link)
        for release in contents.in_releases(store.releases):
            store.remove(release)
        for path in contents.in_stack(store.root):
            _remove(path)
        _remove_empty([str(store.releases), str(store.root)])
        if speaks_of(fact, store.prefix) and facts.read(fact) != (text := facts.render(store.prefix)):
            facts.write(fact, text)
        with contextlib.suppress(OSError):
            store.lock.unlink()


def _remove_prefix(prefix: Path, *, ours: bool) -> None:
    """The footprint and, where it is ours, the prefix at once: under another name, then for good."""
    if ours and not renamed(prefix, aside(prefix)):
        _remove(prefix)  # in a lower layer of overlayfs, which renames no directory
    elif not ours and prefix.is_dir() and {entry.name for entry in prefix.iterdir()} <= set(contents.LAST):
        for name in contents.LAST:
            _remove(prefix / name)
    if aside(prefix).is_dir():
        above = [path for path in footprint.read(aside(prefix))["directories"] if Path(path) in prefix.parents]
        _remove(aside(prefix))
        _remove_empty(sorted(above, key=len, reverse=True))


def _remove(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise DnnreadyError(
            f"Cannot remove {path}: {error.strerror} ({error.filename}).", "Then run again: what is gone stays gone."
        ) from error


def _remove_empty(directories: Sequence[str]) -> None:
    for path in directories:
        with contextlib.suppress(OSError):  # not empty: somebody was faster
            os.rmdir(path)
            fsync_directory(os.path.dirname(path))
