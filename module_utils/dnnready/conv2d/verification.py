"""The whole of it: choose the shapes, run the probes and their controls, judge, and leave a proof."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ..errors import DnnreadyError
from ..host import cpu, wx
from ..host.machine import Machine
from . import causes, harness, shapes, witnesses
from .fingerprint import fingerprint
from .proof import assemble, report
from .selection import select
from .voucher import attestation

#: How a second process is told to leave oneDNN out; who is not here makes the control in its own process.
SWITCHES = {"tensorflow": ("TF_ENABLE_ONEDNN_OPTS", "0")}
#: What a release of the libraries alone brings itself, and the cause where it does not.
_LIBRARIES = {"onednn": ("libdnnl", "dnn_library_missing"), "mkl": ("libmkl_rt", "mkl_library_missing")}
REPEATS = 5
TIMEOUT = 300.0


def verify(
    request: Mapping[str, Any],
    surroundings: harness.Surroundings = harness.APART,
    watch: Callable[[str, harness.Run], None] = lambda _probe, _run: None,
) -> dict[str, Any]:
    """Prove a stack: the document of docs/schema/proof-1.json.

    `request`: {stack, release, release_path, python, probes, environment, options, host, shapes, timeout}. `host` is
    the host document (its `cpu.isa` is what the library is compared with), `shapes` are the user's own beside the
    default ones, `timeout` in seconds is for each probe with its control. `quick` convolves once, without measuring
    and without a control that takes a process: enough to see whether it runs, too little to trust. `short` does the
    same with the default convolutions of these names ({probe: [name]}) and all of the user's, and needs no such
    control: who asks for it answers for the rest (sibling.py). A probe that fails is a proof with the verdict
    `broken`; DnnreadyError is raised only where there is nothing to run or the request makes no sense. `watch` gets
    every run of a probe, with all that it printed.
    """
    asked = complete(request)
    cpu_isa = str((asked["host"].get("cpu") or {}).get("isa", ""))
    chosen = {probe: select(probe, cpu_isa, asked["shapes"]) for probe in asked["probes"]}
    reports, libraries = [], []
    for probe in asked["probes"]:
        made, loaded = _Prover(asked, cpu_isa, surroundings, watch).prove(probe, chosen[probe])
        reports.append(made)
        libraries.extend(loaded)
    if asked["release_path"]:
        libraries.append(os.path.join(asked["release_path"], "environment"))
    proof = assemble(asked, reports, fingerprint(asked["release"], libraries, what(asked)))
    said = attestation(proof)
    return {**proof, "attestation": said} if said else proof


def local_host() -> dict[str, Any]:
    """The part of the host document that a proof compares with, for who has not read the host before."""
    machine = Machine("/")
    return {"cpu": cpu.probe(machine, machine.ask("wx.allowed", {}, wx.probe))}


def what(request: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a request that a stored proof must share to hold for it."""
    return {key: request[key] for key in ("python", "probes", "environment", "options", "shapes")}


def complete(request: Mapping[str, Any]) -> dict[str, Any]:
    """The request with every key. Raises DnnreadyError for what makes no sense."""
    probes = list(request.get("probes") or [])
    unknown = [probe for probe in probes if probe not in harness.MODULES]
    if unknown or not probes:
        problem = f"There is no probe {unknown[0]!r}." if unknown else "There is no probe to run."
        raise DnnreadyError(problem, f"Known probes: {', '.join(shapes.PROBES)}.")
    path = str(request.get("release_path") or "")
    python = str(request.get("python") or (os.path.join(path, "venv", "bin", "python") if path else ""))
    if not os.access(python, os.X_OK):
        raise DnnreadyError(f"There is no interpreter {python or '(no path given)'}.", "The release is not built.")
    return {
        "stack": str(request["stack"]),
        "release": str(request.get("release") or ""),
        "release_path": path,
        "python": python,
        "probes": probes,
        "environment": {str(key): str(value) for key, value in (request.get("environment") or {}).items()},
        "options": dict(request.get("options") or {}),
        "host": request.get("host") or local_host(),
        "shapes": list(request.get("shapes") or []),
        "timeout": float(request.get("timeout") or TIMEOUT),
        "scope": "quick" if request.get("quick") else "full" if request.get("short") is None else "short",
        "short": request.get("short"),
    }


