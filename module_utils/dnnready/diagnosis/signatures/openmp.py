"""OpenMP: two runtimes in one process, and MKL's layer over the wrong one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .. import libraries
from ..finding import Candidate
from ..signature import Evidence, sign

_NEEDED = re.compile(r"\(NEEDED\)[^\n]{0,60}\[(?P<library>[\w.+-]{1,80})\]")
_MAPPED = re.compile(r"(?P<path>[^\s\"]{0,250}/lib[ig]?omp\d?(?:-\w{8})?\.(?:so|dylib)[\d.]{0,8})")


def _runtimes(evidence: Evidence) -> Sequence[Candidate]:
    """Two different runtimes among the libraries that a file needs."""
    names = {match["library"] for match in evidence.context.find(_NEEDED, "(needed)")}
    runtimes = {name for name in names if libraries.family(name) == "openmp"}
    return (Candidate("openmp_runtime_conflict", 0.85),) if len(runtimes) > 1 else ()


def _copies(evidence: Evidence) -> Sequence[Candidate]:
    """Several copies in a list of mapped libraries."""
    paths = {match["path"] for match in evidence.context.find(_MAPPED, "omp")}
    listed = evidence.context.has("image list", "/proc/self/maps", "r-xp", "user_api")
    return (Candidate("openmp_runtime_conflict", 0.82),) if listed and len(paths) > 1 else ()


SIGNATURES = (
    sign(
        "openmp_twice",
        "Two OpenMP runtimes of one family are in the process.",
        (
            "Error #15",
            r"(?:Initializing|found) \S{1,60}omp\S{0,40},? (?:but found|already)",
            "multiple copies of the OpenMP runtime",
            # Not in a list of settings where nobody has set it.
            r"KMP_DUPLICATE_LIB_OK(?!['\"]? ?[=:] ?['\"]?(?:false|0|no)\b)",
            r"OpenMP \('?\w+'?\) (?:and|loaded)[^\n]{0,60}(?:same time|OpenMP)",
            "OMP: Error #131: Thread identifier invalid",
            r"OMP: Warning #19\d: Forking a process while a parallel region is active",
            r"(?:mixed|multiple|several|two|different) OpenMP (?:runtimes?|librar)",
            r"OMP: Error #36: Incompatible",
            r"libiomp5?\S{0,8} and libgomp\S{0,6} are both loaded",
            r"lib[gi]?omp\S{0,12} (?:is |was )?loaded twice",
            r"OMP: Error #178: Function pthread_atfork",
            r"OMP: Error #179: Function pthread_(?:mutex|cond|key)_\w{3,12} failed",
        ),
        {"openmp_runtime_conflict": 0.95},
        "OMP: Error #15: Initializing libiomp5md.dll, but found libiomp5md.dll already initialized.",
    ),
    sign(
        "openmp_after_fork",
        "An OpenMP runtime is used in a process that was forked from one that used it.",
        (
            r"fork\(\) called from a process already using (?:GNU )?OpenMP",
            r"Assertion failure at kmp\w*\.c(?:pp)?",
            "OMP: Error #13:",
            r"OpenMP[^\n]{0,40}after fork",
            r"in progress in another thread when fork\(\) was called",
        ),
        {"openmp_runtime_conflict": 0.88},
        "OMP: Error #13: Assertion failure at kmp_runtime.cpp(3689).",
    ),
    sign(
        "openmp_frames",
        "The process was ended inside an OpenMP runtime.",
        (
            r"(?:lib[ig]?omp\d?\S{0,20}['!(:\s]|in |#\d{1,3} )[^\n]{0,80}(?:__kmp\w+|kmp_flag\w*"
            r"|gomp_\w+|GOMP_\w+)"
        ),
        lambda evidence: (Candidate("openmp_runtime_conflict", 0.8),) if evidence.context.crashed else (),
        "EXC_BAD_ACCESS (SIGSEGV)\nlibomp.dylib'__kmp_suspend_64<false, true> + 44",
    ),
    sign(
        "openmp_needed_twice",
        "A library is linked to two OpenMP runtimes.",
        r"\(NEEDED\)[^\n]{0,60}\[lib[ig]?omp\d?\.",
        _runtimes,
        "(NEEDED) Shared library: [libomp.so]\n(NEEDED) Shared library: [libgomp.so.1]",
    ),
    sign(
        "openmp_mapped_twice",
        "Copies of an OpenMP runtime from different places are mapped.",
        r"(?:^|\s)(?:\[ ?\d{1,3}\]|[0-9a-f]{6,16}-)[^\n]{0,120}/lib[ig]?omp\d?",
        _copies,
        "(lldb) image list\n[ 0] A1 0x01 /a/libomp.dylib\n[ 1] B2 0x02 /b/libomp.dylib",
    ),
    sign(
        "openmp_listed_twice",
        "threadpoolctl lists copies of an OpenMP runtime from different places.",
        r"\"filepath\": \"[^\"\n]{0,250}lib[ig]?omp\d?",
        lambda evidence: tuple(Candidate(item.cause, 0.66) for item in _copies(evidence)),
        '"user_api": "openmp"\n"filepath": "/a/libgomp-a34b3233.so.1"\n"filepath": "/b/libgomp.so.1"',
    ),
    sign(
        "parallel_region_waits",
        "A parallel region of the framework waits for threads that a fork left behind.",
        r"at::internal::_?(?:parallel_run|invoke_parallel)",
        lambda evidence: (
            (Candidate("openmp_runtime_conflict", 0.62),)
            if evidence.context.has("cond_wait", "psynch_cvwait", "condition_variable::wait", "futex_wait")
            else ()
        ),
        "at::internal::_parallel_run(long long)\n__psynch_cvwait (in libsystem_kernel.dylib)",
    ),
    sign(
        "openmp_waits",
        "OpenMP's threads wait for each other, with a second runtime allowed.",
        r"__kmp_(?:hyper|join|fork)_barrier\w{0,12}[^\n]{0,60}(?:_psynch_cvwait|pthread_cond_wait|futex)",
        {"openmp_runtime_conflict": 0.66},
        "__kmpc_fork_call -> __kmp_hyper_barrier_gather -> __psynch_cvwait",
    ),
    sign(
        "mkl_layer",
        "MKL is told to use Intel's OpenMP while GNU's is loaded.",
        (
            r"MKL_THREADING_LAYER=\w+ is incompatible with",
            "MKL_SERVICE_FORCE_INTEL to force",
            r"(?:MUST|must|should|need to) set ['\"]?MKL_THREADING_LAYER",
        ),
        {"mkl_threading_layer_conflict": 0.96},
        "Error: mkl-service + Intel(R) MKL: MKL_THREADING_LAYER=INTEL is incompatible with libgomp.so.1 library.",
    ),
)
