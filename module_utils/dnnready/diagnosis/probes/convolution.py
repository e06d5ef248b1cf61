"""Steps 2 to 5, costly: the convolution itself, in the target's interpreter, under its conditions."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from ...conv2d import harness
from ...conv2d.causes import ended_by
from ...conv2d.stored import request_of
from ...conv2d.verification import verify
from ...errors import DnnreadyError
from ..explain import explain
from ..finding import Finding
from ..probe import COSTLY, Case, Observation, Probe, Suspicion

_TEXT_BYTES = 400_000
_SPINNING = 30.0
_WEIGHTS = {"high": 0.88, "medium": 0.74, "low": 0.58}
#: What a signal mostly means where the text says nothing.
_SIGNALS = {
    "SIGILL": (("cpu_lacks_instructions", 0.72),),
    "SIGBUS": (("corrupt_install", 0.74),),
    "SIGSEGV": (("corrupt_install", 0.56), ("probe_crashed", 0.53)),
    "SIGKILL": (("out_of_memory", 0.74),),
    "SIGSYS": (("seccomp_blocks_threads", 0.6),),
}
#: Causes that the proof alone knows, or knows better than a text.
_OWN = (
    "not_dispatched",
    "isa_below_cpu",
    "reference_implementation",
    "wrong_result",
    "proof_not_trusted",
    "probe_failed",
    "probe_timed_out",
    "probe_crashed",
    "onednn_not_enabled_at_runtime",
    "invalid_env_value",
)


def look(case: Case) -> Observation:
    """Convolve, and explain what happened."""
    if not case.frameworks:
        return Observation(unknown=(("which implementation runs conv2d", "no framework is known in this environment"),))
    try:
        proof, text, ending = attempt(case)
    except DnnreadyError as error:
        return Observation(unknown=(("which implementation runs conv2d", str(error)),), facts={"error": str(error)})
    facts = {"proof": proof, "verdict": proof["verdict"], "text": text, "signal": ending, "cause": proof["cause"]}
    if good(proof, case):
        summary = proof["summary"]
        ran = ", ".join(summary["implementations"]) or "the framework's own kernels, as it was provisioned"
        return Observation(said=f"conv2d runs through {ran} ({summary['isa'] or 'no ISA said'}).", facts=facts)
    return Observation(suspicions=tuple(_suspicions(proof, text, ending, case)), facts=facts)


def good(proof: Mapping[str, Any], case: Case) -> bool:
    """Whether a verdict is what the target should have."""
    return proof["verdict"] == "accelerated" or (proof["verdict"] == "fallback" and case.tolerated)


def attempt(
    case: Case, without: tuple[str, ...] = (), *, plain: bool = False, quick: bool = False
) -> tuple[dict[str, Any], str, str]:
    """One try: (proof, what it printed as an error, the signal that ended it). Raises DnnreadyError.

    `without` leaves variables out; `plain` leaves the sandbox of a service out. `quick` asks only whether it runs.
    """
    target = case.target
    environment = {name: value for name, value in target.environment.items() if name not in without}
    texts, endings = [], []

    def watch(_probe: str, run: harness.Run) -> None:
        texts.append(run.completed.stderr[-_TEXT_BYTES:])
        if run.observation.result is None:
            texts.append(_spoken(run.completed.stdout[-_TEXT_BYTES:]))  # MKL speaks on standard output
        texts.extend(run.observation.errors)
        texts.extend(
            str(entry["error"])
            for entry in (run.observation.result or {}).get("convolutions", [])
            if entry.get("error")
        )
        endings.append("timeout" if run.completed.timed_out else ended_by(run.completed))

    given = {
        "environment": environment,
        "host": case.host,
        "timeout": _patience(case),
        "probes": list(case.frameworks),
        "quick": quick,
    }
    request = {"stack": target.stack or target.name, "python": target.python, **given}
    if target.own:
        request = {**request_of(target.release_path, target.stack, given), "python": target.python, "quick": quick}
    surroundings = harness.Surroundings(
        launch=harness.APART.launch if plain else target.launch, whole=True, directory=target.directory
    )
    proof = verify(request, surroundings, watch)
    return proof, "\n".join(texts), next((ending for ending in endings if ending), "")


def _patience(case: Case) -> float:
    """Seconds for one run: fewer where a value is set that is known to let a library spin for ever."""
    seen = case.observations.get("environment")
    hangs = seen is not None and any("for ever" in line for each in seen.suspicions for line in each.evidence)
    return min(case.timeout, _SPINNING) if hangs else case.timeout


def _spoken(output: str) -> str:
    """What is neither a mark of the probe nor a line of the library's verbose mode."""
    kept = (
        line
        for line in output.splitlines()
        if not line.startswith(("dnnready:", "onednn_verbose", "dnnl_verbose", "MKL_VERBOSE"))
    )
    return "\n".join(line for line in kept if line.strip())


def _suspicions(proof: Mapping[str, Any], text: str, ending: str, case: Case) -> Iterator[Suspicion]:
    own = proof["cause"] or {"code": "probe_failed", "text": ""}
    said = [own["text"]] if own["text"] else []
    findings = [one for one in explain(text, case.host).findings if one.cause != "benign_message"]
    for number, finding in enumerate(findings[:4]):
        yield Suspicion(finding.cause, _WEIGHTS[finding.confidence] - 0.02 * number, _lines(finding), finding.details)
    if own["code"] in _OWN:
        weak = own["code"].startswith("probe_") and bool(findings)
        yield Suspicion(own["code"], 0.5 if weak else 0.8, said)
    for cause, weight in _SIGNALS.get(ending, ()):
        yield Suspicion(cause, weight, [*said, f"It ended by {ending}"])
    if own["code"] not in _OWN and not findings and ending not in _SIGNALS:
        yield Suspicion(own["code"], 0.6, said)


def _lines(finding: Finding) -> list[str]:
    return [line for _, line in finding.evidence][:4] or [finding.line]


def skip(case: Case) -> str:
    """A stack whose proof holds, under conditions that no probe doubts, need not convolve again."""
    if not os.access(case.target.python, os.X_OK):
        return "there is no interpreter to run it"
    if case.thorough or not case.target.own or not case.fact("release", "proof_holds"):
        return ""
    if case.suspects():
        return ""
    return "the stored proof holds, and nothing is in doubt"


PROBE = Probe(
    name="convolution",
    step=5,
    cost=COSTLY,
    question="Which implementation runs conv2d here, and what does it say where it fails?",
    look=look,
    skip=skip,
)
