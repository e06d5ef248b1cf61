"""Whether memory, limits and kernel files let a stack run."""

from __future__ import annotations

from collections.abc import Iterator

from .case import Blocker, Case, size

#: Measured with two cores: torch 2.13 needs 239 MiB of memory and 0.8 GiB of addresses, TensorFlow 2.21 536 MiB and
#: 1.3 GiB; every thread adds its stack and an arena of glibc.
ADDRESSES_PER_MEMORY = 2
ADDRESSES_PER_THREAD = (8 + 64) << 20
#: Stacks proven by these generate machine code while they run.
_GENERATE_CODE = frozenset({"onednn", "pytorch", "tensorflow"})


def memory(case: Case) -> Iterator[Blocker]:
    """The host, or the control group, has the memory that a proof needs."""
    facts, needed = case.host["memory"], int(case.needs.get("memory_bytes") or 0)
    total, limit = facts["total_bytes"], facts["limit_bytes"]
    bounds = [bound for bound in (total, limit) if bound is not None]
    if not bounds or min(bounds) >= needed:
        return
    limited = limit is not None and (total is None or limit <= total)
    what = "the memory limit of its control group is" if limited else "it has"
    yield case.blocker(
        "out_of_memory",
        f"{case.title} needs {size(needed)} of memory for one convolution; on this host {what} {size(min(bounds))}.",
        "Raise it (podman and docker: --memory, systemd: MemoryMax=)." if limited else "Use a host with more memory.",
        case.leave_out,
        evidence=f"total {total}, limit {limit}",
    )


def address_space(case: Case) -> Iterator[Blocker]:
    """The address space is large enough for libraries, stacks and arenas."""
    limit, memory_bytes = case.host["memory"]["address_space_bytes"], int(case.needs.get("memory_bytes") or 0)
    needed = ADDRESSES_PER_MEMORY * memory_bytes + case.host["cores"]["effective"] * ADDRESSES_PER_THREAD
    if limit is not None and memory_bytes and limit < needed:
        yield case.blocker(
            "out_of_memory",
            f"The address space is limited to {size(limit)}; {case.title} needs about {size(needed)} "
            "(`Memory allocation still failed`).",
            "ulimit -v unlimited (systemd: LimitAS=infinity)",
            evidence=f"RLIMIT_AS {limit}",
        )


def threads(case: Case) -> Iterator[Blocker]:
    """There may be a thread per core beside the first."""
    limit, cores = case.host["limits"]["processes"], case.host["cores"]["effective"]
    if limit is not None and limit <= cores:
        yield case.blocker(
            "thread_limit",
            f"At most {limit} processes and threads are allowed, and {cores} threads would compute "
            "(`Thread creation failed: Resource temporarily unavailable`).",
            "Raise it (ulimit -u, systemd: TasksMax=, podman and docker: --pids-limit).",
            evidence=f"processes {limit}",
        )


def executable_memory(case: Case) -> Iterator[Blocker]:
    """oneDNN may make its generated code executable."""
    off = case.definition.get("options", {}).get("onednn_convolution") == "off"
    if case.host["wx"]["allowed"] is False and _GENERATE_CODE.intersection(case.probes) and not off:
        yield case.blocker(
            "onednn_primitive_error",
            "Writable memory may not become executable here, so oneDNN cannot generate its kernels "
            "(`could not create a primitive`).",
            "Allow it: MemoryDenyWriteExecute=no in the systemd unit, or the seccomp or SELinux policy.",
            evidence="mprotect of written memory to executable is refused",
        )


def kernel_files(case: Case) -> Iterator[Blocker]:
    """TensorFlow finds /proc, without which it aborts."""
    if "tensorflow" in case.probes and not case.host["kernel_files"]["proc"]:
        yield case.blocker(
            "proc_sys_unavailable",
            "/proc cannot be read: TensorFlow aborts at import (`Check failed: -1 != path_length`).",
            "mount -t proc proc /proc",
            evidence="/proc/self/exe",
        )
