"""Lines that the software itself marks as information or a warning, whatever they say: mostly nothing to mend."""

from __future__ import annotations

from collections.abc import Sequence

from ..finding import Candidate
from ..signature import Evidence, sign


def _note(evidence: Evidence) -> Sequence[Candidate]:
    """Less than any cause that something names, and nothing where a program ended in a failure."""
    if evidence.severity not in ("info", "warning") or evidence.context.failed or evidence.context.crashed:
        return ()
    return (Candidate("benign_message", 0.545),)


SIGNATURES = (
    sign(
        "noted",
        "The software marks this line itself as information or a warning.",
        (
            r"^[IW] (?:tensorflow|external|third_party)/[\w/.-]{1,160}\.(?:cc|h):\d{1,6}\]",
            r"^[IW]\d{4} [\d:. ]{8,40}(?:[\w/.-]{0,120}/)?(?:\w{0,20}feature_guard|cudart_stub|cuda_\w{3,20}"
            r"|graph_view|gpu_device|local_rendezvous|\w{0,12}allocator\w{0,12}|pjrt\w{0,30}|delegate\w{0,20})\.cc:\d",
            r"^\[W(?:\d{3,4} [\d:.]{8,20})? ?[\w/.-]{1,120}\.cpp:\d{1,6}\]",
            r"^\[W:onnxruntime:",
            r"\b[A-Z]\w{2,30}Warning: ",
            r"^WARNING:(?:tensorflow|absl|root):",
            r"^INFO:(?:tensorflow|absl|root):",
            r"^(?:Note|Warning|Info|Debug) (?:in cpuinfo:|\(cpuinfo\):)",
            r"All log messages before absl::InitializeLog",
        ),
        _note,
        "W tensorflow/core/grappler/utils/graph_view.cc:832] No registered 'MatMul' OpKernel for MLCOMPUTE devices",
    ),
)
