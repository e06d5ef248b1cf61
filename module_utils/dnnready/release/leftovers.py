"""What a run that was cut leaves behind, and how the next one takes it away."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from pathlib import Path

from .store import ASIDE, TRASH, Store, move


def clean(store: Store) -> None:
    """Bring a stack into order; whoever calls this holds its lock, so nothing here is anyone's work.

    Builds that were not finished go, a release that was set aside for its rebuild comes back, removals end.
    """
    for identifier in store.identifiers():
        if not store.finished(identifier):
            end_children(store.release(identifier))
            store.remove(store.release(identifier))
    with contextlib.suppress(FileNotFoundError):
        for entry in sorted(store.releases.iterdir()):
            if entry.name.startswith(TRASH):
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.name.startswith(ASIDE):
                release = store.release(entry.name[len(ASIDE) :])
                if release.exists():
                    store.remove(entry)
                else:
                    move(entry, release)


def end_children(release: Path) -> None:
    """End what still builds a release although its own parent is gone: it would go on writing into the new build.

    Children run in process groups of their own (so that a timeout ends a whole group), hence nothing else ends them.
    """
    venv = str(release / "venv")
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError, IndexError):
            argv = entry.read_bytes().decode("utf-8", "replace").split("\0")
            runs_pip = argv[0].startswith(f"{venv}/bin/") and "pip" in (os.path.basename(argv[1]), argv[2])
            makes_venv = argv[1:3] == ["-m", "venv"] and venv in argv
            if runs_pip or makes_venv:
                os.killpg(int(entry.parent.name), signal.SIGKILL)
