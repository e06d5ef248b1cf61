"""accelerated, fallback or broken: a pure function of what a probe showed.

`broken`: it did not run, or a result is wrong. `fallback`: right results, but a required convolution ran elsewhere, by
plain C++, on a narrower instruction set than the CPU has, or the witness cannot be trusted. `accelerated`: the DNN
library ran every required convolution, its lines vanish when it is off, and nothing contradicts them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from . import isa
from .causes import AGAIN, BUILD, Cause, of_text

ACCELERATED, FALLBACK, BROKEN = "accelerated", "fallback", "broken"
_ORDER = (ACCELERATED, FALLBACK, BROKEN)


@dataclass(frozen=True)
class Convolution:
    """One convolution as a verdict sees it."""

    name: str
    required: bool = True
    error: str = ""  #: what it raised
    right: Optional[bool] = True  #: shape and numbers; None where it did not run
    implementations: tuple[str, ...] = ()  #: what the library says ran it; empty: it ran elsewhere
    reason: str = ""  #: a plain word on why it rightly ran elsewhere


@dataclass(frozen=True)
class Evidence:
    """All that a verdict rests on."""

    failure: Optional[Cause] = None  #: the probe gave no answer
    convolutions: tuple[Convolution, ...] = ()
    silent: Optional[bool] = True  #: the lines vanish in the negative control; None: it was not run
    vouched: bool = False  #: a sibling ran it, so it need not be
    contradictions: tuple[str, ...] = ()  #: second witnesses that say otherwise
    isa: str = ""  #: what the library says it dispatches to
    isa_cpu: str = ""
    cap: Optional[tuple[str, str]] = None  #: a variable that limits the ISA, and its value
    own_choice: bool = False  #: the library may choose a narrower ISA for reasons of its own (MKL)
    enabled: Optional[bool] = None  #: what the framework says of its oneDNN switch
    option: str = ""  #: onednn_convolution: required, auto, off


def judge(evidence: Evidence) -> tuple[str, Optional[Cause]]:
    """The verdict, and the cause for anything but accelerated."""
    for verdict, finder in ((BROKEN, _broken), (FALLBACK, _elsewhere), (FALLBACK, _narrow), (FALLBACK, _untrusted)):
        cause = finder(evidence)
        if cause is not None:
            return verdict, cause
    return ACCELERATED, None


def worst(verdicts: Sequence[str]) -> str:
    """The verdict on a stack with several probes."""
    return max(verdicts, key=_ORDER.index)


def _broken(evidence: Evidence) -> Optional[Cause]:
    if evidence.failure is not None:
        return evidence.failure
    required = [convolution for convolution in evidence.convolutions if convolution.required]
    for convolution in required:
        if convolution.error:
            known = of_text(convolution.error)
            code, following = (known.code, known.next) if known else ("probe_failed", AGAIN)
            return Cause(code, f"{convolution.name} failed: {convolution.error.splitlines()[0]}", following)
    for convolution in evidence.convolutions:
        if convolution.right is False:
            return Cause("wrong_result", f"{convolution.name} gives wrong results.", AGAIN)
    if not required:
        return Cause("probe_failed", "No required convolution ran, so nothing is proven.", AGAIN)
    return None


def _elsewhere(evidence: Evidence) -> Optional[Cause]:
    required = [convolution for convolution in evidence.convolutions if convolution.required]
    missed = [convolution for convolution in required if not convolution.implementations]
    if missed and evidence.enabled is False:
        chosen = f" (onednn_convolution: {evidence.option})" if evidence.option in ("auto", "off") else ""
        return Cause(
            "onednn_not_enabled_at_runtime",
            f"oneDNN's operators are switched off{chosen}: convolutions ran elsewhere.",
            "ansible-playbook site.yml -e tensorflow_onednn=required",
        )
    if missed and len(missed) == len(required):
        return Cause("not_dispatched", f"No convolution ran through the library. {missed[0].reason}".strip(), AGAIN)
    if missed:
        names = ", ".join(convolution.name for convolution in missed)
        return Cause("not_dispatched", f"Ran elsewhere: {names}. {missed[0].reason}".strip(), AGAIN)
    for convolution in required:
        plain = [name for name in convolution.implementations if isa.is_reference(name)]
        if plain:
            lacks = "On ARM such kernels come with Arm Compute Library." if isa.is_arm(evidence.isa) else ""
            text = f"{convolution.name} ran as plain C++ ({plain[0]}): this build has no kernel for it here. {lacks}"
            return Cause("reference_implementation", text.strip(), AGAIN)
    return None


def _narrow(evidence: Evidence) -> Optional[Cause]:
    """The ISA of the library as a whole: that one kernel is named after a lower ISA is the library's own choice.

    (On a CPU with AVX and no AVX2, oneDNN rightly runs depthwise convolutions by jit_dw:sse41.)
    """
    below = isa.lower(evidence.isa, evidence.isa_cpu) or (bool(evidence.isa_cpu) and not isa.name(evidence.isa))
    if evidence.cap and below:
        variable, value = evidence.cap
        return Cause(
            "invalid_env_value",
            f"{variable}={value} keeps the library below the CPU's {evidence.isa_cpu}.",
            f"take {variable} out of the environment of the stack, then: {BUILD}",
        )
    if not evidence.own_choice and isa.lower_vector(evidence.isa, evidence.isa_cpu):
        return Cause("isa_below_cpu", f"The library uses {evidence.isa}, the CPU has {evidence.isa_cpu}.", AGAIN)
    return None


def _untrusted(evidence: Evidence) -> Optional[Cause]:
    if evidence.silent is None and not evidence.vouched:
        return Cause("proof_not_trusted", "The negative control could not be run.", AGAIN)
    if evidence.silent is False:
        return Cause("proof_not_trusted", "The lines of the library stay where it is switched off.", AGAIN)
    if evidence.contradictions:
        return Cause("proof_not_trusted", f"A second witness disagrees: {evidence.contradictions[0]}", AGAIN)
    return None
