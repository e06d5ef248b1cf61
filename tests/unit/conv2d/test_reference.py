"""The reference in float64 that results are compared with."""

from __future__ import annotations

import itertools
import random
from array import array
from typing import Any

import pytest

from dnnready.conv2d.probe_common import spread
from dnnready.conv2d.probe_reference import (
    SAMPLES,
    Tensors,
    allowed_error,
    compare,
    output_shape,
    products,
    sample_points,
    terms,
)
from dnnready.conv2d.shapes import DEFAULT, complete

SMALL = [
    {"name": "plain", "input": [2, 3, 7, 6], "filters": 4, "kernel": 3},
    {"name": "padded", "input": [1, 2, 5, 5], "filters": 3, "kernel": 3, "padding": 1, "stride": 2},
    {"name": "grouped", "input": [1, 6, 6, 5], "filters": 9, "kernel": 2, "groups": 3, "dilation": 2, "bias": False},
    {"name": "depthwise", "input": [2, 4, 6, 6], "filters": 8, "kernel": [3, 2], "groups": 4, "padding": [0, 1]},
    {"name": "relu", "input": [1, 2, 6, 6], "filters": 2, "kernel": 3, "activation": "relu"},
]


def convolve(shape: dict[str, Any], source: list[float], weights: list[float], bias: list[float]) -> list[float]:
    """Scatter instead of gather, so that it shares no loop with the code under test."""
    batch, channels, height, width = shape["input"]
    _, filters, height_out, width_out = output_shape(shape)
    per_group, rows = channels // shape["groups"], filters // shape["groups"]
    pixels = height_out * width_out
    output = [bias[k // pixels % filters] if shape["bias"] else 0.0 for k in range(batch * filters * pixels)]
    places = itertools.product(range(batch), range(channels), range(height), range(width))
    for value, (n, c, y, x) in zip(source, places):
        for ky, kx in itertools.product(*map(range, shape["kernel"])):
            above = y + shape["padding"][0] - ky * shape["dilation"][0]
            left = x + shape["padding"][1] - kx * shape["dilation"][1]
            row, column = above // shape["stride"][0], left // shape["stride"][1]
            if above % shape["stride"][0] or left % shape["stride"][1]:
                continue
            if not (0 <= row < height_out and 0 <= column < width_out):
                continue
            group, inner = divmod(c, per_group)
            for k in range(group * rows, (group + 1) * rows):
                weight = weights[((k * per_group + inner) * shape["kernel"][0] + ky) * shape["kernel"][1] + kx]
                output[(n * filters + k) * pixels + row * width_out + column] += value * weight
    return [max(0.0, value) for value in output] if shape["activation"] == "relu" else output


def tensors(shape: dict[str, Any]) -> Tensors:
    numbers = random.Random(shape["name"])  # noqa: S311 - the same numbers in every run
    count = 1
    for size in shape["input"]:
        count *= size
    single = lambda values: list(array("f", values))  # noqa: E731 - rounded as a framework holds them
    source = single([numbers.gauss(0, 1) for _ in range(count)])
    weights = single([numbers.gauss(0, 0.2) for _ in range(shape["filters"] * terms(shape))])
    bias = single([numbers.gauss(0, 1) for _ in range(shape["filters"])])
    output = single(convolve(shape, source, weights, bias))
    return Tensors(source, weights, bias if shape["bias"] else [], output, output_shape(shape))


@pytest.mark.parametrize("shape", [complete(shape) for shape in SMALL], ids=lambda shape: str(shape["name"]))
def test_right_results_are_right(shape: dict[str, Any]) -> None:
    found = compare(shape, tensors(shape))
    assert found["right"], found
    assert found["points"] == SAMPLES
    assert found["error_ratio"] < 0.2


def wrong_point(shape: dict[str, Any], change: float) -> dict[str, Any]:
    made = tensors(shape)
    _, filters, height, width = output_shape(shape)
    output = list(made.output)
    for n, k, y, x in sample_points(output_shape(shape))[:1]:
        output[((n * filters + k) * height + y) * width + x] += change
    return compare(shape, made._replace(output=output))


@pytest.mark.parametrize("shape", [complete(shape) for shape in SMALL[:4]], ids=lambda shape: str(shape["name"]))
def test_one_wrong_value_is_seen(shape: dict[str, Any]) -> None:
    found = wrong_point(shape, 1e-3)
    assert not found["right"]
    assert found["worst"]["point"] == [0, 0, 0, 0]
    assert found["max_error"] == pytest.approx(1e-3, rel=1e-2)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_wrong(value: float) -> None:
    found = wrong_point(complete(SMALL[0]), value)
    assert not found["right"]
    assert found["error_ratio"] is None


def test_a_wrong_shape_is_wrong() -> None:
    shape = complete(SMALL[0])
    assert not compare(shape, tensors(shape)._replace(output_shape=(2, 4, 6, 5)))["right"]


def test_a_shifted_result_is_wrong() -> None:
    shape = complete(SMALL[0])
    made = tensors(shape)
    assert not compare(shape, made._replace(output=[0.0, *made.output[:-1]]))["right"]


def test_a_lost_term_is_seen_in_every_default_shape() -> None:
    for shape in map(complete, DEFAULT):
        if shape["dtype"] == "float32":
            magnitude = 1.0
            assert allowed_error(shape, magnitude, magnitude / terms(shape) ** 0.5) < magnitude / (terms(shape) + 1)


def test_bfloat16_may_round_its_result_and_float32_may_not() -> None:
    shape = {"input": [1, 64, 8, 8], "groups": 1, "kernel": [3, 3]}
    wide, narrow = {**shape, "dtype": "float32"}, {**shape, "dtype": "bfloat16"}
    assert allowed_error(narrow, 1.0, 0.05) > 2.0**-9 * 0.05 > 2 * allowed_error(wide, 1.0 / 50, 0.05)


@pytest.mark.parametrize(
    ("mode", "more"), [("", False), ("strict", False), ("bf16", True), ("ANY", True), ("F16", True)]
)
def test_a_user_who_asks_for_less_precision_gets_it(mode: str, more: bool) -> None:
    shape = {"dtype": "float32", "input": [1, 64, 8, 8], "groups": 1, "kernel": [3, 3]}
    assert (allowed_error(shape, 1.0, 0.1, mode) > 10 * allowed_error(shape, 1.0, 0.1)) is more


def test_points_cover_the_corners() -> None:
    points = sample_points((2, 64, 56, 56))
    assert {(0, 0, 0, 0), (0, 0, 0, 55), (0, 0, 55, 0), (1, 63, 55, 55)} <= set(points)
    assert len(set(points)) > SAMPLES // 2
    assert {point[1] for point in points} != {0}


def test_corner_products_leave_the_padding_out() -> None:
    shape = complete({"name": "p", "input": [1, 1, 4, 4], "filters": 1, "kernel": 3, "padding": 1})
    made = Tensors([1.0] * 16, [1.0] * 9, [0.0], [0.0] * 16, (1, 1, 4, 4))
    assert [len(products(shape, made, (0, 0, y, x))) for y, x in ((0, 0), (0, 1), (1, 1))] == [4, 6, 9]


def test_spread_numbers_are_the_same_everywhere() -> None:
    assert spread(3, 1) == spread(3, 1)
    numbers = spread(20000, 7, 0.5)
    assert len(numbers) == 20000
    assert -0.5 <= min(numbers) < -0.4 < 0.4 < max(numbers) <= 0.5
    assert abs(sum(numbers)) / len(numbers) < 0.02
