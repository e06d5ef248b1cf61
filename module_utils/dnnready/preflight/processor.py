"""Whether the CPU and the interpreter's word size can carry a stack."""

from __future__ import annotations

from collections.abc import Iterator

from ..host import arm, x86
from .case import Blocker, Case

_FLAGS = {"x86_64": frozenset(x86.BITS), "aarch64": frozenset(arm.BITS)}
#: What a missing flag looks like when the stack runs anyway.
_SYMPTOMS = {
    "tensorflow": "its import ends with SIGILL (exit 132) and without a word",
    "pytorch": "its import ends with SIGILL, or with numpy's RuntimeError about the CPU baseline",
}


def architecture(case: Case) -> Iterator[Blocker]:
    """The stack exists for this architecture."""
    here, supported = case.host["cpu"]["architecture"], case.needs.get("architectures") or ()
    if supported and here and here not in supported:
        text = f"{case.title} exists for {' and '.join(supported)}, not for {here}."
        way = f"Take {case.name} out of dnnready_stacks here."
        yield case.blocker("wrong_architecture", text, way, evidence=f"architecture {here}")


def word_size(case: Case) -> Iterator[Blocker]:
    """At least one interpreter is a 64-bit program: a 64-bit kernel may carry 32-bit programs alone."""
    pythons = case.host["python"]
    if pythons and all(int(python["bits"]) < 64 for python in pythons):  # noqa: PLR2004 - bits
        text = f"Every Python here is a 32-bit program; {case.title} exists for 64 bits alone."
        evidence = ", ".join(str(python["path"]) for python in pythons)
        yield case.blocker("wrong_architecture", text, "Use the 64-bit image of the distribution.", evidence=evidence)


def flags(case: Case) -> Iterator[Blocker]:
    """The CPU has the instructions that the stack is built with; flags of another architecture do not count."""
    processor = case.host["cpu"]
    known = _FLAGS.get(processor["architecture"], frozenset())
    missing = [flag for flag in case.needs.get("cpu_flags") or () if flag in known and flag not in processor["flags"]]
    if not missing or not processor["flags"]:
        return
    model = processor["model"] or "unknown model"
    names = ", ".join(flag.upper() for flag in missing)
    symptom = next((_SYMPTOMS[probe] for probe in case.probes if probe in _SYMPTOMS), "it ends with SIGILL")
    virtual = processor["emulated"] or case.host["virtualization"]["kind"] not in ("none", None)
    yield case.blocker(
        "cpu_lacks_instructions",
        f"{case.title} is built for {names}, which this CPU ({model}) lacks: {symptom}.",
        "Give the virtual machine the host's CPU (qemu: -cpu host)." if virtual else "Use a CPU that has it.",
        case.leave_out,
        evidence=f"flags without {' '.join(missing)}; level {processor['level']}",
    )