def astray(probe: str, request: Mapping[str, Any], loaded: Sequence[str]) -> Optional[causes.Cause]:
    """The cause where a release that brings the library itself was proven with another copy, such as the system's."""
    stem, code = _LIBRARIES.get(probe, ("", ""))
    if not stem or not request["release_path"]:
        return None
    own = os.path.realpath(request["release_path"]) + os.sep
    brings = any(
        f"{folder}/".startswith(own) for folder in request["environment"].get("LD_LIBRARY_PATH", "").split(":")
    )
    taken = [path for path in loaded if os.path.basename(path).startswith(stem)]
    if not brings or not taken or any(path.startswith(own) for path in taken):
        return None
    text = f"The release's own {stem} is not there or cannot be loaded: the loader took {taken[0]}."
    return causes.Cause(code, text, causes.REBUILD)


@dataclass(frozen=True)
class _Prover:
    """Runs the probes of one request."""

    request: Mapping[str, Any]
    cpu_isa: str
    surroundings: harness.Surroundings
    watch: Callable[[str, harness.Run], None]

    def prove(self, probe: str, chosen: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], list[str]]:
        """The report of a probe, and the libraries that it loaded."""
        request = self.request
        deadline = time.monotonic() + request["timeout"]
        whole = request["scope"] == "full"
        shown = self._shown(probe, chosen)
        run = self._run(probe, {"shapes": shown, "repeats": REPEATS if whole else 0}, {}, request["timeout"])
        loaded = list((run.observation.result or {}).get("libraries", []))
        control: Optional[dict[str, Any]] = None
        control_run: Optional[harness.Run] = None
        if probe in SWITCHES:
            control = witnesses.left_out(f"the proof is {request['scope']}")
        if probe in SWITCHES and whole:
            control, control_run = self._control(probe, chosen, run, deadline)
        made = report(
            probe,
            shown,
            run,
            control,
            control_run,
            environment=request["environment"],
            cpu_isa=self.cpu_isa,
            option=str(request["options"].get("onednn_convolution", "")),
            failure=astray(probe, request, loaded),
            vouched=request["scope"] == "short" and probe in SWITCHES,
        )
        return made, loaded

    def _shown(self, probe: str, chosen: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """The convolutions that this scope runs."""
        if self.request["scope"] == "full":
            return list(chosen)
        if self.request["scope"] == "quick":
            return [shape for shape in chosen if shape["name"] == shapes.CONTROL] or list(chosen)
        names = {*self.request["short"].get(probe, ()), *(shape["name"] for shape in self.request["shapes"])}
        return [shape for shape in chosen if shape["name"] in names]

    def _run(
        self, probe: str, question: Mapping[str, Any], variables: Mapping[str, str], timeout: float
    ) -> harness.Run:
        environment = {**self.request["environment"], **variables}
        run = harness.run(probe, self.request["python"], question, environment, timeout, surroundings=self.surroundings)
        self.watch(probe, run)
        return run

    def _control(
        self, probe: str, chosen: Sequence[Mapping[str, Any]], run: harness.Run, deadline: float
    ) -> tuple[dict[str, Any], Optional[harness.Run]]:
        """The same harness with the library off, in a process of its own; not where no line could vanish."""
        variable, value = SWITCHES[probe]
        how = f"{variable}={value} in a second process"
        if run.observation.result is None or not any(run.observation.lines.values()):
            return witnesses.outer_control(how, None, "there was nothing to control"), None
        only = [shape for shape in chosen if shape["name"] == shapes.CONTROL]
        left = max(1.0, deadline - time.monotonic())
        second = self._run(probe, {"shapes": only, "repeats": 0}, {variable: value}, left)
        environment = {**self.request["environment"], variable: value}
        failed = (
            "" if second.observation.result else causes.of_process(second.completed, "the control", environment).text
        )
        return witnesses.outer_control(how, second.observation, failed), second
