"""A library that is not found, in the words of the program that looks for it."""

from __future__ import annotations

from .. import libraries
from ..missing import missing
from ..signature import sign
from .loader import said

_NO_SUFFIX = {
    "libgomp": "libgomp.so.1",
    "libomp": "libomp.so",
    "libiomp5": "libiomp5.so",
    "openblas": "libopenblas.so.0",
}

SIGNATURES = (
    sign(
        "library_missing_by_name",
        "A program does not find a library, which it names without more.",
        (
            r"(?:can't|cannot|could not|unable to) (?:find|load|locate) (?:a |the )?(?:shared |dynamic )?"
            r"(?:library|runtime)(?: for| of)?:? (?P<library>libgomp|libomp|libiomp5|openblas)\b(?!\.)"
        ),
        lambda evidence: missing(_NO_SUFFIX[evidence.group("library").lower()], evidence),
        "ImportError: I can't find a shared library for libgomp, you may need to install it",
    ),
    sign(
        "library_not_found_by_program",
        "A program says that it does not find a library.",
        (
            "(?:(?:not able|unable|fail(?:ed|s|ure)?|cannot|can't|could ?n[o']t|could not"
            "|did not) (?:to )?(?:be )?(?:find|found|locate|load|open|dlopen)(?:/load)?(?: the| shared"
            r"| dynamic| native| required| a){0,3}(?: library| lib| file| object)?:? ?['\"]?"
            r"|no such library:? ?['\"]?|(?:find|load)(?:/load)? (?:a )?shared (?:library|object)(?: file| for)?"
            r" ?['\"]?)(?P<library>(?:[^\s'\"]{0,200}[/\\])?lib[\w.+-]{1,80}(?:\.so"
            r"|\.dylib)[\d.]{0,12})(?![\w./ ]{0,40}(?:or|version))"
        ),
        said,
        "tensorflow is not able to find the libComputeCpp.so file",
    ),
    sign(
        "library_not_found_after",
        "A program says that it does not find a library.",
        r"(?P<library>lib(?:cuda|cudart|cublas|cudnn|gomp|iomp5|dnnl|mkldnn|mklml|openblas|mkl_)\w{0,24}"
        r"\.(?:so|dylib)[\d.]{0,12})[!'\"]{0,2} (?:was |is |could )?not (?:be )?found\b",
        lambda evidence: said(evidence) if libraries.family(evidence.group("library")) else (),
        "CUDA SETUP: WARNING! libcuda.so not found! Do you have a CUDA driver installed?",
    ),
)
