"""oneDNN itself: what it refuses, where it crashes, and when it is not there at all."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..finding import Candidate
from ..signature import Evidence, sign

_EXECUTED = re.compile(r"(?:onednn|dnnl|mkldnn)_verbose,(?:v1,)?(?:primitive,)?exec,")
#: oneDNN tells which implementations it passes over on its way to one that fits.
_DISPATCHED = re.compile(r"_verbose,(?:v\d,)?(?:primitive,)?create:")
_CONVOLUTION = re.compile(r"_verbose,(?:v1,)?(?:primitive,)?exec,\w+,convolution")


def _refused(evidence: Evidence) -> Sequence[Candidate]:
    """oneDNN found nothing to run, or was handed what it does not know: a limit of it, or a copy of another version."""
    thing = evidence.group("thing").lower()
    if "engine" in thing or "stream" in thing:
        return (Candidate("dnn_library_version_conflict", 0.66), Candidate("onednn_primitive_error", 0.64))
    if thing == "a memory descriptor" and evidence.context.has(
        "executionprovider", "libmkldnn.so", "libdnnl.so", "dnnl.dll"
    ):
        return (Candidate("onednn_primitive_error", 0.76), Candidate("dnn_library_version_conflict", 0.74))
    return (
        Candidate("onednn_primitive_error", 0.88),
        Candidate("dnn_library_version_conflict", 0.5 if "descriptor" in thing else 0.3),
        Candidate("selinux_or_noexec", 0.3),
    )


def _frames(evidence: Evidence) -> Sequence[Candidate]:
    context = evidence.context
    if _DISPATCHED.search(evidence.line) or not (
        context.failed
        or context.crashed
        or context.has("error", "#0 ", "#1 ", "corruption", "backtrace", "stack trace")
    ):
        return ()
    if evidence.context.illegal_instruction:
        return (Candidate("onednn_primitive_error", 0.5),)
    if re.search(r"/usr/(?:local/)?lib|oneapi", evidence.text):
        return (Candidate("onednn_primitive_error", 0.74), Candidate("dnn_library_version_conflict", 0.66))
    return (Candidate("onednn_primitive_error", 0.82),)


def _verbose_end(evidence: Evidence) -> Sequence[Candidate]:
    """oneDNN said hello. What came after it tells whether it worked."""
    context = evidence.context
    executed = any(True for _ in context.find(_EXECUTED, ",exec,"))
    if context.crashed and not context.illegal_instruction:
        # A crash before the first primitive is one of the threads' runtime, later one of a kernel.
        first, second = ("onednn_primitive_error", "openmp_runtime_conflict")
        if not executed:
            first, second = second, first
        return (Candidate(first, 0.7), Candidate(second, 0.62))
    if executed and not context.failed and not any(True for _ in context.find(_CONVOLUTION, ",convolution")):
        return (Candidate("onednn_not_enabled_at_runtime", 0.58), Candidate("benign_message", 0.55))
    return ()


def _verbose_error(evidence: Evidence) -> Sequence[Candidate]:
    if re.search(r"bad engine|engine kind|runtime version|cpu engine|version mismatch", evidence.text, re.IGNORECASE):
        return (Candidate("dnn_library_version_conflict", 0.85), Candidate("onednn_primitive_error", 0.6))
    return (Candidate("onednn_primitive_error", 0.78),)


def _named(evidence: Evidence) -> Sequence[Candidate]:
    """Where a build does not find it, nothing was run."""
    around = evidence.text_before + evidence.text
    if re.search(r"not found|cannot find|could not find|unresolved|undefined|Provider", around, re.IGNORECASE):
        return ()
    return (Candidate("onednn_primitive_error", 0.54),) if evidence.severity in ("error", "fatal") else ()


SIGNATURES = (
    sign(
        "onednn_refused",
        "oneDNN could not make or run an operation.",
        (
            (
                "could not (?:create|execute|initialize|construct|get|submit|query|reorder|clone|set|make|generate"
                "|wait on|map|unmap|reshape|permute|retrieve|export|append|finalize|filter)"
                r" (?P<thing>(?:an?|the)? ?(?:[\w-]+ ){0,5}?(?:primitive(?: descriptor)?(?:"
                " iterator)?|(?:forward|backward|memory) descriptor|memory object|memory|engine|stream"
                "|reorder|post-ops|native handle|logical.tensor|compiled_partition|ukernel|kernel$|graph$"
                r"|attribute\w*|deconvolution|convolution))\b(?! (?:address|region|limit|usage))"
            ),
            "(?:dnnl|mkldnn)::error",
            r"(?:DNNL|oneDNN|MKL-?DNN) error[^\w]",
            r"Operation received an exception: ?Status: ?\d+",
            (
                "has(?:n't| not) primitive|doesn't have supported primitive"
                "|Supported primitive descriptors list is empty"
            ),
            r"(?:dnnl|mkldnn)_(?:invalid_arguments|unimplemented|runtime_error|out_of_memory)\b",
            r"(?:Error|what\(\)|exception)[^\n]{0,20}(?:label is too far|code is too big)",
        ),
        _refused,
        "RuntimeError: could not create a primitive",
    ),
    sign(
        "onednn_verbose_error",
        "oneDNN itself logs an error.",
        r"(?:onednn|dnnl|mkldnn)_verbose,(?:\w{1,12},){0,2}error,[^\n]{0,300}",
        _verbose_error,
        "onednn_verbose,v1,primitive,error,cpu,jit,unsupported isa,src/cpu/x64/a.cpp:1",
    ),
    sign(
        "onednn_frames",
        "The failure is inside oneDNN's code.",
        (
            r"(?:(?:dnnl|mkldnn)::impl::\w+|(?:dnnl|mkldnn)_primitive_\w+ ?\(|ideep::\w+|Xbyak::Error"
            r"|jit_(?:avx|sse|uni)\w*_(?:conv|kernel|gemm)\w*)[^\n]{0,160}"
        ),
        _frames,
        "Segmentation fault\n#12 dnnl::impl::cpu::x64::brdgmm_dw_convolution_fwd_t::init(dnnl_engine*) ()",
    ),
    sign(
        "onednn_instruction",
        "A framework's oneDNN operation fails in the framework's own code.",
        (
            r"\((?:Unimplemented|InvalidArgument|Fatal|NotFound)\)[^\n]{0,300}(?:onednn|mkldnn)",
            "OneDnnContext does not",
            (
                r"(?:onednn|mkldnn|MklDnn|mkl)_?\w{0,30}(?:instruction|_op\w*|kernel)\w*\.(?:cc|cpp"
                r"|h):\d+[^\n]{0,120}(?:error|fail|abort|unimplemented|unsupported|invalid)"
            ),
            (
                r"(?:oneDNN|MKL-?DNN)[^\n]{0,60}(?:unimplemented|is not supported|not support"
                "|unsupported|runtime_error|out of memory)"
            ),
            r"itensor_\w+ expects",
            "unsupported (?:mkldnn|onednn)",
            "Wrong (?:layout|format) set for",
        ),
        lambda evidence: (
            () if _DISPATCHED.search(evidence.line) else (Candidate("onednn_primitive_error", 0.74, evidence.details),)
        ),
        "NotImplementedError: (Unimplemented) ConvertPirAttribute not support (at a/onednn_instruction.cc:116)",
    ),
    sign(
        "onednn_named",
        "A line that reports a failure names oneDNN.",
        (
            r"(?:Error|Exception|failed|abort\w*|assert\w*|fatal)\b[^\n]{0,200}(?:onednn|mkl-?dnn|dnnl)",
            r"(?:onednn|mkl-?dnn|dnnl)[^\n]{0,120}(?:Error|Exception|failed|abort\w*|assert\w*|fatal)\b",
        ),
        _named,
        "RuntimeError: mkldnn_convolution: the weight is not laid out as it should be",
    ),
    sign(
        "crash_in_convolution",
        "The process crashed while it was in a convolution, in code of no name.",
        r"[/\\]conv\w{0,20}\.py\"?, line \d{1,5},? in (?:_conv_forward|forward|call|convolution_op)",
        lambda evidence: (
            (Candidate("onednn_primitive_error", 0.6), Candidate("cpu_lacks_instructions", 0.5))
            if evidence.context.crashed and not evidence.context.illegal_instruction
            else ()
        ),
        'Fatal Python error: Segmentation fault\n  File "a/torch/nn/modules/conv.py", line 456 in _conv_forward',
    ),
    sign(
        "exception_without_words",
        "A framework passes on an exception of C++ that says nothing; for convolutions it is mostly oneDNN's.",
        r"(?:RuntimeError|what\(\)): ?std::exception\b",
        {"onednn_primitive_error": 0.55},
        "RuntimeError: std::exception",
    ),
    sign(
        "onednn_hello",
        "oneDNN is in the process and reports itself.",
        (
            "(?:onednn|dnnl|mkldnn)_verbose,(?:v1,)?info,(?:oneDNN|DNNL|Intel MKL-DNN"
            r"|MKL-DNN) v[\d.]+"
        ),
        _verbose_end,
        "dnnl_verbose,info,oneDNN v1.7.0 (commit 7aed)\nSegmentation fault",
    ),
)
