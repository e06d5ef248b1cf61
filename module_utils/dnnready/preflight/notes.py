"""What does not stop a stack, and is good to know before the proof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypedDict

from .case import size


class Note(TypedDict):
    """One observation about the host."""

    code: str
    text: str


def notes(host: Mapping[str, Any], definitions: Sequence[Mapping[str, Any]] = ()) -> list[Note]:
    """Everything worth saying about a host that blocks nothing; the definitions tell what memory will be needed."""
    found = [*_processor(host), *_cores(host), *_room(host, definitions), *_kernel(host)]
    return [{"code": code, "text": text} for code, text in found]


def _processor(host: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    cpu = host["cpu"]
    if cpu["emulated"]:
        yield "emulated_cpu", f"The CPU is emulated ({cpu['model'] or cpu['architecture']}): speed says nothing here."
    if "amx_tile" in cpu["flags"] and "amx" not in cpu["isa"]:
        yield "amx_not_usable", "The CPU has AMX, but the kernel does not let programs use it: oneDNN stays below."
    if cpu["isa"] in ("sse41", "avx"):
        yield "old_isa", f"oneDNN will run with {cpu['isa'].upper()} here, several times slower than with AVX2."
    if host["gpu"]["devices"]:
        devices = ", ".join(dict.fromkeys(host["gpu"]["devices"]))
        yield "gpu_unused", f"There is a GPU ({devices}); these stacks are CPU builds and do not use it."


def _cores(host: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    cores = host["cores"]
    usable, quota = len(cores["affinity"]), cores["quota"]
    if quota is not None and quota < usable:
        text = f"Control groups pay for {quota:g} of {usable} CPUs: {cores['effective']} thread(s) will compute."
        yield "cpu_quota", text + (" Below one CPU every convolution is throttled." if quota < 1 else "")
    if usable < cores["online"]:
        yield "cpu_affinity", f"This process may use {usable} of {cores['online']} CPUs."
    if cores["physical"] < usable:
        yield "hyperthreads", f"{usable} CPUs are {cores['physical']} cores: a thread per core computes, not per CPU."
    if cores["numa_nodes"] > 1:
        yield "numa", f"There are {cores['numa_nodes']} NUMA nodes: bind a process to one for steady times (numactl)."


def _room(host: Mapping[str, Any], definitions: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    available = host["memory"]["available_bytes"]
    needs = {str(each["name"]): int((each.get("needs") or {}).get("memory_bytes") or 0) for each in definitions}
    short = [name for name, needed in needs.items() if available is not None and available < needed]
    if short:
        yield "memory_in_use", f"Only {size(available)} of memory are free now, less than needed by {', '.join(short)}."


def _kernel(host: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    files = host["kernel_files"]
    if not files["sys_cpu"]:
        yield "sys_unreadable", "/sys/devices/system/cpu cannot be read: frameworks guess the number of CPUs."
    if not files["proc"]:
        yield "proc_unreadable", "/proc cannot be read: torch reports no CPU capability, and runs."
    if host["wx"]["allowed"] is None:
        yield "wx_unknown", "Whether writable memory may become executable is not known; the proof will show it."
