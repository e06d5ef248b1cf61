"""OpenBLAS in its own words, and the words of those who look for a BLAS and find none."""

from __future__ import annotations

from ..finding import Candidate
from ..signature import sign

CORE_UNKNOWN = (Candidate("cpu_lacks_instructions", 0.72), Candidate("invalid_env_value", 0.5))
CORE_NAMED = (Candidate("invalid_env_value", 0.72), Candidate("cpu_lacks_instructions", 0.5))

SIGNATURES = (
    sign(
        "openblas_threads",
        "OpenBLAS is built for fewer threads than there are, or may not start them all.",
        (
            r"tried to (?:start|allocate) too many (?:threads|(?:TLS )?memory regions)",
            r"built to support a maximum of \d{1,5} threads",
            r"number of CPU/Cores\(\d{1,5}\) is beyond the limit",
            "process count limits are big enough",
            "set a smaller OPENBLAS_NUM_THREADS",
            r"environment variable OPENBLAS_NUM_THREADS to",
        ),
        {"thread_limit": 0.7, "invalid_env_value": 0.5},
        "OpenBLAS : Program will terminate because you tried to start too many threads.",
    ),
    sign(
        "openblas_core",
        "OpenBLAS has no kernels for this processor, or for the one that it is told to take.",
        (
            "Architecture Initialization failed",
            r"(?:^|OpenBLAS[^\n]{0,20})Core not found:",
        ),
        lambda evidence: (
            CORE_NAMED
            if "Core not found" in evidence.text or evidence.context.has("openblas_coretype")
            else CORE_UNKNOWN
        ),
        "OpenBLAS : Architecture Initialization failed. No initialization function found.",
    ),
    sign(
        "openblas_in_openmp",
        "OpenBLAS with threads of its own is called from OpenMP's.",
        r"OpenBLAS Warning : Detect OpenMP Loop",
        {"openmp_runtime_conflict": 0.8},
        "OpenBLAS Warning : Detect OpenMP Loop and this application may hang.",
    ),
    sign(
        "no_blas",
        "A build or a program finds no BLAS or LAPACK.",
        (
            r"No (?:lapack/blas|BLAS/LAPACK|BLAS|LAPACK)(?: library| libraries| resources)? (?:found|detected)",
            r"(?:Blas|Lapack|Atlas|OpenBLAS) (?:\([^)\n]{0,80}\) )?(?:libraries|library|sources|source)? ?not found",
            r"(?:Blas|Lapack|Atlas)(?:Src)?NotFoundError",
            r"Dependency \"?(?:OpenBLAS|blas|lapack|cblas)\"? (?:\w{0,20} )?not found",
            r"requires compiling PyTorch with LAPACK",
            r"(?:BLAS|LAPACK)[^\n]{0,30} (?:is )?required[^\n]{0,40}not found",
            r"libraries [\w,]{0,40}(?:atlas|blas|lapack)[\w,]{0,40} not found in",
        ),
        {"blas_library_missing": 0.84},
        "numpy.distutils.system_info.NotFoundError: No lapack/blas resources found.",
    ),
)
