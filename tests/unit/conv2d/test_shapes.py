"""Which convolutions are run, and how users' own are checked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.conv2d.elsewhere import why_elsewhere
from dnnready.conv2d.probe_reference import operations, output_shape, terms
from dnnready.conv2d.selection import has_bfloat16, select, validate
from dnnready.conv2d.shapes import CONTROL, DEFAULT, PROBES, complete
from dnnready.errors import DnnreadyError

MINE = {"name": "mine", "input": [1, 3, 32, 48], "filters": 8, "kernel": 3}


@pytest.mark.parametrize("probe", PROBES)
def test_every_probe_has_required_shapes_and_the_control(probe: str) -> None:
    chosen = select(probe, "avx2")
    assert [shape for shape in chosen if shape["role"] == "required"]
    assert CONTROL in {shape["name"] for shape in chosen if shape["role"] == "required"}
    assert len({shape["name"] for shape in chosen}) == len(chosen)


@pytest.mark.parametrize(
    ("probe", "names"),
    [
        ("tensorflow", {"question-1-keras-conv2d", "question-3-late-environment"}),
        ("pytorch", {"question-2-torch-conv2d"}),
    ],
)
def test_the_layers_of_the_question(probe: str, names: set[str]) -> None:
    found = {shape["name"]: shape for shape in select(probe, "avx2") if shape["name"].startswith("question")}
    assert set(found) == names
    for shape in found.values():
        assert shape["input"] == [1, 3, 28, 28]
        assert (shape["filters"], shape["kernel"]) == (32, [3, 3])
        assert output_shape(shape) == (1, 32, 26, 26)
        assert shape["activation"] == ("relu" if probe == "tensorflow" else "none")


def test_the_late_variable_comes_last_and_is_that_of_the_question() -> None:
    last = select("tensorflow", "avx512_core_amx")[-1]
    assert last["environment_inside"] == {"KMP_AFFINITY": "disabled"}


@pytest.mark.parametrize(
    ("isa", "there"),
    [
        ("avx512_core_bf16", True),
        ("avx512_core_amx", True),
        ("avx2_vnni_2", True),
        ("avx512_core_vnni", False),
        ("avx2", False),
        ("asimd", False),
        ("", False),
    ],
)
def test_bfloat16_only_where_the_cpu_has_it(isa: str, there: bool) -> None:
    assert has_bfloat16(isa) is there
    for probe in PROBES:
        dtypes = {shape["dtype"] for shape in select(probe, isa)}
        assert ("bfloat16" in dtypes) is (there and probe != "mkl")


@pytest.mark.parametrize(
    ("probe", "isa", "informational"),
    [
        ("tensorflow", "asimd", {"question-1-keras-conv2d", "5x5", "7x7-stride-2", "question-3-late-environment"}),
        ("tensorflow", "avx2", set()),
        ("pytorch", "asimd", {"question-2-torch-conv2d", "1x1-batch-1"}),
        ("pytorch", "avx2", {"question-2-torch-conv2d", "1x1-batch-1"}),
        ("onednn", "sve_256", set()),
    ],
)
def test_what_no_verdict_rests_on(probe: str, isa: str, informational: set[str]) -> None:
    chosen = select(probe, isa)
    assert {shape["name"] for shape in chosen if shape["role"] == "informational"} == informational
    assert all("informational_on_arm" not in shape for shape in chosen)


def test_default_shapes_hold_to_the_rules_for_users() -> None:
    for shape in DEFAULT:
        ours = ("environment_inside", "informational_on_arm")
        plain = {key: value for key, value in shape.items() if key not in ours}
        assert validate(plain, "default")["name"] == shape["name"]


def test_a_users_shape_is_completed_and_added() -> None:
    chosen = select("pytorch", "avx2", [MINE])
    assert chosen[-1] == {
        **MINE,
        "about": "",
        "kernel": [3, 3],
        "stride": [1, 1],
        "padding": [0, 0],
        "dilation": [1, 1],
        "groups": 1,
        "dtype": "float32",
        "layout": "default",
        "bias": True,
        "activation": "none",
        "role": "required",
        "probes": list(PROBES),
    }


def test_a_users_shape_for_another_probe() -> None:
    assert all(shape["name"] != "mine" for shape in select("mkl", "avx2", [{**MINE, "probes": ["pytorch"]}]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "3x3"}, "the name 3x3 is taken"),
        ({"name": "a b"}, "the name is 'a b'"),
        ({"name": 7}, "the name is 7"),
        ({"input": [1, 3, 32]}, "input is"),
        ({"input": [1, 3, 32, 0]}, "input is"),
        ({"input": "1x3x32x32"}, "input is"),
        ({"filters": 0}, "filters is 0"),
        ({"filters": True}, "filters is True"),
        ({"kernel": 0}, "kernel is 0"),
        ({"kernel": [3, 3, 3]}, "kernel is"),
        ({"kernel": 64}, "the kernel is larger"),
        ({"padding": -1}, "padding is -1"),
        ({"padding": "same"}, "padding is 'same'"),
        ({"stride": 0}, "stride is 0"),
        ({"groups": 2}, "do not divide into 2 groups"),
        ({"dtype": "int8"}, "dtype is 'int8'"),
        ({"layout": "NHWC"}, "layout is 'NHWC'"),
        ({"role": "optional"}, "role is 'optional'"),
        ({"activation": "gelu"}, "activation is 'gelu'"),
        ({"probes": ["torch"]}, "probes is ['torch']"),
        ({"probes": "pytorch"}, "probes is 'pytorch'"),
        ({"bias": "no"}, "bias is 'no'"),
        ({"filter": 3}, "unknown key filter"),
        ({"input": [1, 64, 4096, 4096]}, "has 1073741824 values"),
        ({"environment_inside": {"A": "b"}}, "unknown key environment_inside"),
    ],
)
def test_what_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DnnreadyError) as refused:
        select("pytorch", "avx2", [{**MINE, **change}])
    assert refused.value.message.startswith("shapes[0]")
    assert message in refused.value.message


@pytest.mark.parametrize("key", ["name", "input", "filters", "kernel"])
def test_what_must_be_there(key: str) -> None:
    with pytest.raises(DnnreadyError, match=f"{key} is missing"):
        validate({other: value for other, value in MINE.items() if other != key}, "shape")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists))
def test_nonsense_is_refused_with_a_message(value: Any) -> None:
    for shape in (value, {**MINE, "input": value}, {**MINE, "kernel": value}, {**MINE, "probes": value}):
        try:
            validate(shape, "shape")
        except DnnreadyError as refused:
            assert refused.message


@pytest.mark.parametrize(
    ("name", "sizes", "products"),
    [
        ("3x3", (2, 64, 56, 56), 576),
        ("1x1", (16, 64, 14, 14), 64),
        ("7x7-stride-2", (1, 64, 56, 56), 147),
        ("depthwise", (1, 64, 28, 28), 9),
        ("dilated", (1, 32, 32, 32), 288),
    ],
)
def test_arithmetic(name: str, sizes: tuple[int, ...], products: int) -> None:
    shape = complete(next(shape for shape in DEFAULT if shape["name"] == name))
    assert output_shape(shape) == sizes
    assert terms(shape) == products
    count = 2 * products
    for size in sizes:
        count *= size
    assert operations(shape) == count


@pytest.mark.parametrize(
    ("probe", "change", "threads", "why"),
    [
        # 20,480 values are the last that PyTorch keeps: measured on both sides of the border
        ("pytorch", {"input": [1, 80, 16, 16], "padding": 1}, 2, "20,480"),
        ("pytorch", {"input": [1, 81, 16, 16], "padding": 1}, 2, ""),
        ("pytorch", {"input": [2, 3, 28, 28]}, 2, ""),
        ("pytorch", {"kernel": 5}, 2, ""),
        ("pytorch", {"input": [1, 8, 28, 28], "groups": 8}, 2, ""),
        ("pytorch", {"input": [1, 64, 28, 28], "kernel": 1}, 1, "one thread"),
        ("pytorch", {"input": [1, 64, 28, 28], "kernel": 1}, 2, ""),
        ("pytorch", {"input": [16, 64, 14, 14], "kernel": 1}, 1, ""),
        ("tensorflow", {}, 2, ""),
        ("tensorflow", {"input": [1, 32, 28, 28], "groups": 2}, 2, "grouped"),
        ("tensorflow", {"input": [1, 32, 28, 28], "groups": 32, "filters": 32}, 2, ""),
        ("onednn", {}, 1, ""),
    ],
)
def test_why_a_framework_rightly_does_it_itself(probe: str, change: dict[str, Any], threads: int, why: str) -> None:
    text = why_elsewhere(probe, complete({**MINE, **change}), threads)
    assert (why in text) if why else text == ""
