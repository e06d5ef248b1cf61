"""Checks of one good value against the host and its readers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .affinity import Affinity
from .finding import Finding
from .glibc import MMAP_LIMIT_GONE, MMAP_LIMIT_OLD, glibc_version, lacks_tunable
from .grammar import folded
from .isa import lost
from .paths import Preload, Tunables
from .variable import Variable

if TYPE_CHECKING:
    from .evaluate import Context


def _cpus(context: Context, known: Variable, name: str) -> Iterator[Finding]:
    """CPUs outside the affinity mask are left out silently or break the whole value."""
    allowed = context.host.get("cores", {}).get("affinity")
    if not isinstance(known.grammar, Affinity) or not allowed:
        return
    value = context.variables[name]
    foreign = sorted((known.grammar.cpus(value) or frozenset()) - set(allowed))
    if foreign:
        text = f"{name}='{value}' names CPU {foreign[0]}, which this host does not let the process use. {known.bad}"
        yield Finding(
            "error", "cpu_not_allowed", name, value, text, f"Use CPUs of {','.join(map(str, allowed))} alone."
        )


def _threads(context: Context, known: Variable, name: str) -> Iterator[Finding]:
    """OpenMP threads wait by spinning: one too many holds up all others."""
    effective = context.host.get("cores", {}).get("effective")
    if not known.threads or not effective:
        return
    value = context.variables[name]
    wanted = int(value.split(",")[0])
    if wanted > effective:
        text = f"{name}={value} is more than the {effective} cores that this host lets the process use."
        yield Finding("warning", "too_many_threads", name, value, text, f"Use {effective} or fewer.")


def _isa(context: Context, known: Variable, name: str) -> Iterator[Finding]:
    """A limit below the CPU costs speed, and a proof calls it fallback."""
    if known.name != "ONEDNN_MAX_CPU_ISA":
        return
    value, cpu = context.variables[name], context.host.get("cpu", {}).get("isa", "")
    left = lost(value, cpu)
    if left:
        text = f"{name}={value} leaves oneDNN {left} of the CPU's {cpu}: convolutions get several times slower."
        remedy = "Leave it out unless you compare instruction sets."
        yield Finding("warning", "isa_below_cpu", name, value, text, remedy)


def _debugging(context: Context, known: Variable, name: str) -> Iterator[Finding]:
    value = context.variables[name]
    if known.debugging and folded(value) not in map(folded, known.off):
        text = f"{name}={value} is for debugging. {known.summary}"
        yield Finding("warning", "debugging", name, value, text, "Set it for a single run, not for a service.")


def _shrinks(context: Context, _known: Variable, name: str) -> Iterator[Finding]:
    """Measured with libgomp and libiomp5: sched_getaffinity of the main thread has one CPU left after the import."""
    value = folded(context.variables[name])
    openmp = context.readers & {"libgomp", "libiomp5"}
    binding = {
        "OMP_PROC_BIND": value != "false",
        "OMP_PLACES": folded(context.variables.get("OMP_PROC_BIND", "")) != "false",
        "GOMP_CPU_AFFINITY": True,
        "KMP_AFFINITY": "libiomp5" in openmp and not {"none", "disabled"} & set(value.split(",")),
    }
    if binding.get(name) and openmp and len(context.host.get("cores", {}).get("affinity", [0, 1])) > 1:
        text = (
            f"{name}={context.variables[name]} also binds the main thread: all that it starts (data loaders, "
            "subprocesses) inherits that one place."
        )
        remedy = "Keep it for a program that starts nothing, one copy per host."
        yield Finding("warning", "shrinks_cpu_set", name, context.variables[name], text, remedy)


def _new_words(context: Context, _known: Variable, name: str) -> Iterator[Finding]:
    value = folded(context.variables[name])
    new = {"OMP_PROC_BIND": ("primary",), "OMP_PLACES": ("ll_caches", "numa_domains")}.get(name, ())
    if "libgomp" in context.readers and any(word in value for word in new):
        text = f"{name}={context.variables[name]} is refused by libgomp before GCC 12, so by the one in torch's wheels."
        remedy = "Use master for primary, and sockets or places in braces for the others."
        yield Finding("warning", "word_too_new", name, context.variables[name], text, remedy)


def _old_name(context: Context, known: Variable, name: str) -> Iterator[Finding]:
    if name in known.aliases:
        text = f"{name} is an old name of {known.name}"
        text += ", which TensorFlow's oneDNN no longer reads." if name.startswith("MKLDNN_") else "."
        yield Finding("note", "old_name", name, context.variables[name], text, f"Use {known.name}.")


def _preload(context: Context, known: Variable, name: str) -> Iterator[Finding]:
    """Names without a slash are the loader's to find."""
    if known.name != "LD_PRELOAD" or context.exists is None:
        return
    value = context.variables[name]
    for path in Preload.libraries(value):
        if "/" in path and not context.exists(path):
            text = f"{name} names {path}, which does not exist. {known.bad}"
            yield Finding("error", "file_missing", name, value, text, "Install the library, or correct the path.")


def _library_path(context: Context, known: Variable, name: str) -> Iterator[Finding]:
    if known.name != "LD_LIBRARY_PATH" or context.exists is None:
        return
    value = context.variables[name]
    for path in value.split(":"):
        if not context.exists(path):
            text = f"{name} names {path}, which does not exist."
            yield Finding("warning", "directory_missing", name, value, text, "Correct the path, or leave it out.")


def _tunables(context: Context, known: Variable, name: str) -> Iterator[Finding]:
    if known.name != "GLIBC_TUNABLES":
        return
    value, version = context.variables[name], glibc_version(context.host)
    settings = dict(Tunables.settings(value))
    for tunable in filter(lambda name: lacks_tunable(name, version), sorted(settings)):
        which = "glibc " + ".".join(map(str, version)) if version else "glibc"
        text = f"{which} has no {tunable}, and ignores what it does not know silently."
        yield Finding("warning", "tunable_unknown", name, value, text, "Check the spelling.")
    threshold = settings.get("glibc.malloc.mmap_threshold", 0)
    if version and version < MMAP_LIMIT_GONE and threshold > MMAP_LIMIT_OLD:
        text = (
            f"glibc before {'.'.join(map(str, MMAP_LIMIT_GONE))} may refuse a glibc.malloc.mmap_threshold above "
            f"{MMAP_LIMIT_OLD} silently (2.31 does), and every tensor is then mapped anew."
        )
        yield Finding("warning", "threshold_ignored", name, value, text, f"Use {MMAP_LIMIT_OLD} at most.")


CHECKS = (
    _cpus,
    _threads,
    _isa,
    _debugging,
    _shrinks,
    _new_words,
    _old_name,
    _preload,
    _library_path,
    _tunables,
)
