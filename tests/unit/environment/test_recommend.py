"""Values that fit a host, and a user's own over them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.environment.evaluate import evaluate
from dnnready.environment.recommend import Recommendation, merge, recommended
from dnnready.errors import DnnreadyError

from .test_evaluate import INTEL, TENSORFLOW, TORCH

GIB = 1 << 30


def host(*, effective=4, physical=4, quota=None, nodes=1, libc=("glibc", "2.36"), memory=8 * GIB, limit=None):
    return {
        "cpu": {"isa": "avx2"},
        "cores": {
            "effective": effective,
            "physical": physical,
            "quota": quota,
            "numa_nodes": nodes,
            "affinity": list(range(physical)),
        },
        "libc": dict(zip(("name", "version"), libc)),
        "memory": {"total_bytes": memory, "limit_bytes": limit},
    }


def values(*arguments, **keywords):
    return {name: value.value for name, value in recommended(*arguments, **keywords).items()}


def tuned(mapped, kept):
    return f"glibc.malloc.mmap_threshold={mapped}:glibc.malloc.trim_threshold={kept}"


@pytest.mark.parametrize(
    ("machine", "readers", "options", "expected"),
    [
        (host(), TORCH, {}, {"OMP_NUM_THREADS": "4", "GLIBC_TUNABLES": tuned(GIB, GIB)}),
        (host(memory=4 * GIB), TORCH, {}, {"OMP_NUM_THREADS": "4", "GLIBC_TUNABLES": tuned(GIB // 2, GIB // 2)}),
        (host(limit=2 * GIB), TORCH, {}, {"OMP_NUM_THREADS": "4"}),
        (
            host(limit=GIB),
            TORCH,
            {"allocator": "glibc_tuned"},
            {"OMP_NUM_THREADS": "4", "GLIBC_TUNABLES": tuned(128 << 20, 128 << 20)},
        ),
        (host(), TORCH, {"allocator": "default"}, {"OMP_NUM_THREADS": "4"}),
        (
            host(libc=("glibc", "2.31")),
            TORCH,
            {},
            {"OMP_NUM_THREADS": "4", "GLIBC_TUNABLES": tuned(32 << 20, GIB)},
        ),
        (
            host(libc=("glibc", "")),
            TORCH,
            {},
            {"OMP_NUM_THREADS": "4", "GLIBC_TUNABLES": tuned(32 << 20, GIB)},
        ),
        (host(libc=("musl", "1.2.4")), TORCH, {"allocator": "glibc_tuned"}, {"OMP_NUM_THREADS": "4"}),
        (host(memory=0), TORCH, {}, {"OMP_NUM_THREADS": "4"}),
        (host(effective=1, quota=1.5), TORCH, {"allocator": "default"}, {"OMP_NUM_THREADS": "1"}),
        (
            host(effective=8, physical=8, nodes=2),
            TENSORFLOW,
            {"onednn_convolution": "required"},
            {"TF_NUM_INTRAOP_THREADS": "8", "TF_NUM_INTEROP_THREADS": "2", "TF_ENABLE_ONEDNN_OPTS": "1"},
        ),
        (
            host(effective=1, nodes=2),
            TENSORFLOW,
            {"onednn_convolution": "auto"},
            {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"},
        ),
        (
            host(),
            TENSORFLOW,
            {"onednn_convolution": "off"},
            {"TF_NUM_INTRAOP_THREADS": "4", "TF_NUM_INTEROP_THREADS": "1", "TF_ENABLE_ONEDNN_OPTS": "0"},
        ),
        (
            host(),
            TENSORFLOW,
            {"onednn_convolution": False, "library_path": ["lib", "a/b"]},
            {
                "TF_NUM_INTRAOP_THREADS": "4",
                "TF_NUM_INTEROP_THREADS": "1",
                "TF_ENABLE_ONEDNN_OPTS": "0",
                "LD_LIBRARY_PATH": "{release}/lib:{release}/a/b",
            },
        ),
        (host(), INTEL, {}, {"OMP_NUM_THREADS": "4"}),
        (host(), ["mkl", "libgomp"], {}, {"OMP_NUM_THREADS": "4", "MKL_THREADING_LAYER": "GNU"}),
        (host(), ["onednn"], {"onednn_convolution": "required"}, {}),
    ],
)
def test_values_for_a_host(machine, readers, options, expected):
    assert values(machine, readers, options) == expected


@pytest.mark.parametrize(
    "options", [{"onednn_convolution": "yes"}, {"allocator": "jemalloc"}, {"onednn_convolution": None}]
)
def test_another_word_for_an_option_is_refused(options):
    with pytest.raises(DnnreadyError, match=next(iter(options))):
        recommended(host(), TORCH, options)


def test_every_value_has_a_reason():
    for value in recommended(host(quota=3.5, effective=3), TORCH + TENSORFLOW, {"library_path": ["lib"]}).values():
        assert value.why
    assert "quota of 3.5" in recommended(host(quota=3.5), TORCH)["OMP_NUM_THREADS"].why


HOSTS = st.builds(
    host,
    effective=st.integers(1, 4),
    physical=st.integers(4, 128),
    nodes=st.integers(1, 8),
    libc=st.sampled_from([("glibc", "2.28"), ("glibc", "2.31"), ("glibc", "2.36"), ("glibc", "2.41"), ("musl", "1.2")]),
    memory=st.integers(0, 1 << 45),
    limit=st.one_of(st.none(), st.integers(1 << 20, 1 << 45)),
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "onednn_convolution": st.sampled_from(["required", "auto", "off"]),
        "allocator": st.sampled_from(["auto", "glibc_tuned", "default"]),
        "library_path": st.lists(st.sampled_from(["lib", "venv/lib"])),
    },
)


@given(HOSTS, st.sampled_from([TORCH, TENSORFLOW, INTEL, TORCH + TENSORFLOW, ["mkl", "libgomp"]]), OPTIONS)
def test_nothing_is_to_be_said_about_what_is_computed(machine, readers, options):
    assert evaluate(merge(recommended(machine, readers, options), {}, {}), readers, machine) == []


def test_the_user_wins_and_null_removes():
    computed = {"A": Recommendation("1", "why"), "B": Recommendation("1", "why"), "C": Recommendation("1", "why")}
    assert merge(computed, {"B": 2, "C": 2, "D": 2}, {"C": "3", "A": None, "E": None}) == {"B": "2", "C": "3", "D": "2"}


def test_another_name_of_the_same_variable_wins_too():
    assert merge({}, {"ONEDNN_MAX_CPU_ISA": "AVX2"}, {"DNNL_MAX_CPU_ISA": "SSE41"}) == {"DNNL_MAX_CPU_ISA": "SSE41"}
    assert merge({}, {"ONEDNN_VERBOSE": "1"}, {"DNNL_VERBOSE": None}) == {}
    both = {"DNNL_VERBOSE": "1", "ONEDNN_VERBOSE": "0"}
    assert merge({}, {}, both) == both


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("A", "x", "x"),
        ("A", "", ""),
        ("OMP_NUM_THREADS", 4, "4"),
        ("A", -1, "-1"),
        ("A", True, "true"),
        ("A", False, "false"),
        ("MKL_DYNAMIC", False, "false"),
        ("ONEDNN_VERBOSE", True, "1"),
        ("DNNL_VERBOSE", False, "0"),
    ],
)
def test_texts_of_values_from_yaml(name, value, text):
    assert merge({}, {}, {name: value}) == {name: text}


@pytest.mark.parametrize("value", [1.10, [1], {"a": 1}, float("nan")])
def test_a_value_that_yaml_may_have_changed_is_refused(value):
    with pytest.raises(DnnreadyError, match="quotes"):
        merge({}, {}, {"A": value})
