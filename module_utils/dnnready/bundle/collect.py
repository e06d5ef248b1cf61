"""All parts of a bundle in the order of their worth, for the time and the room may end before they do."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Optional

from ..conv2d import stored
from ..diagnosis.explain import explain
from ..diagnosis.probe import Case
from ..diagnosis.target import Target
from ..environment import catalogue
from ..errors import DnnreadyError
from ..host.collect import collect as read_host
from ..release.store import Store
from . import machine_state, packages, releases, runs, system_log, units
from .bundle import Bundle
from .redact import Redactor

Findings = Callable[[Case], Sequence[Mapping[str, Any]]]
LEAST_BYTES = 1 << 20


@dataclass(frozen=True)
class Request:
    """What a bundle is asked for. `stacks` and `units` are names, `python` is an interpreter outside of dnnready."""

    prefix: str
    stacks: Sequence[str] = ()  #: () means all that the prefix holds
    units: Sequence[str] = ()
    python: str = ""
    host: Mapping[str, Any] = field(default_factory=dict)  #: {}: read now
    days: float = 7
    max_bytes: int = 20 << 20
    timeout: float = 300
    findings: Optional[Findings] = None  #: the live diagnosis of a case: documents; None leaves it out


@dataclass(frozen=True)
class Part:
    """One look, with the most seconds that it may take."""

    what: str
    fill: Callable[[], None]
    longest: float = 60


def collect(request: Request) -> Bundle:
    """Fill a bundle. Raises DnnreadyError only where the request makes no sense."""
    bundle, parts = plan(request)
    for part in parts:
        bundle.part(part.what, part.fill, part.longest)
    return bundle


def plan(request: Request) -> tuple[Bundle, list[Part]]:
    """An empty bundle and what would go into it; nothing is run yet. Raises DnnreadyError."""
    if request.max_bytes < LEAST_BYTES or request.timeout <= 0 or request.days <= 0:
        raise DnnreadyError(
            f"A bundle of {request.max_bytes} bytes, {request.timeout:g} seconds and {request.days:g} days is none.",
            f"Give at least {LEAST_BYTES} bytes, and more than no seconds and days.",
        )
    if request.python and not os.access(request.python, os.X_OK):
        raise DnnreadyError(f"There is no interpreter {request.python}.", "Give the path of a Python on the host.")
    names = units.check(list(request.units))
    bundle = Bundle(Redactor(), request.max_bytes, request.timeout)
    case = _Collection(bundle, request, dict(request.host))
    places = {name: _place(request.prefix, name) for name in request.stacks or _stacks(request.prefix)}
    parts = [
        Part("secrets of environments, to be taken out", case.learn(places, names), 30),
        Part("facts of the host", case.facts, 60),
        Part("lines of the system log", lambda: system_log.fill(bundle, request.days), 90),
    ]
    for unit in names:
        parts += [Part(f"unit {unit}", case.unit(unit), 30), Part(f"journal of {unit}", case.journal(unit), 45)]
    for name, (root, release) in places.items():
        parts.append(Part(f"documents of stack {name}", case.documents(name, root, release), 30))
    if request.python:
        parts.append(Part(f"convolutions of {request.python}", case.foreign(names), 300))
    for name, (_, release) in places.items():
        parts.append(Part(f"convolutions of stack {name}", case.stack(name, release), 300))
    parts.append(Part("state of the machine", lambda: machine_state.fill(bundle), 60))
    parts.append(Part("packages of the distribution", lambda: packages.fill_system(bundle), 60))
    for name, (_, release) in places.items():
        parts.append(Part(f"hashes of stack {name}", case.hashes(name, release), packages.HASH_SECONDS + 10))
    return bundle, parts


def _stacks(prefix: str) -> list[str]:
    try:
        names = sorted(os.listdir(os.path.join(prefix, "stacks")))
    except OSError:
        return []
    return [name for name in names if not name.startswith(".")]


def _place(prefix: str, name: str) -> tuple[Path, str]:
    """The directory of a stack and that of its current release, "" where none is current."""
    store = Store(Path(prefix), name)
    current = store.linked("current")
    return store.root, os.path.realpath(store.release(current)) if current else ""


@dataclass
class _Collection:
    """The looks that share the host, the environments and what failed."""

    bundle: Bundle
    request: Request
    host: dict[str, Any]
    failures: dict[str, list[str]] = field(default_factory=dict)  #: texts of failed builds, by stack

    def learn(self, places: Mapping[str, tuple[Path, str]], names: Sequence[str]) -> Callable[[], None]:
        def look() -> None:
            self.bundle.redactor.learn(os.environ)
            for release in filter(None, (release for _, release in places.values())):
                self.bundle.part(f"{release}/environment", partial(self._learn_release, release), 5)
            for unit in names:
                self.bundle.part(f"variables of {unit}", partial(self._learn_unit, unit), 20)

        return look

    def _learn_release(self, release: str) -> None:
        self.bundle.redactor.learn(stored.variables(release))

    def _learn_unit(self, unit: str) -> None:
        found = units.properties(unit)
        self.bundle.redactor.learn(units.assigned(found.get("Environment", "")))
        if found.get("MainPID", "0") != "0":
            self.bundle.redactor.learn(units.environment(found["MainPID"]))

    def facts(self) -> None:
        if not self.host:
            self.host = read_host(self.request.prefix, ())
        self.bundle.document("host.json", self.host, "facts of the host", "dnn_host_info")

    def unit(self, unit: str) -> Callable[[], None]:
        return lambda: units.fill(self.bundle, unit, units.properties(unit))

    def journal(self, unit: str) -> Callable[[], None]:
        return lambda: system_log.fill_unit(self.bundle, unit, self.request.days, units.folder(unit))

    def documents(self, name: str, root: Path, release: str) -> Callable[[], None]:
        def add() -> None:
            text = releases.fill(self.bundle, f"stacks/{name}", root, release)
            if text:
                self.failures[name] = [text]

        return add

    def stack(self, name: str, release: str) -> Callable[[], None]:
        def add() -> None:
            if not release:
                self.bundle.leave_out(f"convolutions of stack {name}", "it has no current release")
                self._explain(f"stacks/{name}", self.failures.get(name, []))
                return
            asked = stored.request_of(release, name, {})
            python = os.path.join(release, "venv", "bin", "python")
            target = Target(
                "stack",
                name,
                python,
                tuple(asked["probes"]),
                asked["environment"],
                stack=name,
                release=asked["release"],
            )
            self._interpreter(f"stacks/{name}", target, self.failures.get(name, []))

        return add

    def foreign(self, names: Sequence[str]) -> Callable[[], None]:
        """An interpreter of somebody else, with the catalogue's variables of the first service that runs."""

        def add() -> None:
            variables, origin = {}, "none"
            for unit in names:
                pid = units.properties(unit).get("MainPID", "0")
                if pid != "0":
                    known = {name: value for name, value in units.environment(pid).items() if catalogue.find(name)}
                    variables, origin = known, unit
                    break
            probes = runs.frameworks(self.request.python, variables)
            if not probes:
                self.bundle.leave_out(f"convolutions of {self.request.python}", "it finds neither torch nor tensorflow")
            target = Target("python", self.request.python, self.request.python, tuple(probes), variables, origin)
            self._interpreter("python", target, [])

        return add

    def _interpreter(self, folder: str, target: Target, texts: list[str]) -> None:
        """Convolve with every framework, explain what failed, list the distributions."""
        bundle, variables = self.bundle, dict(target.environment)
        failed = list(texts)

        def convolve(probe: str) -> None:
            failed.append(runs.fill(bundle, folder, probe, target, max(bundle.seconds_left - 20, 1)))

        def list_packages() -> None:
            packages.fill_python(bundle, folder, target.python, variables)

        bundle.part(f"distributions of {target.python}", list_packages, 60)
        for probe in target.frameworks:
            bundle.part(f"convolution of {probe} in {target.python}", partial(convolve, probe), runs.LONGEST + 10)
        self._explain(folder, failed)
        if self.request.findings is not None:
            self._find(folder, target, self.request.findings)

    def _explain(self, folder: str, texts: Sequence[str]) -> None:
        text = "\n".join(filter(None, texts))
        if not text:  # nothing failed
            return

        def add() -> None:
            document = explain(text, self.host).document()
            self.bundle.document(
                f"{folder}/explanation-1.json", document, "what the error output means", "dnnready explain"
            )

        self.bundle.part(f"explanation of {folder}", add, 20)

    def _find(self, folder: str, target: Target, findings: Findings) -> None:
        def add() -> None:
            for number, document in enumerate(findings(Case(target, self.host)), 1):
                self.bundle.document(
                    f"{folder}/diagnosis-{number}.json", document, "live diagnosis", "dnnready diagnose"
                )

        self.bundle.part(f"diagnosis of {folder}", add, 120)

    def hashes(self, name: str, release: str) -> Callable[[], None]:
        def add() -> None:
            if release:
                top = os.path.join(release, "venv")
                packages.fill_hashes(self.bundle, f"stacks/{name}", top, self.bundle.seconds_left / 2)

        return add
