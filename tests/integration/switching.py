"""A switch in a process of its own, to be ended from outside, or by itself at a step: PREFIX STACK ID WORDS [STEP]."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from dnnready.errors import DnnreadyError
from dnnready.release import activate, facts, health, through
from dnnready.release.store import Store
from tests.unit.release import failing_files


def die(self: failing_files.Steps, needs_room: bool) -> None:
    """At the last step, as a power cut: nothing of this process goes on."""
    del needs_room
    self.left -= 1
    if self.left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)


def unproven(*_asked: Any) -> dict[str, Any]:
    """No proof: with steps it is about the files."""
    return {}


def main(prefix: str, stack: str, identifier: str, words: str, step: str = "") -> int:
    """Switch; 1 where it failed, with the message."""
    store = Store(Path(prefix), stack)
    fact, gate = facts.path_of(store.prefix, ""), health.Gate(health.words(words), timeout=20)
    try:
        if step:
            failing_files.Steps.step = die  # type: ignore[method-assign]  # it ends this very process
            with failing_files.failing(int(step)):
                activate.activate(store, identifier, ["accelerated"], 0, fact, gate=gate, prove=unproven)
        else:
            activate.activate(store, identifier, ["accelerated"], 0, fact, gate=gate, prove=through.prove)
    except DnnreadyError as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
