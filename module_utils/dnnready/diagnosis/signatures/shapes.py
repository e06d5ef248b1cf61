"""The geometry of a convolution: shapes, strides and channels that cannot be, in the words of every framework."""

from __future__ import annotations

from collections.abc import Sequence

from ..finding import Candidate
from ..signature import Evidence, sign

_GEOMETRY = r"(?:dilation|stride|padding|pad|kernel[ _](?:size|shape)|output[ _]padding|(?:in|out)_channels|groups)"
_TENSOR = r"(?:input|filter|kernel|weight|tensor|data|image|x)s?"


def _of_the_model(evidence: Evidence) -> Sequence[Candidate]:
    """Documentation says the same words without an error beside them."""
    failed = evidence.context.failed or evidence.context.has("error", "exception", "failed", "invalid", "what():")
    return (Candidate("model_or_input_error", 0.9),) if failed else ()


SIGNATURES = (
    sign(
        "geometry",
        "A stride, a padding or a size of the layer cannot be: a matter of the model, the host is fine.",
        (
            rf"{_GEOMETRY}s?\b[^\n]{{0,40}}(?:should|must) (?:not )?be[^\n]{{0,24}}"
            r"(?:greater|positive|negative|smaller|less|larger|multiple|divisible|equal|at most|at least|zero)",
            r"(?:negative padding|non-positive (?:groups|stride|dilation)) is not supported",
            r"Padding size should be less than",
            r"padding ?= ?'?same'? is not supported",
            r"(?:strides|dilations?|ksize)[^\n]{0,30} field must (?:specify|contain)",
            "does not yet support (?:strides|dilations) in the batch and depth",
            r"received kernel of shape",
            r"dimensions in the output is <= 0",
            r"kernel size exceed(?:s)? input",
            "Invalid index from the dimension",
            r"stride[^\n]{0,20}(?:must|should)[^\n]{0,20}(?:spatial|dimension|length)",
            r"output (?:height|width|size)[^\n]{0,30}(?:<= ?0|negative|non-positive)",
        ),
        _of_the_model,
        "RuntimeError: dilation should be greater than zero, but got dilation_height: 0",
    ),
    sign(
        "rank",
        "The input has another number of dimensions or channels than the layer takes: a matter of the model.",
        (
            rf"\b{_TENSOR}\b[^\n]{{0,50}}(?:must|should) (?:be|have) [^\n]{{0,24}}"
            r"(?:dimension|rank \d|channels|same depth|same number|same length|\d-?D (?:or \d-?D )?tensor)",
            r"num_dims does not match",
            r"(?:input|kernel|filter) channels[^\n]{0,40}(?:not equal|does not match|mismatch|should be)",
            r"(?:channels?|depth) (?:count|number|size|dimension)s?[^\n]{0,40}(?:must be|does not match|should)",
            r"number of (?:\w{1,12} ){0,2}channels?[^\n]{0,40}(?:should be|must be|multiple|equal)",
            r"not matching weights size",
            r"ngroups > 0 && inpCn",
            r"inpCn % \w{1,12} == 0",
            r"shapes? (?:differ|mismatch)[^\n]{0,20} in rank",
            r"shape verification failed",
            r"Failed to infer (?:shapes?|result type)",
            r"Invalid input shape: ?\{",
            r"Shape \[[^\]\n]{1,60}\] has negative dimensions",
            r"cannot reshape array of size",
            r"mismatch(?:ed)? (?:input|tensor|weight) (?:shape|size|dim)",
            r"tensor expected for input",
            r"Shape mismatch\b",
            r"Shapes? \([\d, None]{1,40}\) and \([\d, None]{1,40}\) (?:are|is) incompatible",
        ),
        _of_the_model,
        "InvalidArgumentError: input and filter must have the same depth: 4 vs 3",
    ),
    sign(
        "argument_of_other_type",
        "The program hands over another kind of data than the operation takes.",
        (
            r"Unexpected input data type\. Actual",
            r"Tensor conversion requested dtype \w{1,12} for Tensor with dtype",
            r"argument '\w{1,20}' \(position \d{1,2}\) must be",
            r"Can't convert object of type",
            r"Expected object of (?:device|scalar|data) ?type",
            r"used to determine kernel data type is empty",
            r"Input tensors? [^\n]{0,60}(?:dtype|data type)[^\n]{0,30}(?:mismatch|not match|differ)",
            r"Unexpected data type for (?:input|Conv)",
        ),
        {"model_or_input_error": 0.74, "unsupported_dtype": 0.5},
        "[ONNXRuntimeError] : 2 : INVALID_ARGUMENT : Unexpected input data type. Actual: (tensor(double))",
    ),
)
