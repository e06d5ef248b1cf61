"""What is killed: the operations, what they start from and what they lead to."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import depot, order
from .payload import Payloads
from .points import CALLS, Traced, read
from .world import Storage, World, copy

ROOT = Path(__file__).resolve().parents[3]
#: What a run of the playbooks reads of the checkout. It is copied first: somebody may work there meanwhile.
PROJECT = (
    *("action_plugins", "callback_plugins", "filter_plugins", "lookup_plugins", "library", "module_utils"),
    *("locks", "playbooks", "roles", "ansible.cfg", "site.yml"),
)
STACK = "onednn"
#: Of a run's points, so many go to each operation.
SHARES = {"build": 60, "switch": 40, "rollback": 30, "prune": 20, "sync": 30, "playbook": 14, "rollback-playbook": 6}
LAYOUTS = ("plain", "overlay")
#: What makes another release of the same wheels.
OTHER = {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "512"}


class PreparationError(Exception):
    """What must work undisturbed does not, with what it said."""


@dataclass(frozen=True)
class Operation:
    """One thing that a run does: its steps, one process tree each, in their order."""

    name: str
    kit: str
    steps: tuple[Sequence[str], ...]
    current: tuple[str, ...]  #: the releases that may be current after a cut
    goal: str  #: the release that is current in the end
    then: tuple[Sequence[str], ...] = ()  #: what a rerun does after the steps, to reach the goal
    layouts: tuple[str, ...] = LAYOUTS
    traced: bool = True  #: whether system calls are counted; else it is killed after times


@dataclass
class Prepared:
    """Everything that trials need: operations, and what the prefix held before and holds in the end."""

    operations: list[Operation] = field(default_factory=list)
    before: dict[str, dict[str, Any]] = field(default_factory=dict)  #: what was seen in each kit
    after: dict[str, dict[str, Any]] = field(default_factory=dict)  #: what was seen after each operation
    traces: dict[str, list[tuple[int, str, Traced]]] = field(default_factory=dict)
    unsafe: list[str] = field(default_factory=list)  #: what a power cut could lose, by the order of system calls


def look(world: World, storage: Storage) -> dict[str, Any]:
    """What is below the prefix, and what its current release says when it convolves."""
    script = str(Path(__file__).resolve().with_name("look.py"))
    done = world.run(storage, [sys.executable, "-I", script, str(world.prefix), STACK])
    if done.returncode:
        raise PreparationError(f"look.py exited with {done.returncode}: {done.stderr[-2000:]}")
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def steps_run(world: World, storage: Storage, steps: Sequence[Sequence[str]]) -> str:
    """Run steps in their order, undisturbed; empty, or what the one said that failed."""
    for step in steps:
        done = world.run(storage, step)
        if done.returncode:
            return f"{' '.join(step)} exited with {done.returncode}: {done.stdout[-3000:]}{done.stderr[-2000:]}"
    return ""


class Preparation:
    """Makes the kits with the real playbook and the real modules, and the operations over them."""

    def __init__(self, world: World, only: Sequence[str]) -> None:
        self.world = world
        self.only = only
        self.project = world.scratch / "project"
        self.project.mkdir()
        for name in PROJECT:
            copy(ROOT / name, self.project / name)
        self.payloads = Payloads(world.scratch, self.project)
        self.depot = depot.Depots(world.scratch, world.wheelhouse)
        self.prepared = Prepared()

    def all(self) -> Prepared:
        """Everything of the operations that are asked for."""
        for name in self.only:
            self._measure(self._operation(name))
        for kit in (self.world.scratch / "kits").iterdir():
            self.prepared.before[kit.name] = look(self.world, Storage(kit))
        return self.prepared

    def _operation(self, name: str) -> Operation:
        """An operation, with the kit that it starts from."""
        self._kit("old", "", lambda: [self._site()])
        self._kit("switched", "old", lambda: [self._site(OTHER)])
        old, new = self._spec("old"), self._spec("switched")
        was, will = old["id"], new["id"]
        kept = [{**old, "id": f"{number:016x}"} for number in (1, 2)]
        if name == "switch":
            self._kit("built", "old", lambda: self._build(new))
        elif name == "prune":
            self._kit("many", "switched", lambda: [step for spec in kept for step in self._build(spec)])
        elif name == "sync":
            self._kit("synced", "old", lambda: [self._sync(self.depot.first())])
        steps: dict[str, Callable[[], list[list[str]]]] = {
            "build": lambda: self._build(new),
            "switch": lambda: [self._switch(new)],
            "rollback": lambda: [self._roll_back(old)],
            "prune": lambda: [self._switch(new)],
            "sync": lambda: [self._sync(self.depot.second())],
            "playbook": lambda: [self._site(OTHER)],
            "rollback-playbook": lambda: [
                self._site(OTHER, "playbooks/rollback.yml", {"dnnready_rollback_release": was})
            ],
        }
        kit, current, goal = {
            "build": ("old", (was,), will),
            "switch": ("built", (was, will), will),
            "rollback": ("switched", (was, will), was),
            "prune": ("many", (will,), will),
            "sync": ("synced", (was,), was),
            "playbook": ("old", (was, will), will),
            "rollback-playbook": ("switched", (was, will), was),
        }[name]
        played = name.endswith("playbook")
        layouts = LAYOUTS[:1] if played else LAYOUTS
        then = (self._switch(new),) if name == "build" else ()
        return Operation(name, kit, tuple(steps[name]()), current, goal, then, layouts, traced=not played)

    def _kit(self, name: str, base: str, steps: Callable[[], Sequence[Sequence[str]]]) -> None:
        """A prepared prefix, made once: what `base` holds, and then these steps."""
        directory = self.world.kit(name)
        if directory.exists():
            return
        if base:
            copy(self.world.kit(base), directory)
        else:
            directory.mkdir()
        failure = steps_run(self.world, Storage(directory), steps())
        if failure:
            raise PreparationError(f"Preparing '{name}': {failure}")

    def _measure(self, operation: Operation) -> None:
        """Run an operation undisturbed on each layout: what it leads to, which calls it makes, how long it takes."""
        traces = []
        for layout in operation.layouts:
            storage = self.world.storage(operation.kit, f"measured-{operation.name}-{layout}", layout)
            for number, step in enumerate(operation.steps):
                file = self.world.scratch / f"{operation.name}-{number}-{layout}.strace"
                options = ["--calls", CALLS, "--trace", str(file)] if operation.traced else []
                started = time.monotonic()
                done = self.world.run(storage, step, *options)
                if done.returncode:
                    raise PreparationError(f"{operation.name} undisturbed: {done.stdout[-3000:]}{done.stderr[-2000:]}")
                seconds = time.monotonic() - started
                text = file.read_text(encoding="utf-8", errors="replace") if options else ""
                traces.append((number, layout, read(text, str(self.world.prefix), seconds)))
                found = order.unsafe(text, f"{self.world.prefix}/stacks/{STACK}")
                self.prepared.unsafe += [f"{operation.name}:{number}:{layout}: {problem}" for problem in found]
            failure = steps_run(self.world, storage, operation.then)
            if failure:
                raise PreparationError(f"{operation.name} undisturbed: {failure}")
            self.prepared.after[operation.name] = look(self.world, storage)
            self.world.drop(storage)
        self.prepared.operations.append(operation)
        self.prepared.traces[operation.name] = traces

    def _spec(self, kit: str) -> dict[str, Any]:
        """The spec of the release that is current in a kit."""
        manifest = self.world.kit(kit) / "stacks" / STACK / "current" / "manifest.json"
        spec: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))["spec"]
        return spec

    def _site(
        self,
        environment: Mapping[str, str] | None = None,
        playbook: str = "site.yml",
        more: Mapping[str, Any] | None = None,
    ) -> list[str]:
        """The playbook that a user runs, for this stack below the prefix."""
        variables = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "dnnready_scope": "user",
            "dnnready_prefix": str(self.world.prefix),
            "dnnready_stacks": [STACK],
            "onednn_environment": dict(environment or {}),
            **(more or {}),
        }
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        command = [program, str(self.project / playbook), "-i", "localhost,", "-e", json.dumps(variables)]
        return ["env", f"ANSIBLE_CONFIG={self.project / 'ansible.cfg'}", "ANSIBLE_INJECT_FACT_VARS=false", *command]

    def _build(self, spec: Mapping[str, Any]) -> list[list[str]]:
        """What role `stack` runs before it switches: build, environment, proof."""
        path = self.world.prefix / "stacks" / STACK / "releases" / spec["id"]
        lock = self.world.kit("old") / "stacks" / STACK / "current" / "requirements.txt"
        install = {
            "state": "installed",
            "prefix": str(self.world.prefix),
            "release": dict(spec),
            "requirements": lock.read_text(encoding="utf-8"),
        }
        environment = {"scope": "release", "path": str(path), "variables": spec["environment"]}
        proof = {"stack": STACK, "path": str(path), "probes": spec["probes"], "release": spec["id"]}
        return [
            self._payload("dnn_release", "installed", spec, install),
            self._payload("dnn_environment", "environment", spec, environment),
            self._payload("conv2d_verify", "verify", spec, proof),
        ]

    def _switch(self, spec: Mapping[str, Any]) -> list[str]:
        """What it runs then: the switch, with nothing kept but the current and the previous release."""
        asked = {"state": "active", "prefix": str(self.world.prefix), "release": dict(spec), "keep": 0}
        return self._payload("dnn_release", "active", spec, asked)

    def _roll_back(self, old: Mapping[str, Any]) -> list[str]:
        """What playbooks/rollback.yml runs. Named, so that a rerun goes back and not to and fro."""
        asked = {"state": "rolled_back", "prefix": str(self.world.prefix), "stack": STACK, "to": old["id"]}
        return self._payload("dnn_release", "rolled_back", old, asked)

    def _sync(self, made: depot.Served) -> list[str]:
        """What a run fetches from a depot before it builds."""
        asked = {
            "source": made.url,
            "prefix": str(self.world.prefix),
            "locks": list(made.locks),
            "tools": ["uv"],
            "signers": [made.signer],
            "now": time.time(),
        }
        return self.payloads.make(f"sync-{made.name}", "dnn_depot_sync", asked)

    def _payload(self, module: str, name: str, spec: Mapping[str, Any], arguments: Mapping[str, Any]) -> list[str]:
        return self.payloads.make(f"{name}-{spec['id']}", module, arguments)
