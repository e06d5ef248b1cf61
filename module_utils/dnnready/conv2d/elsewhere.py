"""Why a framework rightly runs a convolution by its own kernel, in plain words: so that nobody looks for a fault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

#: PyTorch's own numbers, see below.
_LARGE_BATCH = 16
_SMALL_KERNEL = 3
_SMALL_INPUT = 20480


def why_elsewhere(probe: str, shape: Mapping[str, Any], threads: Optional[int]) -> str:
    """A plain word on why the framework rightly runs a shape itself; "" where it should have used the library.

    PyTorch: `use_mkldnn` in aten/src/ATen/native/Convolution.cpp, measured from 1.13 to 2.13.
    """
    if probe == "pytorch" and shape["dtype"] == "float32":
        batch, channels, height, width = shape["input"]
        kernel, groups = shape["kernel"], shape["groups"]
        plain = shape["stride"] == [1, 1] and shape["dilation"] == [1, 1]
        if kernel == [1, 1] and plain and threads in (None, 1) and batch < _LARGE_BATCH:
            return "PyTorch runs 1x1 kernels itself when it has one thread; that is no fault."
        small = min(kernel) <= _SMALL_KERNEL and channels * height * width <= _SMALL_INPUT
        if groups == 1 and batch == 1 and small:
            return (
                f"PyTorch runs a batch of one with a kernel up to 3x3 itself where the input has at most 20,480 values "
                f"({channels * height * width} here): it is faster for so little work; that is no fault."
            )
    if probe == "pytorch" and shape["dtype"] == "float16":
        return "PyTorch runs float16 itself where the CPU has no arithmetic for it."
    if probe == "tensorflow" and 1 < shape["groups"] < shape["input"][1]:
        return "TensorFlow has no oneDNN operator for grouped convolutions other than depthwise ones."
    return ""
