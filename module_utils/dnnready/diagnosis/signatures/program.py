"""A program's own mistakes with a framework: no host could run it."""

from __future__ import annotations

from ..signature import sign

SIGNATURES = (
    sign(
        "graph_of_the_program",
        "The program asks the framework for what it cannot do: a matter of the program or the model.",
        (
            r"Input to reshape is a tensor with",
            r"Matrix size-incompatible",
            r"logits and labels must (?:be broadcastable|have the same)",
            r"indices\[[\d, ]{1,20}\] = -?\d{1,12} is not in",
            r"Received a label value of",
            r"You must feed a value for placeholder",
            r"Attempting to use uninitialized value",
            r"slice index \d{1,6} of dimension \d out of bounds",
            r"one of the variables needed for gradient computation",
            r"does not require grad and does not have a grad_fn",
            r"index out of range in self",
            r"Trying to backward through the graph a second time",
            r"result type \w{3,20} can't be cast to",
            r"Tensor for argument #\d '\w{1,20}' is on \w{2,5}, but expected",
            r"device-side assert triggered",
            r"layers are not supported by the plugin",
            r"Unsupported operation of type",
            r"No versions of servable",
            r"variable [\w/.]{1,120}/(?:weight|bias|kernel)\w{0,8} not found",
            r"Weights only load failed",
            r"unexpected EOF, expected \d{1,20} more bytes",
            r"invalid header or archive is corrupted",
            r"EOFError: Ran out of input",
            r"Can ?not use GPU in CPU-only Caffe",
            r"registry\.count\(type\) == 1[^\n]{0,80}Unknown layer type",
            r"is not a registered function/op",
            r"Could not deserialize|Could not locate (?:class|function)",
            r"Unrecognized keyword arguments? passed to",
            r"Compile with USE_CUDA=1 to enable GPU",
            r"Failed to find (?:kernel|data type implementation) for",
        ),
        {"model_or_input_error": 0.8},
        "InvalidArgumentError: Input to reshape is a tensor with 12 values, but the requested shape has 10",
    ),
)
