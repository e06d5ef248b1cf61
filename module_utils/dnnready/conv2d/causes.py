"""Why a probe did not come to its end, from how it ended and what it said: one short cause.

The codes are those of the diagnosis, which looks closer and knows more messages; a few are of the proof alone and are
explained in docs/proof.md. The order of the rules matters: the first that matches is the cause.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple, Optional

from ..process import Completed


class Cause(NamedTuple):
    """Why a verdict is not better: a stable code, a sentence, and the next command or setting."""

    code: str
    text: str
    next: str = ""


AGAIN = "ansible-playbook playbooks/verify.yml"
BUILD = "ansible-playbook site.yml"
REBUILD = "ansible-playbook site.yml -e dnnready_force=true"

#: pattern, code, what it means, what next. The line that matched is added.
_RULES: tuple[tuple[str, str, str, str], ...] = (
    (
        r"No module named '?(torch|tensorflow|keras)",
        "framework_not_installed",
        "The framework is missing",
        REBUILD,
    ),
    (r"SYCL cpu devices queried but not found", "dnn_library_missing", "oneDNN's SYCL finds no CPU device", REBUILD),
    (r"libcu\w+\.so|libnv\w+\.so", "cuda_build_on_cpu_host", "This is a build for GPUs", REBUILD),
    (
        r"lib(dnnl|mkldnn|mklml)\S*: cannot open shared",
        "dnn_library_missing",
        "oneDNN is not found",
        REBUILD,
    ),
    (
        r"libmkl\S*: cannot open shared|Cannot load libmkl",
        "mkl_library_missing",
        "MKL is not found",
        REBUILD,
    ),
    (r"lib(g|i)?omp\S*: cannot open shared", "openmp_runtime_missing", "The OpenMP runtime is missing", REBUILD),
    (r"lib(open|c|f77)?blas\S*: cannot|liblapack\S*: cannot", "blas_library_missing", "BLAS is missing", REBUILD),
    (r"version `?GLIBC_", "glibc_too_old", "The C library is too old", BUILD),
    (r"version `?(GLIBCXX|CXXABI)_", "libstdcxx_too_old", "libstdc++ is too old", BUILD),
    (r"file too short|invalid ELF header|Error relocating", "corrupt_install", "A library file is damaged", REBUILD),
    (r"wrong ELF class|Exec format error", "wrong_architecture", "A file is for another CPU", REBUILD),
    (r"cannot enable executable stack", "exec_stack", "The C library refuses an executable stack", BUILD),
    (r"failed to map segment", "selinux_or_noexec", "The mount or a policy forbids to execute files", BUILD),
    (r"cannot allocate memory in static TLS", "static_tls", "No room for the thread-local data of OpenMP", BUILD),
    (r"cannot open shared object", "system_library_missing", "A system library is missing", BUILD),
    (
        r"(undefined symbol|symbol lookup error).*mkl",
        "undefined_symbol_mkl",
        "MKL's files do not fit",
        REBUILD,
    ),
    (r"undefined symbol|symbol lookup error", "extension_abi_mismatch", "Files of two versions are mixed", REBUILD),
    (r"compiled for Python|Python version mismatch", "extension_abi_mismatch", "Built for another Python", REBUILD),
    (r"np\.complex_|_ARRAY_API|multiarray failed|NumPy 1\.x", "numpy_abi", "numpy does not fit", REBUILD),
    (r"gencode|Descriptors cannot be created directly", "protobuf_conflict", "protobuf does not fit", REBUILD),
    (r"X86_V2|was compiled to use (SSE|AVX|FMA)", "cpu_lacks_instructions", "The CPU lacks instructions", ""),
    (r"OMP: Error #15", "openmp_runtime_conflict", "Two OpenMP runtimes are in one process", REBUILD),
    (r"Operation not permitted.*thread|thread.*Operation not permitted", "seccomp_blocks_threads", "No threads", AGAIN),
    (r"Thread creation failed|can't start new thread|pthread_create", "thread_limit", "No more threads allowed", AGAIN),
    (r"OMP: Error|parameter invalid", "invalid_env_value", "OpenMP refuses a variable", BUILD),
    (r"could not create a primitive", "onednn_primitive_error", "oneDNN could not create a primitive", AGAIN),
    (r"allocation still failed|MemoryError|bad_alloc|Cannot allocate memory", "out_of_memory", "Out of memory", AGAIN),
    (r"No space left on device", "no_disk_space", "The disk is full", AGAIN),
    (r"path_length|failed to parse \S*cpu", "proc_sys_unavailable", "/proc or /sys is not readable", AGAIN),
)

_SIGNALS = {
    "SIGILL": ("cpu_lacks_instructions", "The CPU lacks an instruction that this build uses"),
    "SIGBUS": ("corrupt_install", "A library file is cut: its pages are not there"),
    "SIGSEGV": ("corrupt_install", "It crashed: most often a damaged or mixed installation"),
    "SIGKILL": ("out_of_memory", "It was killed: most often by the kernel, for want of memory"),
    "SIGXCPU": ("probe_timed_out", "It reached a limit of CPU time"),
}
#: How shells and emulators report a signal.
_SIGNAL_BASE = 128
_NUMBERS = {4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 9: "SIGKILL", 11: "SIGSEGV"}


def of_process(completed: Completed, during: str, environment: Mapping[str, str]) -> Cause:
    """The cause for a probe without an answer; `during` names the convolution in which it ended, or ""."""
    where = f" during {during}" if during else ""
    if completed.timed_out:
        value = environment.get("GOMP_CPU_AFFINITY")
        if value:
            return Cause("invalid_env_value", f"It hung{where} with GOMP_CPU_AFFINITY={value}.", BUILD)
        return Cause("probe_timed_out", f"It did not end in {completed.wall_seconds:.0f} s{where}.", AGAIN)
    found = of_text(completed.stderr)
    signal = ended_by(completed)
    if found and signal not in ("SIGILL", "SIGBUS", "SIGSEGV", "SIGKILL"):
        return found
    if signal:
        code, text = _SIGNALS.get(signal, ("probe_crashed", "It was ended by a signal"))
        build = REBUILD if code == "corrupt_install" else AGAIN
        return Cause(code, f"{text} ({signal}{where}).", build)
    last = last_line(completed.stderr)
    said = f": {last}" if last else ", and said nothing"
    return Cause("probe_failed", f"It ended with exit code {completed.exit_code}{where}{said}.", AGAIN)


def of_text(text: str) -> Optional[Cause]:
    """The cause that a message tells of, None where no rule knows it."""
    for pattern, code, meaning, following in _RULES:
        match = re.search(pattern, text)
        if match:
            start = text.rfind("\n", 0, match.start()) + 1
            line = " ".join(text[start:].split("\n", 1)[0].split())[:300]
            return Cause(code, f"{meaning}: {line}", following)
    return None


def ended_by(completed: Completed) -> str:
    """The signal that ended a child, also where a wrapper turned it into an exit code; "" for none."""
    if completed.signal:
        return completed.signal
    code = completed.exit_code or 0
    return _NUMBERS.get(code - _SIGNAL_BASE, "") if code > _SIGNAL_BASE else ""


def last_line(text: str) -> str:
    """The last line with words in it: of a Python traceback the message."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
