"""Step 1, cheap: does the CPU have what the installed builds execute without asking?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...host import cpu, virtualization
from ...host.machine import Machine
from ..facts import Facts, version
from ..probe import CHEAP, Case, Observation, Probe, Suspicion

#: (package, from version, flags on x86-64): measured; below it the framework has another kernel for older CPUs.
_NEEDS = (
    ("tensorflow", (1, 6), ("avx",)),
    ("tensorflow-cpu", (1, 6), ("avx",)),
    ("numpy", (2, 4), ("sse4_2",)),
)
_TORCH_ARMV82 = (2, 10)


def look(case: Case) -> Observation:
    """Flags of the CPU, as the target's own processes see it, against the needs of its packages."""
    processor = _processor(case)
    facts = Facts({"cpu": processor})
    packages = case.fact("inventory", "packages") or {}
    suspicions = [*_lacking(facts, processor, packages), *_imitated(processor, packages)]
    what = " ".join(filter(None, (processor.get("model", ""), f"({processor.get('isa', '')})")))
    return Observation(
        said="" if suspicions else f"The CPU has what the installed builds need: {what}.",
        suspicions=tuple(suspicions),
        facts={"cpu": processor},
    )


def _processor(case: Case) -> Mapping[str, Any]:
    """The CPU in the target's process: an emulator shows its programs another one than the host has."""
    executed = case.fact("surroundings", "executed") or {}
    known: Mapping[str, Any] = case.host.get("cpu") or {}
    if not executed.get("cpuid"):
        return known
    machine = Machine("/")
    seen: dict[str, Any] = machine.ask("cpu", dict(known), cpu.probe, machine, executed)
    architecture = str(seen.get("architecture", ""))
    imitated = machine.ask("cpu.emulated", None, virtualization.emulated, machine, architecture, executed)
    differs = set(known.get("flags") or ()) - set(seen.get("flags") or ())
    return {**seen, "emulated": bool(imitated or differs) if known else imitated}


def _lacking(facts: Facts, processor: Mapping[str, Any], packages: Mapping[str, str]) -> Iterator[Suspicion]:
    cause = "emulation_limits" if processor.get("emulated") else "cpu_lacks_instructions"
    for name, since, flags in _NEEDS:
        installed = packages.get(name)
        missing = [flag for flag in flags if facts.flag(flag) is False]
        if installed and version(installed) >= since and missing and facts.arm is False:
            words = f"{name} {installed} needs {', '.join(missing)}, which {processor.get('model') or 'this CPU'} lacks"
            yield Suspicion(cause, 0.9, [words], {"module": name, "instructions": " ".join(missing)})
    torch = packages.get("torch", "")
    if facts.arm and torch and version(torch) >= _TORCH_ARMV82 and processor.get("level") == "armv8-a":
        words = f"torch {torch} for ARM is built for ARMv8.2 and later, this core is {processor.get('model')}"
        yield Suspicion("cpu_lacks_instructions", 0.7, [words], {"module": "torch", "instructions": "ARMv8.2"})


def _imitated(processor: Mapping[str, Any], packages: Mapping[str, str]) -> Iterator[Suspicion]:
    if processor.get("emulated") and packages:
        said = f"The CPU that a process gets is an imitated one ({processor.get('model') or 'qemu'})"
        yield Suspicion("emulation_limits", 0.5, [said])


PROBE = Probe(
    name="processor",
    step=1,
    cost=CHEAP,
    question="Does the CPU have the instructions that the installed builds need?",
    look=look,
)
