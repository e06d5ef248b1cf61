"""The model and its input: what no host could run, or what was made for a GPU."""

from __future__ import annotations

from ..finding import Candidate
from ..signature import sign

SIGNATURES = (
    sign(
        "shape_does_not_fit",
        "The input's shape does not fit the layer: a matter of the model, the host is fine.",
        (
            r"Given (?:groups|transposed)=\d{1,6}, (?:expected )?weight",
            r"expected input\[[^\]\n]{1,60}\] to have",
            "Negative dimension size caused by",
            "Computed output size would be negative",
            "Kernel size can't be greater than actual input size",
            "Calculated padded input size per channel",
            r"Calculated output size[^\n]{0,60}too small",
            "output size is too small",
            r"Expected \d(?:D|-dimensional)[^\n]{0,60}(?:input|weight|but got|tensor)",
            "input must be (?:3|4|5)-dimensional",
            r"Input \d{1,3} (?:of|with name)[^\n]{0,120}(?:incompatible with|is incompatible)",
            "is incompatible with the layer: expected",
            r"expected (?:min_)?ndim=\d",
            (
                r"(?:input )?depth (?:of input )?\(?\d*\)? ?(?:must be"
                "|is not) (?:evenly )?(?:divisible|a multiple)"
            ),
            "input depth must be evenly divisible",
            r"number of input channels[^\n]{0,40}(?:does not match|should be)",
            "channel dimension of the inputs should be defined",
            r"channels? of (?:the )?input[^\n]{0,60}(?:should|must|!=|not equal)",
            "mat1 and mat2 shapes cannot be multiplied",
            r"size mismatch for [\w.]{1,80}:",
            "Got invalid dimensions for input",
            "Invalid (?:rank|dimensions) for input",
            "Shape inconsistent",
            r"Incompatible shapes: \[",
            "shape mismatch: ",
            "Dimensions must be equal",
            "(?:in|out)_channels must be divisible by groups",
            "non-positive stride",
            r"convolution input must be \d-dimensional",
            "Cannot feed value of shape",
            "does not match the filter input depth",
            r"The size of tensor \w+ \(\d+\) must match",
            "Sizes of tensors must match",
            r"shape '[^'\n]{1,60}' is invalid for input",
            "Expected all tensors to be on the same device",
            "Expected more than 1 value per channel",
            "Input and parameter tensors are not at the same device",
            "stack expects each tensor to be equal size",
            "doesn't match computed: actual",
        ),
        {"model_or_input_error": 0.94},
        "RuntimeError: Given groups=1, weight of size [64, 3, 3, 3], expected input[1, 4, 8, 8] to have 3 channels",
    ),
    sign(
        "program_asks_for_gpu",
        "The program asks for a GPU, and the build is for the CPU.",
        (
            ("(?:not (?:compiled|built)|n't compiled|without) (?:with )?(?:CUDA|GPU)(?: enabled| support)?"),
            "Attempting to deserialize object on a CUDA device",
            "CUDA is not available",
            "not linked with support for cuda",
            "not compiled with GPU support",
        ),
        lambda evidence: (
            (Candidate("benign_message", 0.66), Candidate("model_or_input_error", 0.6))
            if evidence.severity == "warning"
            else (Candidate("model_or_input_error", 0.72), Candidate("cuda_build_on_cpu_host", 0.62, {"build": "cpu"}))
        ),
        "AssertionError: Torch not compiled with CUDA enabled",
    ),
    sign(
        "grouped",
        "The operation has more input channels than its filter takes: grouped, or by mistake.",
        (
            "does not support grouped convolutions",
            "grouped convolutions (?:are|is) not supported",
        ),
        {"model_or_input_error": 0.68, "unsupported_data_format": 0.6},
        "Fused conv implementation does not support grouped convolutions for now.",
    ),
    sign(
        "wrong_arguments",
        "The operation is called with what it does not take.",
        (
            r"received an invalid combination of arguments",
            r"conv\w{0,20}\(\)[^\n]{0,40}(?:argument|must be|got an unexpected)",
        ),
        {"model_or_input_error": 0.88},
        "TypeError: conv2d() received an invalid combination of arguments - got (numpy.ndarray, Parameter)",
    ),
    sign(
        "model_file",
        "The file of the model is damaged, of another kind, or for a newer release.",
        (
            r"INVALID_(?:GRAPH|PROTOBUF)\b",
            r"This is an invalid model",
            r"\bNO_SUCHFILE\b",
            r"Unsupported model IR version",
            r"is under development and support for this is limited",
            r"Unsupported model opset",
            r"opset [^\n]{0,60}is not supported",
            "PytorchStreamReader failed",
            "invalid load key",
            "file signature not found",
            "Protobuf parsing failed",
            "Error parsing (?:message|text-format)",
            "SavedModel file does not exist",
            r"Unexpected key\(s\) in state_dict",
            r"Missing key\(s\) in state_dict",
            "Unable to (?:find|locate) layer",
            "Unknown layer:",
            "could not be (?:deserialized|loaded) properly",
            r"Error\(s\) in loading state_dict",
            r"Invalid magic number; corrupt file",
            r"DecodeError: (?:Wrong wire type|Truncated message|Error parsing|Unexpected end)",
            r"DataLossError",
            r"FAIL : Load model from",
            r"(?:graph|model) (?:couldn't|could not) be sorted",
            r"Node \([^)\n]{1,60}\) has (?:input|output) size \d",
            r"Unsupported (?:operator|layer type|op type)[^\n]{0,60}",
            r"(?:not an sstable|bad table magic number)",
        ),
        {"model_or_input_error": 0.84},
        "[ONNXRuntimeError] : 10 : INVALID_GRAPH : This is an invalid model.",
    ),
)
