"""oneDNN switched off, asked for too late, or asked to report itself and silent."""

from __future__ import annotations

from collections.abc import Sequence

from ..finding import Candidate
from ..signature import Evidence, sign


def _flag(evidence: Evidence) -> Sequence[Candidate]:
    """Beside a result or an error it is an experiment, and the answer to it."""
    context = evidence.context
    tried = (
        context.failed or context.crashed or context.has("tensor(", "incorrect", "wrong", "mismatch", "works", "fixes")
    )
    first, second = ("onednn_primitive_error", "onednn_not_enabled_at_runtime")
    if not tried:
        first, second = second, first
    return (Candidate(first, 0.66), Candidate(second, 0.56))


SIGNATURES = (
    sign(
        "onednn_flag",
        "A program switches oneDNN off: for good, or to find out whether it is to blame.",
        r"(?:backends\.mkldnn\.enabled|mkldnn\.flags\(enabled)\s?= ?False",
        _flag,
        "torch.backends.mkldnn.enabled = False",
    ),
    sign(
        "onednn_switched_off",
        "oneDNN is in the build, but switched off or asked for too late.",
        (
            r"TF_ENABLE_ONEDNN_OPTS['\"\] ]{0,4}[=:,] ?['\"]?0['\"]?(?!['\"]?\.)(?=\s|$|[,;)])",
            "oneDNN (?:custom operations|optimi[sz]ations) are (?:off|disabled)",
            r"FLAGS_use_(?:mkldnn|onednn) (?:is set to|=) ?(?:False|0)",
            r"TF_DISABLE_MKL['\"\] ]{0,4}[=:,] ?['\"]?1",
            r"(?:oneDNN|DNNL|MKL-?DNN|MKL)_VERBOSE\S{0,6}[^\n]{0,40}(?:prints?|gives?|shows?) (?:nothing|no )",
            r"(?:oneDNN|DNNL|MKL-?DNN|MKL)(?:_VERBOSE)?\S{0,6}[^\n]{0,30} (?:logs?|output|messages?|lines?|verbose)"
            r"[^\n]{0,12}(?:are|is|do|does)? ?(?:not|n't|never) (?:be )?(?:print|visible|show|appear|seen|output)",
            r"TF_ENABLE_ONEDNN_OPTS[^\n]{0,60}(?:no effect|not work|after (?:importing|import)|too late|is ignored)",
            r"(?:mkl-?dnn|onednn)\S{0,30} (?:is|was) not (?:being )?(?:used|called|invoked|reached)",
            r"(?:onednn|dnnl|mkldnn)_verbose (?:shows?|prints?) (?:nothing|no)",
            (
                r"(?:\bno|without|unable to see|do(?:es)? not see|not visible|never (?:see|appear\w*)"
                r"|missing) [^\n]{0,50}(?:message|line|output|log|entr)\w*[^\n]{0,60}(?:oneDNN"
                "|onednn_verbose|dnnl_verbose|mkldnn_verbose|MKL_VERBOSE)"
            ),
            (
                r"\(?no (?:oneDNN|onednn_verbose|dnnl_verbose|mkldnn_verbose"
                r"|MKL_VERBOSE)[^\n]{0,20}(?:message|line|output|log)"
            ),
        ),
        # Our own probe switches oneDNN off and on.
        lambda evidence: () if "dnnready:" in evidence.line else (Candidate("onednn_not_enabled_at_runtime", 0.82),),
        "(no line beginning with: oneDNN custom operations are on)",
    ),
)
