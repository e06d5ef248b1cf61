"""Any sequence of acts on a store, each cut or short of room at any step, keeps what a device relies on."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any, Callable, Optional
from unittest.mock import patch

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dnnready.errors import DnnreadyError
from dnnready.lockfile import held
from dnnready.release import activate, facts, health, install, rollback, switch, unfinished
from dnnready.release.leftovers import clean
from dnnready.release.look import look
from dnnready.release.rejection import RejectedError
from dnnready.release.store import Store
from tests.unit.release.failing_files import Killed, failing
from tests.unit.release.specs import finish, prove, set_environment, spec, through_current

ACCEPT = ["accelerated"]
SPECS = [spec(source="distribution", options={"number": number}) for number in range(4)]
IDS = [one["id"] for one in SPECS]
IN_ROOT = {"current", "previous", "releases", "failed", "gate.json", "switch.json", "progress.json"}

numbers = st.integers(0, len(SPECS) - 1)
#: Where an act is cut, and how; None: not at all. Most acts have fewer steps than the largest number.
cuts = st.one_of(st.none(), st.tuples(st.integers(1, 60), st.booleans()))


def refuse(*_asked: Any) -> dict[str, Any]:
    """A proof through `current` that fails."""
    raise RejectedError("refused", log="the last line")


def fake_installer(build: Any) -> dict[str, Any]:
    """What an installer leaves, in three files."""
    programs = build.venv / "bin"
    programs.mkdir(parents=True)
    for name in ("python", "pip", "app"):
        (programs / name).write_text(name)
    return {}


class StoreMachine(RuleBasedStateMachine):
    """The store of one stack, and what must be true of it."""

    @initialize()
    def begin(self) -> None:
        """An empty prefix. The installer is not what is tested; the disk need not be told to write (syncfs)."""
        self.directory = Path(tempfile.mkdtemp())
        self.store = Store(self.directory, "app")
        self.fact = facts.path_of(self.directory, "")
        self.current = ""  # as the last act left it
        self.in_order = True  # no act was cut since the store was cleaned
        self.patches: list[Any] = [
            patch.object(install.debian, "install", fake_installer),
            patch.object(install, "flush", lambda _path: None),
            patch.object(switch, "flush", lambda _path: None),
        ]
        for one in self.patches:
            one.start()
        for one in SPECS[:3]:
            finish(self.store, one)

    def teardown(self) -> None:
        """Leave nothing."""
        for one in getattr(self, "patches", []):
            one.stop()
        if hasattr(self, "directory"):
            shutil.rmtree(self.directory)

    def act(self, work: Callable[[], Any], cut: Optional[tuple[int, bool]], *, to: Optional[str] = None) -> None:
        """Do something that may make `to` current, and be cut; what is current then is what it was, or `to`."""
        accepted = {one for one in IDS if (self.store.proof(one) or {}).get("verdict") == "accelerated"}
        try:
            if cut is None:
                work()
            else:
                with failing(cut[0], full=cut[1]):
                    work()
        except Killed:
            self.in_order = False
        except DnnreadyError:  # before it put anything in order, perhaps
            self.in_order = self.in_order and cut is None
        except OSError:
            assert cut is not None
            self.in_order = False
        now = unfinished.settled(self.store)
        assert now == self.current or (now == to and (now == "" or now in accepted))
        self.current = now

    @rule(number=numbers)
    def provide(self, number: int) -> None:
        """Build and prove a release that is not there, undisturbed."""
        self.build(number, force=False, cut=None)
        self.verify(number, "accelerated", cut=None)

    @rule(number=numbers, force=st.booleans(), cut=cuts)
    def build(self, number: int, force: bool, cut: Optional[tuple[int, bool]]) -> None:
        """Build a release, also one that is there."""
        self.act(lambda: install.install(self.store, SPECS[number], "", "", force=force), cut)

    @rule(number=numbers, verdict=st.sampled_from(["accelerated", "accelerated", "fallback"]), cut=cuts)
    def verify(self, number: int, verdict: str, cut: Optional[tuple[int, bool]]) -> None:
        """Write its environment and its proof."""

        def work() -> None:
            set_environment(self.store, SPECS[number])
            prove(self.store, SPECS[number], verdict)

        if self.store.finished(IDS[number]):
            self.act(work, cut)

    @rule(number=numbers, keep=st.integers(0, 2), well=st.sampled_from([True, True, False]), cut=cuts)
    def activate(self, number: int, keep: int, well: bool, cut: Optional[tuple[int, bool]]) -> None:
        """Switch to it, and let retention take what it may; or it is not well."""
        check = through_current if well else refuse

        def work() -> None:
            activate.activate(self.store, IDS[number], ACCEPT, keep, self.fact, prove=check)

        self.act(work, cut, to=IDS[number] if well else None)

    @rule(well=st.booleans(), cut=cuts)
    def roll_back(self, well: bool, cut: Optional[tuple[int, bool]]) -> None:
        """Go back to the previous one."""
        check = through_current if well else refuse
        try:
            way = rollback.find(self.store)
        except DnnreadyError:
            way = None
        to = way.to if way and well else None
        self.act(lambda: rollback.roll_back(self.store, "", self.fact, health.NOTHING, prove=check), cut, to=to)

    @rule(cut=cuts, really=st.integers(0, 3))
    def remove(self, cut: Optional[tuple[int, bool]], really: int) -> None:
        """Take the stack away; not too often, or nothing else is ever seen."""
        if not really:
            self.act(lambda: activate.remove(self.store, self.fact), cut, to="")

    @rule()
    def clean(self) -> None:
        """What each run does first: nothing unfinished remains."""
        with held(self.store.lock, "test"):
            clean(self.store)
        self.in_order = True
        assert self.store.linked("current") == self.current
        assert not self.store.switch.exists()
        if self.store.releases.exists():
            names = sorted(entry.name for entry in self.store.releases.iterdir())
            assert names == sorted(one for one in IDS if self.store.finished(one))
            left = [entry.name for one in names for entry in self.store.release(one).iterdir()]
            assert not [name for name in left if name.startswith((".manifest", ".rejected"))]
        if self.store.root.exists():
            assert not [entry.name for entry in self.store.root.iterdir() if entry.name.startswith(".")]

    @invariant()
    def holds(self) -> None:
        """What is true whatever happened."""
        if not hasattr(self, "directory"):
            return
        there = {entry.name for entry in self.directory.iterdir()}
        # A writer that was killed leaves its temporary file to the next one.
        there = {name for name in there if not name.startswith(".footprint.json.")}
        assert there <= {"stacks", "facts.d", "footprint.json", ".footprint.lock"}
        if self.store.root.exists():
            assert {e.name for e in self.store.root.iterdir() if not e.name.startswith(".")} <= IN_ROOT
        whole = [one for one in IDS if self.store.finished(one)]
        aside = [one for one in IDS if (self.store.aside(one) / "manifest.json").exists()]
        assert not self.current or self.current in (*whole, *aside)
        if self.in_order:
            previous = self.store.linked("previous")
            assert not previous or previous in whole
            assert previous != self.current or not previous
        self.look_agrees()

    def look_agrees(self) -> None:
        """What is said to need nothing is current, finished and proven."""
        for one in SPECS:
            entry = look(self.directory, [one], {}, self.fact)["app"]
            if not entry["needs"]:
                assert self.store.linked("current") == one["id"]
                assert self.store.finished(one["id"])
                assert not self.store.switch.exists()
                assert entry["row"]["verdict"] == "accelerated"
            assert (entry["state"] == "active") <= (self.current == one["id"])
            assert (entry["state"] == "absent") == (not self.store.release(one["id"]).exists())


StoreMachine.TestCase.settings = settings(
    max_examples=30,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestStoreMachine = StoreMachine.TestCase
