"""What a run that was cut leaves behind, and how the next one takes it away."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from pathlib import Path

from . import health, unfinished
from .store import ASIDE, TRASH, Store, move

#: What write_atomic calls the files of a release that are written under the lock, while it writes them.
_WRITTEN = (".manifest.json.", ".rejected.json.")


def clean(store: Store) -> None:
    """Bring a stack into order; whoever calls this holds its lock, so nothing here is anyone's work.

    A switch that was cut is taken back. Builds that were not finished go (what is current, and damaged, stays until it
    is built again), a release that was set aside for its rebuild comes back, removals end, `previous` names a finished
    release or nothing.
    """
    settle(store)
    current = store.linked("current")
    for identifier in store.identifiers():
        # What is current was finished once, so it is damaged, not begun: it runs perhaps, and nothing is there instead.
        damaged = identifier == current and not store.aside(identifier).exists()
        if not damaged and not store.finished(identifier):
            end_children(store.release(identifier))
            store.remove(store.release(identifier))
    with contextlib.suppress(FileNotFoundError):
        for entry in sorted(store.releases.iterdir()):
            if entry.name.startswith(ASIDE):
                release = store.release(entry.name[len(ASIDE) :])
                if release.exists():
                    store.remove(entry)
                else:
                    move(entry, release)
    previous = store.linked("previous")
    if previous and not store.finished(previous):
        store.unpoint("previous")
    for place in (store.releases, store.root):  # in the root: all releases, of a removal that was cut
        for trash in place.glob(f"{TRASH}*"):
            shutil.rmtree(trash, ignore_errors=True)
    store.progress.unlink(missing_ok=True)
    _sweep(store)


def settle(store: Store) -> None:
    """Take back a switch that was cut: `current` and `previous` as they were, units that may run in it again."""
    cut = unfinished.read(store)
    if cut is not None:
        unfinished.put_back(store, cut)
        if cut.current:
            health.restart_again(cut.restart_units, health.TIMEOUT, only_running=True)
    unfinished.end(store)


def _sweep(store: Store) -> None:
    """Temporary names of files and links: those that are written under the lock are nobody's now."""
    places = [(store.root, (".",)), *((store.release(one), _WRITTEN) for one in store.identifiers())]
    for place, beginnings in places:
        with contextlib.suppress(FileNotFoundError):
            for entry in place.iterdir():
                if entry.name.startswith(beginnings) and (entry.is_symlink() or entry.is_file()):
                    entry.unlink()


def end_children(release: Path) -> None:
    """End what still builds a release although its own parent is gone: it would go on writing into the new build.

    Children run in process groups of their own (so that a timeout ends a whole group), hence nothing else ends them.
    """
    venv = str(release / "venv")
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError, IndexError):
            argv = entry.read_bytes().decode("utf-8", "replace").split("\0")
            runs_pip = argv[0].startswith(f"{venv}/bin/") and "pip" in (os.path.basename(argv[1]), argv[2])
            runs_uv = argv[1:3] == ["pip", "install"] and f"{venv}/bin/python" in argv
            makes_venv = argv[1:3] == ["-m", "venv"] and venv in argv
            if runs_pip or runs_uv or makes_venv:
                os.killpg(int(entry.parent.name), signal.SIGKILL)
