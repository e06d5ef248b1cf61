"""Probe: MKL's matrix multiplication as a convolution (im2col and sgemm), without any framework.

Alone: `PYTHONPATH=module_utils python -m dnnready.conv2d.probe_mkl < request.json`
(on a device the program's zipapp serves as PYTHONPATH). Set MKL_VERBOSE=1 to see the library's lines.
MKL has no convolution of its own: frameworks that use it unfold the input into a matrix, as here, and call cblas_sgemm.
The negative control computes the same values by Python's own arithmetic. The second witness is the library's answer to
mkl_get_version_string.
"""

from __future__ import annotations

import ctypes
import math
import os
from array import array
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from .probe_common import cpu_seconds, examine, main, marked, recorded, spread
from .probe_library import load, pointer
from .probe_reference import Shape, Tensors, output_shape, products, sample_points, terms

ROW_MAJOR, NO_TRANSPOSE = 101, 111


class Convolution:
    """One convolution as matrices: the bias is one more column of the weights, against a row of ones."""

    def __init__(self, mkl: Any, shape: Shape) -> None:
        self.mkl = mkl
        self.shape = shape
        self.sizes = output_shape(shape)
        batch, channels, height, width = shape["input"]
        depth = terms(shape)
        self.source = array("f", spread(batch * channels * height * width, 1))
        self.weights = array("f", spread(shape["filters"] * depth, 2, depth**-0.5))
        self.bias = array("f", spread(shape["filters"], 4) if shape["bias"] else [0.0] * shape["filters"])
        self.output = array("f", bytes(4 * math.prod(self.sizes)))

    def matrix(self) -> array[float]:
        """Filters with their bias: O rows of terms + 1."""
        depth = terms(self.shape)
        rows = array("f")
        for index, bias in enumerate(self.bias):
            rows.extend(self.weights[index * depth : (index + 1) * depth])
            rows.append(bias)
        return rows

    def unfolded(self, image: int, group: int) -> array[float]:
        """The input of one image and group as terms + 1 rows of output pixels; whole rows are copied at a time."""
        shape = self.shape
        _, channels, height, width = shape["input"]
        _, _, height_out, width_out = self.sizes
        per_group = channels // shape["groups"]
        stride, step = shape["stride"], shape["dilation"]
        pad_y, pad_x = shape["padding"]
        padded = array("f", bytes(4 * (width + 2 * pad_x)))
        empty = array("f", bytes(4 * width_out))
        lines = array("f")
        for channel in range(per_group):
            at = (image * channels + group * per_group + channel) * height * width
            for ky in range(shape["kernel"][0]):
                for kx in range(shape["kernel"][1]):
                    for y_out in range(height_out):
                        y = y_out * stride[0] - pad_y + ky * step[0]
                        if not 0 <= y < height:
                            lines.extend(empty)
                            continue
                        padded[pad_x : pad_x + width] = self.source[at + y * width : at + (y + 1) * width]
                        first = kx * step[1]
                        lines.extend(padded[first : first + stride[1] * (width_out - 1) + 1 : stride[1]])
        lines.extend(array("f", [1.0]) * (height_out * width_out))
        return lines

    def prepare(self) -> tuple[Any, ...]:
        """(run, read) as probe_common.examine wants them; run is the multiplication alone."""
        shape = self.shape
        batch, filters, height, width = self.sizes
        groups, depth, pixels = shape["groups"], terms(shape) + 1, height * width
        left, result = pointer(self.matrix()), pointer(self.output)
        right = [[pointer(self.unfolded(image, group)) for group in range(groups)] for image in range(batch)]
        rows = filters // groups

        def run() -> None:
            for image in range(batch):
                for group in range(groups):
                    start = ctypes.byref(left, 4 * group * rows * depth)
                    target = ctypes.byref(result, 4 * (image * filters + group * rows) * pixels)
                    sgemm(self.mkl, (rows, pixels, depth), start, right[image][group], target)

        def read(_: Any) -> Tensors:
            output = self.output
            if shape["activation"] == "relu":
                output = array("f", (max(0.0, value) for value in output))
            return Tensors(self.source, self.weights, self.bias, output, self.sizes)

        return run, read


def sgemm(mkl: Any, sizes: tuple[int, int, int], left: Any, right: Any, result: Any) -> None:
    """C = A B for row-major float32 matrices of M K, K N and M N."""
    m, n, k = sizes
    one, zero = ctypes.c_float(1), ctypes.c_float(0)
    mkl.cblas_sgemm(ROW_MAJOR, NO_TRANSPOSE, NO_TRANSPOSE, m, n, k, one, left, k, right, n, zero, result, n)


def control(mkl: Any, shapes: list[Shape]) -> dict[str, Any]:
    """Values of the same convolutions by Python's own sums: no line of the library may appear between the marks."""
    answer: dict[str, Any] = {"how": "the same sums without the library", "names": []}
    with recorded(answer):
        for shape in shapes:
            work = Convolution(mkl, shape)
            tensors = Tensors(work.source, work.weights, work.bias, work.output, work.sizes)
            with marked(shape, "direct", "control"):
                for point in sample_points(work.sizes):
                    math.fsum(products(shape, tensors, point))
            answer["names"].append(shape["name"])
    return answer


@contextmanager
def one_thread(mkl: Any) -> Iterator[None]:
    """Waiting OpenMP threads spin: time one thread."""
    before = mkl.MKL_Get_Max_Threads()
    mkl.MKL_Set_Num_Threads(1)
    try:
        yield
    finally:
        mkl.MKL_Set_Num_Threads(before)


def version(mkl: Any) -> str:
    """What the library calls itself: "Intel(R) oneAPI Math Kernel Library Version 2024.2-Product Build ..."."""
    text = ctypes.create_string_buffer(256)
    mkl.mkl_get_version_string(text, len(text))
    return text.value.decode("utf-8", "replace").strip()


def peak(mkl: Any) -> dict[str, Any]:
    """What float32 matrix multiplication reaches here, to compare convolutions with."""
    size = 512
    matrices = [pointer(array("f", spread(size * size, seed))) for seed in (1, 2, 3)]
    multiply = partial(sgemm, mkl, (size, size, size), *matrices)
    multiply()
    return {"operations": 2 * size**3, "cpu_seconds": cpu_seconds(multiply, 5)}


def probe(request: dict[str, Any]) -> dict[str, Any]:
    """Answer a request of the harness."""
    if os.environ.get("MKL_THREADING_LAYER", "").upper() == "GNU":
        with suppress(OSError):  # libmkl_gnu_thread expects that the program brings libgomp along
            ctypes.CDLL("libgomp.so.1", mode=ctypes.RTLD_GLOBAL)
    mkl = load("libmkl_rt", ["libmkl_rt.so.3", "libmkl_rt.so.2", "libmkl_rt.so.1", "libmkl_rt.so"])
    shapes = request["shapes"]
    answer: dict[str, Any] = {
        "framework": {"name": "MKL", "version": version(mkl)},
        "threads": mkl.MKL_Get_Max_Threads(),
        "convolutions": [
            examine(shape, "direct", request["repeats"], Convolution(mkl, shape).prepare, partial(one_thread, mkl))
            for shape in shapes
        ],
        "control": control(mkl, [shape for shape in shapes if shape["role"] == "required"]),
    }
    if request["repeats"]:
        with one_thread(mkl):
            answer["sgemm"] = peak(mkl)
    return answer


if __name__ == "__main__":
    main(probe)
