"""What the observations of several probes say about each other: a text has many meanings, a file has one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import libraries
from .probe import Case


@dataclass(frozen=True)
class Rule:
    """Multiplies the weight of causes where something holds. `because` is for readers of the rules."""

    causes: frozenset[str]
    factor: float
    holds: Callable[[Case], bool]
    because: str


def _looked(case: Case, probe: str) -> bool:
    """Whether a probe answered, and found nothing."""
    seen = case.observations.get(probe)
    return seen is not None and not seen.suspicions and not seen.unknown and bool(seen.said)


def _of(case: Case, probe: str, *causes: str) -> bool:
    seen = case.observations.get(probe)
    return seen is not None and any(each.cause in causes for each in seen.suspicions)


def _signal(case: Case, *names: str) -> bool:
    return case.fact("convolution", "signal") in names


def _damaged(case: Case) -> bool:
    return any(
        each.cause == "corrupt_install" and each.weight >= 0.95  # noqa: PLR2004 - seen, not guessed
        for name in ("records", "hashes", "elf")
        if name in case.observations
        for each in case.observations[name].suspicions
    )


def _names_a_damaged_library(case: Case) -> bool:
    """A library of its own family is gone, not one of many files."""
    return _damaged(case) and not any(
        libraries.family(libraries.basename(each.details.get("library", ""))) in ("dnn", "mkl", "openmp")
        for name in ("records", "elf")
        if name in case.observations
        for each in case.observations[name].suspicions
    )


def _gone(case: Case, *families: str) -> bool:
    """Whether every file that is gone is a library of these families."""
    names = [libraries.basename(str(path)) for path in case.fact("records", "missing") or []]
    return bool(names) and all(libraries.family(name) in families for name in names)


_MISSING = (
    "system_library_missing",
    "dnn_library_missing",
    "mkl_library_missing",
    "openmp_runtime_missing",
    "blas_library_missing",
)


def _causes(*names: str) -> frozenset[str]:
    return frozenset(names)


RULES = (
    Rule(
        _causes("invalid_env_value", "not_dispatched"),
        0.7,
        lambda case: _of(case, "environment", "isa_below_cpu"),
        "it is the variable that keeps the library below the CPU",
    ),
    Rule(
        _causes("corrupt_install"),
        0.85,
        lambda case: _gone(case, "dnn", "mkl", "openmp"),
        "the DNN library itself or its OpenMP is gone, not one of many files",
    ),
    Rule(
        _causes("dnn_library_missing"), 1.5, lambda case: _gone(case, "dnn"), "its file is gone from the installation"
    ),
    Rule(
        _causes("openmp_runtime_missing"),
        1.3,
        lambda case: _gone(case, "openmp"),
        "its file is gone from the installation, and the system has none",
    ),
    Rule(
        _causes("mkl_library_missing"), 1.5, lambda case: _gone(case, "mkl"), "its file is gone from the installation"
    ),
    Rule(
        _causes("corrupt_install"),
        0.6,
        lambda case: _looked(case, "records") and _looked(case, "hashes"),
        "every file is as the package's RECORD says, byte for byte",
    ),
    Rule(
        _causes("corrupt_install"),
        0.8,
        lambda case: _looked(case, "records") and not _signal(case, "SIGBUS", "SIGSEGV", "SIGILL", "SIGABRT"),
        "every file is as long as RECORD says, and nothing crashed",
    ),
    Rule(
        _causes(
            "extension_abi_mismatch",
            "openmp_runtime_missing",
            "system_library_missing",
            "wrong_architecture",
            "shadowed_or_partial_module",
            "blas_library_missing",
            "cpu_lacks_instructions",
            "framework_not_installed",
            "probe_crashed",
            "probe_failed",
            "numpy_abi",
            "out_of_memory",
            "libstdcxx_too_old",
        ),
        0.85,
        _names_a_damaged_library,
        "files of the installation are damaged, which explains the rest",
    ),
    Rule(
        _causes("cpu_lacks_instructions", "emulation_limits"),
        0.7,
        lambda case: _looked(case, "processor") and not _signal(case, "SIGILL"),
        "the CPU has what the builds need",
    ),
    Rule(
        _causes("onednn_primitive_error", "probe_failed", "out_of_memory"),
        0.7,
        lambda case: _of(case, "surroundings", "selinux_or_noexec"),
        "memory may not become executable, which oneDNN needs",
    ),
    Rule(
        _causes("out_of_memory", "onednn_primitive_error", "probe_failed", "probe_crashed", "model_or_input_error"),
        0.8,
        lambda case: _of(case, "surroundings", "thread_limit", "seccomp_blocks_threads"),
        "no thread can be started",
    ),
    Rule(
        _causes("libstdcxx_too_old", "extension_abi_mismatch", "undefined_symbol_mkl", "dnn_library_version_conflict"),
        0.6,
        lambda case: _of(case, "loader", *_MISSING),
        "symbols are missing because the library that has them is",
    ),
    Rule(
        _causes("thread_limit"),
        0.6,
        lambda case: _looked(case, "surroundings"),
        "threads can be started",
    ),
    Rule(
        _causes("onednn_primitive_error", "dnn_library_version_conflict", "not_dispatched"),
        0.8,
        lambda case: _of(case, "environment", "onednn_not_enabled_at_runtime"),
        "the library is switched off by a variable",
    ),
    Rule(
        _causes("probe_timed_out", "probe_crashed", "probe_failed", "invalid_env_value"),
        0.9,
        lambda case: _of(case, "without_variables", "isa_below_cpu", "dnn_library_version_conflict", "static_tls"),
        "an experiment shows what makes the difference",
    ),
)


def factor(cause: str, case: Case) -> float:
    """By how much the observations as a whole change what speaks for a cause."""
    product = 1.0
    for rule in RULES:
        if cause in rule.causes and rule.holds(case):
            product *= rule.factor
    return product
