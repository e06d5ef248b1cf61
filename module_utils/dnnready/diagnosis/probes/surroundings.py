"""Step 3, cheap: a child under the target's conditions tries what a framework will try."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from ...conv2d.harness import bundle
from ...errors import DnnreadyError
from ...host import cgroup, machine, memory, mounts, surroundings, wx
from ..probe import CHEAP, Case, Observation, Probe, Suspicion

_TIMEOUT = 30.0
_MODULES = (machine, mounts, cgroup, memory, wx, surroundings)
_FULL_BYTES = 1 << 20
_SMALL_BYTES = 768 << 20


def look(case: Case) -> Observation:
    """What a process of the target may do."""
    target = case.target
    try:
        done = target.launch(
            [target.python if case.fact("inventory", "python") else sys.executable, "-"],
            env=target.environment,
            timeout=_TIMEOUT,
            stdin=bundle(_MODULES, {}),
            cwd=target.directory or "/",
        )
        found = json.loads(done.stdout.strip().splitlines()[-1])
    except DnnreadyError as error:
        return Observation(unknown=(("the conditions of a process of the target", str(error)),))
    except (ValueError, IndexError):
        words = f"the child ended by {done.signal or done.exit_code}: {done.stderr.strip()[-300:]}"
        return Observation(
            facts={"ending": done.stderr[-4000:], "signal": done.signal or ""},
            unknown=(("the conditions of a process of the target", words),),
        )
    suspicions = tuple(_suspicions(found, case))
    return Observation(
        said=""
        if suspicions
        else "A process of the target may start threads, run code that it makes, and read /proc and /sys.",
        suspicions=suspicions,
        facts=found,
        unknown=tuple((entry["what"], entry["why"]) for entry in found["unknown"]),
    )


def _suspicions(found: Mapping[str, Any], case: Case) -> Iterator[Suspicion]:
    yield from _executable(found, case)
    yield from _threads(found)
    if found["unreadable"]:
        yield Suspicion(
            "proc_sys_unavailable",
            0.75 if "/proc/self/maps" in found["unreadable"] else 0.66,
            [f"{path} cannot be read in the process" for path in found["unreadable"]],
        )
    yield from _temporary(found["temporary"])
    limit = min((size for size in _bounds(found["memory"]) if size), default=None)
    if limit is not None and limit < _SMALL_BYTES:
        yield Suspicion(
            "out_of_memory", 0.5, [f"A process of the target may use {limit >> 20} MiB"], {"bytes": str(limit)}
        )


def _executable(found: Mapping[str, Any], case: Case) -> Iterator[Suspicion]:
    executed = found["executed"]
    if executed.get("allowed") is not False:
        return
    evidence = [f"Writable memory may not become executable ({executed.get('why', '')})"]
    if case.target.properties.get("MemoryDenyWriteExecute") == "yes":
        evidence.append(f"{case.target.unit} has MemoryDenyWriteExecute=yes")
    yield Suspicion("selinux_or_noexec", 0.9, evidence, {"unit": case.target.unit})


def _threads(found: Mapping[str, Any]) -> Iterator[Suspicion]:
    threads, limits = found["threads"], found["limits"]
    if not threads.get("errno"):
        return
    said = f"Only {threads['started']} of {threads['wanted']} threads could be started: {threads['errno']}"
    if threads["errno"] == "EPERM":
        filtered = found["security"].get("seccomp") == "2"
        evidence = [said] + (["A system call filter (seccomp) is active"] if filtered else [])
        yield Suspicion("seccomp_blocks_threads", 0.96, evidence)
    else:
        allowed = limits.get("processes")
        yield Suspicion(
            "thread_limit",
            0.96,
            [said] + ([f"At most {allowed} processes and threads are allowed"] if allowed else []),
            {"wanted": str(threads["wanted"])},
        )


def _temporary(temporary: Mapping[str, Any]) -> Iterator[Suspicion]:
    if not temporary:
        return
    if temporary["problem"]:
        yield Suspicion("no_disk_space", 0.6, [f"No temporary directory is usable: {temporary['problem']}"])
        return
    full = [
        words
        for words, amount, least in (
            (f"{temporary['path']} has {temporary['free_bytes']} bytes left", temporary["free_bytes"], _FULL_BYTES),
            (f"{temporary['path']} has no inodes left", temporary["free_inodes"], 1),
        )
        if amount is not None and amount < least
    ]
    if full:
        yield Suspicion("no_disk_space", 0.8, full, {"path": temporary["path"]}, certain=True)


def _bounds(memory_document: Mapping[str, Any]) -> Iterator[int]:
    for name in ("limit_bytes", "address_space_bytes", "total_bytes"):
        yield memory_document.get(name) or 0


PROBE = Probe(
    name="surroundings",
    step=3,
    cost=CHEAP,
    question="What may a process of the target do: threads, executable memory, kernel files, temporary files?",
    look=look,
)
