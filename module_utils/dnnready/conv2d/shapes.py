"""The convolutions that a proof runs, as data: which probes they are for, and which of them a verdict rests on.

`required` are shapes that every framework here sends to the DNN library on any CPU: measured with SSE4.1 up to AMX and
an emulated Cortex-A72, one and two threads, PyTorch 1.7 to 2.13, TensorFlow 2.12 to 2.21, oneDNN 2.0 to 3.13.
`informational` ones are shown and checked for right numbers only. Probes under `informational_on_arm` run a shape by
plain C++ there (TensorFlow 2.21 with Arm Compute Library: gemm:ref), which nobody can mend.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PROBES = ("onednn", "mkl", "pytorch", "tensorflow")

#: What a shape means where it says nothing.
DEFAULTS: dict[str, Any] = {
    "stride": 1,
    "padding": 0,
    "dilation": 1,
    "groups": 1,
    "dtype": "float32",
    "layout": "default",
    "bias": True,
    "activation": "none",
    "role": "required",
    "probes": PROBES,
}
#: What runs by default. `input` is N, C, H, W whatever the layout; single numbers stand for both directions.
DEFAULT: tuple[dict[str, Any], ...] = (
    {
        "name": "question-1-keras-conv2d",
        "about": "the layer of the question, situation 1: Conv2D(filters=32, kernel_size=3, activation='relu')",
        "input": [1, 3, 28, 28],
        "filters": 32,
        "kernel": 3,
        "activation": "relu",
        "probes": ["tensorflow"],
        "informational_on_arm": ["tensorflow"],
    },
    {
        "name": "question-2-torch-conv2d",
        "about": "the layer of the question, situation 2: nn.Conv2d(3, 32, kernel_size=3)",
        "input": [1, 3, 28, 28],
        "filters": 32,
        "kernel": 3,
        "role": "informational",
        "probes": ["pytorch"],
    },
    {"name": "3x3", "input": [2, 64, 56, 56], "filters": 64, "kernel": 3, "padding": 1},
    {"name": "1x1", "input": [16, 64, 14, 14], "filters": 64, "kernel": 1},
    {
        "name": "1x1-batch-1",
        "input": [1, 64, 28, 28],
        "filters": 64,
        "kernel": 1,
        "role": "informational",
        "probes": ["pytorch"],
    },
    {
        "name": "5x5",
        "input": [1, 16, 28, 28],
        "filters": 32,
        "kernel": 5,
        "padding": 2,
        "informational_on_arm": ["tensorflow"],
    },
    {
        "name": "7x7-stride-2",
        "input": [1, 3, 112, 112],
        "filters": 64,
        "kernel": 7,
        "stride": 2,
        "padding": 3,
        "informational_on_arm": ["tensorflow"],
    },
    {
        "name": "depthwise",
        "input": [1, 64, 28, 28],
        "filters": 64,
        "kernel": 3,
        "padding": 1,
        "groups": 64,
        "probes": ["onednn", "pytorch", "tensorflow"],
    },
    {"name": "dilated", "input": [1, 32, 32, 32], "filters": 32, "kernel": 3, "padding": 2, "dilation": 2},
    {
        "name": "channels-last",
        "input": [2, 64, 28, 28],
        "filters": 64,
        "kernel": 3,
        "padding": 1,
        "layout": "channels_last",
        "probes": ["onednn", "pytorch"],
    },
    {
        "name": "bfloat16",
        "input": [2, 64, 28, 28],
        "filters": 64,
        "kernel": 3,
        "padding": 1,
        "dtype": "bfloat16",
        "role": "informational",
        "probes": ["onednn", "pytorch", "tensorflow"],
    },
    {
        "name": "question-3-late-environment",
        "about": "situation 3: the layer of situation 1 after os.environ['KMP_AFFINITY'] = 'disabled' in the program",
        "input": [1, 3, 28, 28],
        "filters": 32,
        "kernel": 3,
        "activation": "relu",
        "probes": ["tensorflow"],
        "informational_on_arm": ["tensorflow"],
        "environment_inside": {"KMP_AFFINITY": "disabled"},
    },
)

#: The first required shape: what the negative control repeats where it costs a second process.
CONTROL = "3x3"


def complete(shape: Mapping[str, Any]) -> dict[str, Any]:
    """A shape with every key, and pairs for kernel, stride, padding and dilation."""
    filled = {"about": "", **DEFAULTS, **shape}
    for key in ("kernel", "stride", "padding", "dilation"):
        value = filled[key]
        filled[key] = [value, value] if isinstance(value, int) else list(value)
    filled["input"], filled["probes"] = list(filled["input"]), list(filled["probes"])
    return filled
