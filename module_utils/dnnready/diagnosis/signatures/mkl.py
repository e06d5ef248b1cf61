"""MKL itself: the parts that it does not find, and those that are not of one version."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .. import libraries
from ..finding import Candidate
from ..signature import Evidence, sign


def _mkl_load(evidence: Evidence) -> Sequence[Candidate]:
    """MKL loads its kernels by name at run time, the first of several that the CPU can use."""
    several = " or " in evidence.text
    parts = [libraries.basename(evidence.group("library"))]
    kernel = re.search(r"mkl_(?:avx|def|mc|vml|core|p4)", parts[0]) is not None
    details = {"library": parts[0]}
    if several or kernel:
        return (Candidate("undefined_symbol_mkl", 0.92, details), Candidate("mkl_library_missing", 0.6, details))
    return (Candidate("mkl_library_missing", 0.84, details), Candidate("undefined_symbol_mkl", 0.7, details))


SIGNATURES = (
    sign(
        "mkl_cannot_load",
        "MKL does not find one of its own parts.",
        (
            r"Cannot load (?P<library>\S{0,250}mkl_\w+[\w.]{0,24}[a-z0-9])(?: or \S{1,200})?",
            r"MKL FATAL ERROR: Cannot load (?!symbol|\S{0,200}mkl_)(?P<other>[^\s,]{3,250})",
            r"MKL FATAL ERROR: (?:Error on loading function|Cannot load symbol)[^\n]{0,80}",
            "MKL function load error",
            "cpu specific dynamic library is not loaded",
        ),
        lambda evidence: (
            _mkl_load(evidence) if evidence.group("library") else (Candidate("undefined_symbol_mkl", 0.92),)
        ),
        "Intel MKL FATAL ERROR: Cannot load libmkl_avx2.so or libmkl_def.so.",
    ),
    sign(
        "mkl_module_not_found",
        "Windows does not find a part of MKL.",
        r"INTEL MKL ERROR: [^\n]{1,80}[.。] (?P<library>mkl_[\w.]{1,40}\.dll)",
        _mkl_load,
        "INTEL MKL ERROR: The specified module could not be found. mkl_intel_thread.dll.",
    ),
    sign(
        "mkl_parameter",
        "MKL is called with what it does not take: by a build for another MKL than the loaded one, or by mistake.",
        r"MKL ERROR: Parameter \d{1,3} was incorrect on entry to",
        {"undefined_symbol_mkl": 0.66, "model_or_input_error": 0.58},
        "Intel MKL ERROR: Parameter 10 was incorrect on entry to DSYRK",
    ),
    sign(
        "mkl_processor",
        "Intel's libraries refuse this processor.",
        (
            r"is not convenient for this processor",
            r"operating system and the processor support Intel",
            r"not built to run on (?:the|this) processor",
            r"CPU specific dynamic library is not loaded: This processor",
        ),
        {"cpu_lacks_instructions": 0.93, "emulation_limits": 0.5},
        "Please verify that both the operating system and the processor support Intel(R) AVX, F16C instructions.",
    ),
    sign(
        "mkl_said_missing",
        "A program or a build does not find MKL.",
        (
            r"(?:Could not|Cannot|can't|Unable to) (?:find|locate|load)(?: the)?"
            r" (?:Intel(?:\(R\))? )?(?:oneAPI |one)?MKL\b"
            r"(?! (?:FATAL|ERROR))",
            r"\bMKL (?:library|libraries|headers?|include)[^\n]{0,20}(?:not|n't) (?:be )?(?:found|installed|located)",
            r"MKL_?ROOT[^\n]{0,30}(?:not set|not defined|is empty|unset)",
            r"MKL(?:INC|LIB|\w{1,20})?-NOTFOUND",
            r"(?:Could not|Cannot|can't|Unable to|Failed to) (?:find|locate|load) (?:lib)?mkl_\w{2,24}(?:\.\d)?"
            r"\.(?:dll|so|dylib)",
            r"links? to(?: target)?:? ?[\"']?MKL::",
        ),
        {"mkl_library_missing": 0.8, "framework_built_without_onednn": 0.4},
        "MKLINC-NOTFOUND or MKLLIB-NOTFOUND are not found",
    ),
    sign(
        "mkl_memory",
        "MKL does not get the memory that it works in.",
        (r"MKL INTERNAL ERROR: Not enough (?:work )?memory", r"mkl_malloc[^\n]{0,30}(?:fail|out of|cannot)"),
        {"out_of_memory": 0.9},
        "Intel MKL INTERNAL ERROR: Not enough work memory in function dgemm",
    ),
    sign(
        "mkl_frames",
        "The process was ended inside MKL, which is mostly one of parts that are not of one version.",
        r"mkl_(?:intel_thread|core|avx\w{0,5}|def|rt|mc3?)(?:\.\d)?\.(?:dll|so)[.\d]{0,6}[!(+]",
        lambda evidence: (
            (Candidate("undefined_symbol_mkl", 0.62), Candidate("openmp_runtime_conflict", 0.54))
            if evidence.context.crashed and not evidence.context.illegal_instruction
            else ()
        ),
        "Access violation\nmkl_intel_thread.dll!00007ffe60773161()",
    ),
)
