"""Pairs of causes with the same message, and what the host document says about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Optional

from .facts import Facts

#: (cause, other cause): the fact that tells them apart, and the question it answers.
SEPARATORS: Mapping[frozenset[str], tuple[str, str]] = {
    frozenset(pair): (fact, question)
    for pair, fact, question in (
        (("cpu_lacks_instructions", "emulation_limits"), "cpu.emulated", "Is the CPU imitated by qemu or Rosetta?"),
        (("cpu_lacks_instructions", "system_library_missing"), "cpu.flags", "Does the CPU have AVX?"),
        (
            ("cpu_lacks_instructions", "dnn_library_version_conflict"),
            "cpu.flags",
            "Does the CPU have what the file uses?",
        ),
        (
            ("emulation_limits", "wrong_architecture"),
            "cpu.architecture",
            "Which processor does the machine really have?",
        ),
        (("cuda_build_on_cpu_host", "cuda_libraries_missing"), "gpu.devices", "Is there a GPU?"),
        (("cuda_build_on_cpu_host", "cudnn_not_found_or_mismatch"), "gpu.devices", "Is there a GPU?"),
        (("cuda_build_on_cpu_host", "benign_message"), "gpu.devices", "Is there a GPU?"),
        (("cuda_build_on_cpu_host", "extension_abi_mismatch"), "gpu.devices", "Is there a GPU?"),
        (("cuda_build_on_cpu_host", "model_or_input_error"), "gpu.devices", "Is there a GPU?"),
        (
            ("cuda_libraries_missing", "cudnn_not_found_or_mismatch"),
            "packages",
            "Which of CUDA and cuDNN is installed, and in which version?",
        ),
        (("cuda_libraries_missing", "benign_message"), "gpu.devices", "Is there a GPU?"),
        (
            ("thread_limit", "seccomp_blocks_threads"),
            "limits.processes",
            "Is the errno of one new thread EAGAIN or EPERM?",
        ),
        (("exec_stack", "selinux_or_noexec"), "libc.version", "Is glibc 2.41 or newer, or does a policy refuse?"),
        (
            ("selinux_or_noexec", "out_of_memory"),
            "disk.target.noexec",
            "Is the folder mounted noexec, or is memory limited?",
        ),
        (("selinux_or_noexec", "onednn_primitive_error"), "wx.allowed", "May writable memory become executable?"),
        (("musl_libc", "python_version_no_wheel"), "libc.name", "Is the C library musl?"),
        (("musl_libc", "wrong_architecture"), "libc.name", "Is the C library musl?"),
        (("musl_libc", "openmp_runtime_missing"), "libc.name", "Is the C library musl?"),
        (("musl_libc", "glibc_too_old"), "libc.name", "Is the C library musl, or an old glibc?"),
        (("wrong_architecture", "python_version_no_wheel"), "python.tag", "Which tags does the interpreter accept?"),
        (("glibc_too_old", "python_version_no_wheel"), "libc.version", "How old is glibc?"),
        (("wrong_architecture", "corrupt_install"), "record", "Do the file's machine type and its size in RECORD fit?"),
        (("openmp_runtime_missing", "corrupt_install"), "record", "Is the file listed in the package's RECORD?"),
        (("extension_abi_mismatch", "corrupt_install"), "record", "Is the file listed in the framework's RECORD?"),
        (("dnn_library_missing", "dnn_library_version_conflict"), "loader", "Which copy does the loader take?"),
        (("onednn_primitive_error", "dnn_library_version_conflict"), "loader", "Which copy of oneDNN is mapped?"),
        (
            ("undefined_symbol_mkl", "mkl_library_missing"),
            "loader",
            "Do the files of MKL exist, and are they of one version?",
        ),
        (("undefined_symbol_mkl", "openmp_runtime_missing"), "loader", "Is Intel's OpenMP beside MKL?"),
        (("onednn_primitive_error", "openmp_runtime_conflict"), "loader", "Which OpenMP runtimes are mapped?"),
        (
            ("proc_sys_unavailable", "benign_message"),
            "kernel_files",
            "Can /proc and /sys be read, and did the program go on?",
        ),
        (
            ("libstdcxx_too_old", "extension_abi_mismatch"),
            "libstdcxx.glibcxx",
            "How new is the C++ library that is loaded?",
        ),
        (
            ("openmp_runtime_missing", "system_library_missing"),
            "loader",
            "Which of its libraries does Windows not find?",
        ),
    )
}


def separator(cause: str, other: str) -> Optional[tuple[str, str]]:
    """The fact that tells two causes apart, and its question."""
    return SEPARATORS.get(frozenset((cause, other)))


def _no(answer: Optional[bool]) -> Optional[bool]:
    return None if answer is None else not answer


def _wanted(details: Mapping[str, str]) -> str:
    return details.get("wanted", "")


def _first_flag(details: Mapping[str, str]) -> str:
    words = details.get("instructions", "").lower().replace(".", "_").replace("avx512 ", "avx512f ").split()
    return words[0].strip("(),") if words else ""


def _too_much(facts: Facts, details: Mapping[str, str]) -> Optional[bool]:
    have, asked = facts.get("memory.total_bytes"), details.get("bytes", "")
    if not isinstance(have, int) or not asked.isdigit():
        return None
    return True if int(asked) > have else None


Answer = Callable[[Facts, Mapping[str, str]], Optional[bool]]
#: What the host says about a cause: can it be so here?
_POSSIBLE: Mapping[str, Answer] = {
    "emulation_limits": lambda facts, _: facts.emulated,
    "cpu_lacks_instructions": lambda facts, details: None if facts.emulated else _no(facts.flag(_first_flag(details))),
    # Where the message itself says that the build is for CPUs, a missing GPU decides nothing.
    "cuda_build_on_cpu_host": lambda facts, details: None if details.get("build") == "cpu" else _no(facts.gpu),
    "cuda_libraries_missing": lambda facts, _: facts.gpu,
    "cudnn_not_found_or_mismatch": lambda facts, _: facts.gpu,
    "musl_libc": lambda facts, _: facts.musl,
    "glibc_too_old": lambda facts, details: _no(facts.glibc_at_least(_wanted(details))),
    "libstdcxx_too_old": lambda facts, _: _no(facts.musl),
    "static_tls": lambda facts, _: _no(facts.glibc_at_least("2.40")),
    "exec_stack": lambda facts, _: facts.glibc_at_least("2.41"),
    "seccomp_blocks_threads": lambda facts, _: facts.container,
    "proc_sys_unavailable": lambda facts, _: _no(facts.kernel_files),
    "selinux_or_noexec": lambda facts, _: True if facts.noexec or facts.wx is False else None,
    "out_of_memory": _too_much,
}


#: What a fact adds that speaks for a cause: more where it makes the message certain than where it allows it.
_LIFT: Mapping[str, float] = {"selinux_or_noexec": 0.62, "musl_libc": 0.55, "emulation_limits": 0.46}
_LIFT_ELSE = 0.25


def decided(causes: tuple[str, str], facts: Facts, details: Mapping[str, str]) -> bool:
    """Whether the host answers for one of two causes, so that nothing is open between them."""
    return bool(facts) and any(_POSSIBLE[cause](facts, details) is not None for cause in causes if cause in _POSSIBLE)


def judged(weight: float, cause: str, facts: Facts, details: Mapping[str, str]) -> float:
    """The weight of a cause on this host: raised where a fact speaks for it, cut where one rules it out."""
    if not facts or cause not in _POSSIBLE:
        return weight
    answer = _POSSIBLE[cause](facts, details)
    if answer is None:
        return weight
    return min(0.98, weight + _LIFT.get(cause, _LIFT_ELSE)) if answer else weight * 0.4
