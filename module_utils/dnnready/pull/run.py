"""One pull: ask the source, verify, try the new tree beside the old one, and say what came of it.

Everything that is needed is imported at the start: the run may replace the program that this one is of.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Optional, Union

from ..errors import DnnreadyError
from ..files import canonical_json, read_json, readable, sha256_text
from ..lockfile import AT_WORK, held
from ..process import run as run_child
from . import decide, host, settings, trees
from . import state as states
from .decide import RUN, WAIT
from .git import Repository
from .log import Log
from .playbook import INVENTORY, VARIABLES, Playbook
from .project import Project
from .settings import DEPOT, Settings, document
from .state import Applied
from .trouble import BusyError, FailedError, RefusedError, UnreachableError

APPLIED, UNCHANGED, WAITING, BUSY, RUNNING = "applied", "unchanged", "waiting", "busy", "running"
REFUSED, UNREACHABLE, FAILED, CHECKED = "refused", "unreachable", "failed", "checked"
#: What a service that fails shall be looked at for.
BAD = (REFUSED, UNREACHABLE, FAILED)
_PROGRAM_TIMEOUT = 60.0


@dataclass(frozen=True)
class Asked:
    """What a pull is asked to do."""

    prefix: Path
    check: bool = False  #: change nothing: say what would be done
    hurry: bool = False  #: whatever failed before, and although nothing is new

    @property
    def root(self) -> Path:
        """Where everything of pulling is."""
        return self.prefix / "pull"


@dataclass
class _Told:
    outcome: str = ""
    why: str = ""
    revision: str = ""
    signer: str = ""


def pull(asked: Asked, now: Optional[float] = None) -> dict[str, Any]:
    """Pull once; the document of docs/schema/pull-1.json, which is also in `state.json` (but for a check).

    Raises DnnreadyError where this host does not pull, or nothing can be written.
    """
    moment = time.time() if now is None else now
    given = settings.read(asked.root)
    log = Log(asked.root)
    try:
        with readable(), held(asked.root / ".lock", "pulling", "dnnready pull") as lock:
            trees.sweep(asked.root)
            return _Pull(asked, given, log, lock, moment).run()
    except DnnreadyError as error:
        if AT_WORK not in error.message:
            log.line(f"error: {error}")
            raise
        return {**told_of(asked, given, moment, _Told(BUSY, error.message)), "schema": states.SCHEMA}


def told_of(asked: Asked, given: Settings, moment: float, told: _Told) -> dict[str, Any]:
    """The part of the document that says what one pull did."""
    return {
        "prefix": str(asked.prefix),
        "source": given.shown,
        "checked": moment,
        "outcome": told.outcome,
        "why": told.why,
        "revision": told.revision,
        "signer": told.signer,
    }


class _Pull:
    """A pull that has the lock."""

    def __init__(self, asked: Asked, given: Settings, log: Log, lock: int, moment: float) -> None:
        self._asked, self._given, self._log, self._lock, self._moment = asked, given, log, lock, moment
        self._root = asked.root
        self._limits = (float(given.backoff_first), float(given.backoff_most))
        self._told = _Told()
        self._state = states.read(self._root)
        origin = sha256_text(canonical_json([given.shown]))
        if self._state.origin != origin:
            self._state = replace(self._state, origin=origin, accepted="", failed=None, unreachable=None)
        files = [read_json(self._root / name) for name in (VARIABLES, INVENTORY)]
        self._digest = sha256_text(canonical_json([document(given), *files]))

    def run(self) -> dict[str, Any]:
        """Everything; the document."""
        with self._concluding():
            decision = decide.look(self._state, self._moment, self._given.backoff_most, hurry=self._asked.hurry)
            if decision.what == WAIT:
                self._say(WAITING, decision.why)
            else:
                self._look()
        return self._conclude()

    def _look(self) -> None:
        source: Union[Repository, Project] = (
            Project(self._asked.prefix, self._given)
            if self._given.source == DEPOT
            else Repository(self._root, self._given)
        )
        try:
            revision = source.look()
        except (UnreachableError, RefusedError) as error:
            failures = decide.failed(self._state.unreachable, self._moment, str(error), self._limits)
            self._state = replace(self._state, unreachable=failures)
            raise
        self._told.revision = revision
        self._state = replace(self._state, unreachable=None)
        applied = self._state.applied
        left = applied.stacks if applied is not None and applied.revision == revision else {}
        decision = decide.attempt(
            self._state,
            revision,
            self._digest,
            self._moment,
            most=self._given.backoff_most,
            repeat=self._given.repeat,
            differs=host.differs(self._asked.prefix, left),
            hurry=self._asked.hurry,
        )
        if decision.what != RUN:
            self._say(WAITING if decision.what == WAIT else UNCHANGED, decision.why)
            return
        self._log.line(f"{revision[:12]}: {decision.why}")
        try:
            self._told.signer = source.accept(revision, self._state.accepted)
            self._try(revision, source.write(revision), decision.why)
        except (RefusedError, FailedError) as error:
            self._failed(revision, str(error))
            raise

    def _try(self, revision: str, archive: Path, why: str) -> None:
        """Run a revision that was accepted, beside the one that is current."""
        self._state = replace(self._state, accepted=revision)
        tree = trees.prepare(self._root, revision, archive)
        playbook = Playbook(self._root, self._given, tree, self._log, self._lock)
        if revision != trees.current(self._root):
            playbook.check_syntax()
        host.alone(self._asked.prefix)
        if self._asked.check:
            playbook.run(check=True)
            self._say(CHECKED, f"it would run, because {why}; what it would do is in {self._log.path}")
            return
        before, tried = host.Before.of(self._asked.prefix), self._state.failed
        # A run that ends with the device counts as one that failed, so that it is not begun again at each start.
        self._failed(revision, "the run was cut")
        self._say(RUNNING, why)
        self._write()
        try:
            playbook.run()
        except BusyError:
            self._state = replace(self._state, failed=tried)
            raise
        except DnnreadyError as error:
            self._state = replace(self._state, failed=tried)  # counted by who catches it
            raise FailedError(error.message, f"{before.restore()} {error.hint}".strip()) from error
        trees.switch(self._root, revision)
        left = host.stacks(self._asked.prefix)
        self._state = replace(self._state, applied=Applied(revision, self._digest, self._moment, left), failed=None)
        self._say(APPLIED, why)

    def _failed(self, revision: str, why: str) -> None:
        failures = decide.failed(
            self._state.failed, self._moment, why, self._limits, revision=revision, digest=self._digest
        )
        self._state = replace(self._state, failed=failures)

    @contextlib.contextmanager
    def _concluding(self) -> Iterator[None]:
        """Every expected end of a pull is an outcome."""
        try:
            yield
        except BusyError as error:
            self._say(BUSY, str(error))
        except UnreachableError as error:
            self._say(UNREACHABLE, str(error))
        except RefusedError as error:
            self._say(REFUSED, str(error))
        except FailedError as error:
            self._say(FAILED, str(error))

    def _say(self, outcome: str, why: str) -> None:
        self._told.outcome, self._told.why = outcome, why

    def _conclude(self) -> dict[str, Any]:
        trees.sweep(self._root)
        if self._told.outcome == APPLIED and host.newer_program(self._asked.prefix):
            self._adopt()
        self._log.line(f"{self._told.outcome}: {self._told.why}")
        told = told_of(self._asked, self._given, self._moment, self._told)
        return {"schema": states.SCHEMA, **told} if self._asked.check else self._write()

    def _write(self) -> dict[str, Any]:
        told = told_of(self._asked, self._given, self._moment, self._told)
        return states.write(self._root, self._state, told)

    def _adopt(self) -> None:
        """The program of the run shall pull from now on; but one that cannot would never be replaced again."""
        program = str(self._asked.prefix / "bin" / "dnnready")
        command = [program, "--prefix", str(self._asked.prefix), "pull", "--status", "--json"]
        with contextlib.suppress(DnnreadyError):
            if run_child(command, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, timeout=_PROGRAM_TIMEOUT).ok:
                host.adopt_program(self._asked.prefix)
                return
        self._log.line("The new program cannot pull: the old one stays for that.")
