"""OpenMP: two runtimes in one process, MKL's layer over the wrong one, and values that a runtime refuses."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .. import libraries
from ..finding import Candidate
from ..signature import Evidence, sign

_NEEDED = re.compile(r"\(NEEDED\)[^\n]{0,60}\[(?P<library>[\w.+-]{1,80})\]")
_MAPPED = re.compile(r"(?P<path>[^\s]{0,250}/lib[ig]?omp\d?(?:-\w{8})?\.(?:so|dylib)[\d.]{0,8})")


def _runtimes(evidence: Evidence) -> Sequence[Candidate]:
    """Two different runtimes among the libraries that a file needs."""
    names = {match["library"] for match in evidence.context.find(_NEEDED, "(needed)")}
    runtimes = {name for name in names if libraries.family(name) == "openmp"}
    return (Candidate("openmp_runtime_conflict", 0.85),) if len(runtimes) > 1 else ()


def _copies(evidence: Evidence) -> Sequence[Candidate]:
    """Several copies in a list of mapped libraries."""
    paths = {match["path"] for match in evidence.context.find(_MAPPED, "omp")}
    listed = evidence.context.has("image list", "/proc/self/maps", "r-xp")
    return (Candidate("openmp_runtime_conflict", 0.82),) if listed and len(paths) > 1 else ()


def _number(evidence: Evidence) -> Sequence[Candidate]:
    """Whose number it is, the lines around may say."""
    start, end = evidence.match.span()
    around = evidence.context.text.blob[max(0, start - 300) : end + 200]
    found = re.search(r"environ|getenv", around) and re.search(r"(?:OMP|MKL|KMP|TF|ONEDNN|DNNL)_[A-Z_]{3,40}", around)
    return (Candidate("invalid_env_value", 0.8, {"variable": found.group(0)}),) if found else ()


SIGNATURES = (
    sign(
        "openmp_twice",
        "Two OpenMP runtimes of one family are in the process.",
        (
            "Error #15",
            r"(?:Initializing|found) \S{1,60}omp\S{0,40},? (?:but found|already)",
            "multiple copies of the OpenMP runtime",
            "KMP_DUPLICATE_LIB_OK",
            r"OpenMP \('?\w+'?\) (?:and|loaded)[^\n]{0,60}(?:same time|OpenMP)",
            "OMP: Error #131: Thread identifier invalid",
            "OMP: Warning #190: Forking a process while a parallel region is active",
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
    sign(
        "openmp_value",
        "A variable of OpenMP has a value that the runtime does not take.",
        (
            r"Invalid value for environment variable (?P<variable>\w{1,60})",
            (
                r"OMP: Warning #\d{1,4}: [^\n]{0,40}?(?P<other>(?:OMP|KMP"
                r"|GOMP)_\w{1,40})[^\n]{0,60}(?:value|invalid|not|ignor|unknown|illegal|small|large"
                "|large)"
            ),
            r"OMP: Warning #\d{1,4}: (?:Ignoring invalid OS proc|[^\n]{0,60}proc ID)",
            (
                r"(?P<third>(?:OMP|KMP|GOMP|MKL)_\w{1,40})[^\n]{0,40}(?:must be|is not a valid"
                "|is invalid|invalid value|not an integer|malformed)"
            ),
            (
                r"(?:invalid|illegal|bad|cannot parse)[^\n]{0,40}(?:value|setting"
                r"|syntax)[^\n]{0,30}(?P<fourth>(?:OMP|KMP|GOMP|MKL)_\w{1,40})"
            ),
            r"Environment variable \w{1,40} (?:has|is)[^\n]{0,20}invalid",
            r"OMP: Warning #\d{1,4}: [KG]?O?MP_\w{1,40}: ",
        ),
        {"invalid_env_value": 0.94},
        "libgomp: Invalid value for environment variable OMP_NUM_THREADS",
    ),
    sign(
        "number_expected",
        "A program expects a number in a variable of the environment.",
        r"invalid literal for int\(\)",
        _number,
        "n = int(os.environ['OMP_NUM_THREADS'])\nValueError: invalid literal for int() with base 10: 'auto'",
    ),
    sign(
        "framework_value",
        "A variable of the framework has a value that it does not take.",
        (
            "TF_ENABLE_ONEDNN_OPTS is not set to",
            r"(?:Failed|failed|Unable|unable) [^\n]{0,60}(?:TF_\w{1,40}|ONEDNN_\w{1,40})",
            (
                r"(?P<variable>TF_NUM_INT\w+_THREADS|TF_MKL_ALLOC_\w+)[^\n]{0,60}(?:invalid|negative"
                "|must|not)"
            ),
            r"num_threads[^\n]{0,20}Check failed",
            "Check failed: num_threads",
            r"object '\S{1,250}' from LD_PRELOAD cannot be preloaded \((?!failed to map)",
        ),
        {"invalid_env_value": 0.72},
        "ERROR: ld.so: object 'libjemalloc.so' from LD_PRELOAD cannot be preloaded (cannot open shared object "
        "file): ignored.",
    ),
)
