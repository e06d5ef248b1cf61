"""The arithmetic of convolution, and a reference in float64 that no kernel of a framework has touched.

Standard library only, see probe_common.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

#: Unit roundoff of what is stored: half a unit in the last place.
ROUNDOFF = {"float32": 2.0**-24, "bfloat16": 2.0**-9, "float16": 2.0**-11}

#: ONEDNN_DEFAULT_FPMATH_MODE lets the library round float32 operands to less: who asks for it gets it.
FPMATH_ROUNDOFF = {"BF16": 2.0**-9, "F16": 2.0**-11, "TF32": 2.0**-11, "ANY": 2.0**-9}

SAMPLES = 48

Shape = Mapping[str, Any]


class Tensors(NamedTuple):
    """What went into a convolution and what came out, as flat rows: N C H W, O I H W, O, N O H W.

    `values` may be any sequence of numbers; the rows are logical, whatever the layout in memory was.
    """

    source: Sequence[float]
    weights: Sequence[float]
    bias: Sequence[float]
    output: Sequence[float]
    output_shape: tuple[int, ...]


def output_shape(shape: Shape) -> tuple[int, int, int, int]:
    """N O H W of the result, by the arithmetic of convolution."""
    batch, _, height, width = shape["input"]
    sides = []
    for axis, side in enumerate((height, width)):
        reach = shape["dilation"][axis] * (shape["kernel"][axis] - 1) + 1
        sides.append((side + 2 * shape["padding"][axis] - reach) // shape["stride"][axis] + 1)
    return (batch, shape["filters"], sides[0], sides[1])


def operations(shape: Shape) -> int:
    """Floating point operations of one convolution, a multiplication and an addition per term."""
    batch, filters, height, width = output_shape(shape)
    return 2 * batch * filters * height * width * terms(shape)


def terms(shape: Shape) -> int:
    """How many products make one output value."""
    return int(shape["input"][1] // shape["groups"] * shape["kernel"][0] * shape["kernel"][1])


def sample_points(sizes: Sequence[int]) -> list[tuple[int, int, int, int]]:
    """Points of the output: the corners, where padding shows, and others spread by a fixed generator."""
    batch, filters, height, width = sizes
    points = [(0, 0, y, x) for y in (0, height - 1) for x in (0, width - 1)]
    points.append((batch - 1, filters - 1, height - 1, width - 1))
    state = 1
    while len(points) < SAMPLES:
        chosen = []
        for size in (batch, filters, height, width):
            state = (state * 1103515245 + 12345) % 2**31
            chosen.append((state >> 8) % size)
        points.append((chosen[0], chosen[1], chosen[2], chosen[3]))
    return points


def products(shape: Shape, tensors: Tensors, point: Sequence[int]) -> list[float]:
    """The terms of one output value: no kernel of the framework has touched them."""
    batch, filters, y_out, x_out = point
    _, channels, height, width = shape["input"]
    kernel_h, kernel_w = shape["kernel"]
    per_group = channels // shape["groups"]
    first = filters // (shape["filters"] // shape["groups"]) * per_group
    found = []
    for channel in range(per_group):
        for ky in range(kernel_h):
            y = y_out * shape["stride"][0] - shape["padding"][0] + ky * shape["dilation"][0]
            if not 0 <= y < height:
                continue
            for kx in range(kernel_w):
                x = x_out * shape["stride"][1] - shape["padding"][1] + kx * shape["dilation"][1]
                if 0 <= x < width:
                    at = ((batch * channels + first + channel) * height + y) * width + x
                    weight = tensors.weights[((filters * per_group + channel) * kernel_h + ky) * kernel_w + kx]
                    found.append(float(tensors.source[at]) * float(weight))
    return found


def allowed_error(shape: Shape, magnitude: float, scale: float, fpmath_mode: str = "") -> float:
    """How far a right result may be from the exact one.

    `magnitude` is the sum of the terms' absolute values, `scale` what is left after they cancelled. The sum of n terms
    in float32 is wrong by at most n u times the magnitude whatever the order (Higham, Accuracy and Stability, 4.2);
    four times that covers transformed algorithms, and four roundings of the result its storing before bias and
    activation. One lost term among less than 2,000 is still seen.
    """
    operands = FPMATH_ROUNDOFF.get(fpmath_mode.upper(), 0.0) if shape["dtype"] == "float32" else 0.0
    accumulated = 4.0 * (terms(shape) + 1) * ROUNDOFF["float32"] + 4.0 * operands
    return accumulated * magnitude + 4.0 * ROUNDOFF[shape["dtype"]] * scale


def compare(shape: Shape, tensors: Tensors) -> dict[str, Any]:
    """Sampled output values against float64 sums: {right, points, error_ratio, max_error, worst}.

    `error_ratio` is the worst error as a part of what is allowed (right up to 1), None where it is not a number.
    """
    sizes = output_shape(shape)
    mode = os.environ.get("ONEDNN_DEFAULT_FPMATH_MODE", os.environ.get("DNNL_DEFAULT_FPMATH_MODE", ""))
    _, filters, height, width = sizes
    worst: dict[str, Any] = {"right": True, "points": SAMPLES, "error_ratio": 0.0, "max_error": 0.0, "worst": None}
    if tuple(tensors.output_shape) != sizes:
        return {**worst, "right": False, "error_ratio": None, "points": 0}
    for point in sample_points(sizes):
        found = products(shape, tensors, point)
        bias = float(tensors.bias[point[1]]) if shape["bias"] else 0.0
        exact = math.fsum([*found, bias])
        wanted = max(0.0, exact) if shape["activation"] == "relu" else exact
        got = float(tensors.output[((point[0] * filters + point[1]) * height + point[2]) * width + point[3]])
        scale = abs(exact - bias) + abs(bias)
        allowed = allowed_error(shape, math.fsum(map(abs, found)) + abs(bias), scale, mode)
        if not math.isfinite(got):
            where = {"point": list(point), "expected": wanted, "got": str(got)}
            return {**worst, "right": False, "error_ratio": None, "worst": where}
        error = abs(got - wanted)
        ratio = error / allowed if allowed else float(error > 0) * 1e9
        if ratio > worst["error_ratio"]:
            worst.update(error_ratio=ratio, worst={"point": list(point), "expected": wanted, "got": got})
        worst["max_error"] = max(worst["max_error"], error)
    worst["right"] = worst["error_ratio"] <= 1.0
    return worst
