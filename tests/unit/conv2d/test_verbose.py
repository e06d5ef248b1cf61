"""The parser of oneDNN's lines, on what every version at hand really printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.conv2d import isa
from dnnready.conv2d.verbose import Header, Memory, Record, parse

FIXTURES = Path(__file__).parents[2] / "fixtures" / "verbose"
CAPTURED = sorted(path.stem for path in FIXTURES.glob("*.txt") if not path.stem.startswith("mkl-"))

OLD = {"jit:avx512_common", "jit_1x1:avx512_common", "jit_dw:avx512_common"}
BRGEMM_2 = {"brgconv:avx512_core", "brgconv_1x1:avx512_core", "brdgmm_dw:avx512_core"}
BRGEMM_3 = {"brg_conv_fwd:avx512_core", "brgconv_1x1:avx512_core", "brdgmm_dw:avx512_core"}
TORCH_3 = {"jit:avx512_core", "jit_1x1:avx512_core", "jit_dw:avx512_core", "brg_conv_fwd:avx512_core"}
AMX = "brg_conv_fwd:avx10_1_512_amx"

#: file, version, runtime, threads, ISA, what ran convolutions
EXPECTED = [
    ("mkldnn-0.19.0-mxnet-1.5.1", "0.19.0", "", None, "avx512_core_vnni", OLD),
    ("mkldnn-1.0.4-mxnet-1.6.0", "1.0.4", "", None, "avx512_core_bf16", OLD),
    ("onednn-2.0.0", "2.0.0", "OpenMP", None, "avx512_core_bf16", OLD | {"jit_bf16:avx512_core_bf16"}),
    ("onednn-2.0.0-debian11-torch-1.7.1", "2.0.0", "OpenMP", None, "avx512_core_bf16", OLD),
    ("onednn-2.4.0", "2.4.0", "OpenMP", None, "avx512_core_bf16", BRGEMM_2 | {"brgconv:avx512_core_bf16"}),
    ("onednn-2.5.0", "2.5.0", "OpenMP", None, "avx512_core_amx", BRGEMM_2 | {"brgconv:avx512_core_amx_bf16"}),
    ("onednn-2.6.0", "2.6.0", "OpenMP", 2, "avx512_core_amx", BRGEMM_2 | {"brgconv:avx512_core_amx_bf16"}),
    ("onednn-2.6.3-debian12", "2.6.3", "OpenMP", 2, "avx512_core_amx", BRGEMM_2 | {"brgconv:avx512_core_amx_bf16"}),
    (
        "onednn-2.6.3-debian12-torch-1.13.1",
        "2.6.3",
        "OpenMP",
        1,
        "avx512_core_amx",
        (TORCH_3 - {"brg_conv_fwd:avx512_core"}) | {"brgconv:avx512_core", "brgconv:avx512_core_amx_bf16"},
    ),
    ("onednn-2.6.3-debian12-arm64", "2.6.3", "OpenMP", 1, "asimd", {"gemm:ref"}),
    ("onednn-2.6.3-debian12-arm64-torch-1.13.1", "2.6.3", "OpenMP", 1, "asimd", {"gemm:ref"}),
    ("onednn-2.6.3-timestamps", "2.6.3", "OpenMP", 2, "avx512_core_amx", BRGEMM_2 | {"brgconv:avx512_core_amx_bf16"}),
    (
        "onednn-2.7.3-tensorflow-2.12.0",
        "2.7.3",
        "threadpool",
        2,
        "avx512_core_amx",
        BRGEMM_2 | {"brgconv:avx512_core_amx_bf16"},
    ),
    (
        "onednn-3.2.0",
        "3.2.0",
        "OpenMP",
        2,
        "avx512_core_amx",
        BRGEMM_2 | {"brgconv:avx512_core_amx", "jit:avx512_core"},
    ),
    (
        "onednn-3.2.0-timestamps",
        "3.2.0",
        "OpenMP",
        2,
        "avx512_core_amx",
        BRGEMM_2 | {"brgconv:avx512_core_amx", "jit:avx512_core"},
    ),
    (
        "onednn-3.2.1-tensorflow-2.15.1",
        "3.2.1",
        "threadpool",
        2,
        "avx512_core_amx",
        BRGEMM_2 | {"brgconv:avx512_core_amx", "jit:avx512_core"},
    ),
    (
        "onednn-3.7.0-tensorflow-2.21.0-arm64",
        "3.7.0",
        "threadpool",
        2,
        "asimd",
        {"gemm:ref", "gemm:acl", "indirect_gemm:acl", "depthwise_convolution:acl"},
    ),
    (
        "onednn-3.7.1-torch-2.9.1-arm64",
        "3.7.1",
        "OpenMP",
        1,
        "asimd",
        {"gemm:acl", "indirect_gemm:acl", "depthwise_convolution:acl"},
    ),
    ("onednn-3.7.2-debian13", "3.7.2", "OpenMP", 2, "avx512_core_amx", BRGEMM_3 | {AMX}),
    ("onednn-3.7.2-debian13-torch-2.6.0", "3.7.2", "OpenMP", 2, "avx512_core_amx", TORCH_3 | {AMX}),
    ("onednn-3.7.3-tensorflow-2.21.0", "3.7.3", "threadpool", 2, "avx512_core_amx", BRGEMM_3 | {AMX}),
    (
        "onednn-3.7.3-tensorflow-2.21.0-avx2",
        "3.7.3",
        "threadpool",
        2,
        "avx2",
        {"brg_conv_fwd:avx2", "brgconv_1x1:avx2", "brdgmm_dw:avx2", "x64:gemm:jit"},
    ),
    ("onednn-3.7.3-tensorflow-2.21.0-off", "3.7.3", "threadpool", 2, "avx512_core_amx", set()),
    ("onednn-3.12.0-torch-2.13.0", "3.12.0", "OpenMP", 2, "avx512_core_amx", TORCH_3 | {AMX}),
    ("onednn-3.12.0-torch-2.13.0-all", "3.12.0", "OpenMP", 2, "avx512_core_amx", TORCH_3 | {AMX}),
    (
        "onednn-3.12.0-torch-2.13.0-sse41",
        "3.12.0",
        "OpenMP",
        2,
        "sse41",
        {"jit:sse41", "jit_1x1:sse41", "jit_dw:sse41"},
    ),
    ("onednn-3.12.1-debian-sid", "3.12.1", "OpenMP", 2, "avx512_core_amx", BRGEMM_3 | {AMX}),
    ("onednn-3.13.2-sycl", "3.13.2", "SYCL", 2, "avx512_core_amx", BRGEMM_3 | {AMX}),
    ("onednn-3.13.2-sycl-no-device", "3.13.2", "SYCL", 2, "avx512_core_amx", set()),
]


def read(name: str) -> str:
    return (FIXTURES / f"{name}.txt").read_text()


def test_every_fixture_is_expected_to_say_something() -> None:
    assert sorted(entry[0] for entry in EXPECTED) == CAPTURED


@pytest.mark.parametrize("expected", EXPECTED, ids=[entry[0] for entry in EXPECTED])
def test_captured_output(expected: tuple[str, str, str, int | None, str, set[str]]) -> None:
    name, version, runtime, threads, level, ran = expected
    output = parse(read(name))
    assert (output.header.version, output.header.runtime, output.header.threads) == (version, runtime, threads)
    assert isa.of_header(output.header.isa) == level
    assert {record.implementation for record in output.records if record.is_convolution} == ran
    assert output.damaged == 0


@pytest.mark.parametrize("name", CAPTURED)
def test_every_convolution_tells_its_memory_and_problem(name: str) -> None:
    for record in parse(read(name)).records:
        if record.is_convolution:
            memories = record.memories
            assert {"src", "wei", "dst"} <= set(memories)
            assert all(memories[argument].layout for argument in ("src", "wei", "dst"))
            assert "kh" in record.problem
            assert record.auxiliary == "alg:convolution_direct"
            assert record.prop_kind.startswith("forward")
            assert record.milliseconds > 0


@pytest.mark.parametrize("name", [entry[0] for entry in EXPECTED if entry[5]])
def test_every_version_names_source_weights_and_destination(name: str) -> None:
    record = next(record for record in parse(read(name)).records if record.is_convolution)
    assert {"src", "wei", "dst"} <= set(record.memories)


@pytest.mark.parametrize(
    ("text", "memory"),
    [
        ("src:f32:a:blocked:aBcd16b::f0", Memory("src", "f32", "aBcd16b")),
        ("src:f32::blocked:acdb::f0", Memory("src", "f32", "acdb")),
        ("bia:undef::undef:::", Memory("bia", "undef", "")),
        ("src_f32:a:blocked:abcd::f0", Memory("src", "f32", "abcd")),
        ("wei_bf16::blocked:Acdb32a:f0", Memory("wei", "bf16", "Acdb32a")),
        ("diff_src_f32::blocked:abcd:f0", Memory("diff_src", "f32", "abcd")),
        ("bia_undef::undef::f0", Memory("bia", "undef", "")),
        ("fsrc:nChw16c", Memory("src", "", "nChw16c")),
        ("in:f32_nchw", Memory("in", "f32", "nchw")),
        ("", None),
        ("::::", Memory("", "", "")),
    ],
)
def test_memory_descriptors_of_all_versions(text: str, memory: Memory | None) -> None:
    record = Record("exec", "cpu", "convolution", "ref:any", "", text, "", "", "", 1.0)
    assert list(record.memories.values()) == ([memory] if memory else [])


NEW = "onednn_verbose,v1,primitive,exec,cpu,convolution,jit:avx2,forward_training,src:f32::blocked:acdb::f0,,,mb1,0.5"


@pytest.mark.parametrize(
    ("line", "implementations", "damaged"),
    [
        (NEW, ["jit:avx2"], 0),
        (f"2026-01-01 INFO [worker 3] {NEW}", ["jit:avx2"], 0),
        (f"{NEW}\r", ["jit:avx2"], 0),
        (f"{NEW}{NEW.replace('jit:avx2', 'ref:any')}", ["jit:avx2", "ref:any"], 0),
        (f"{NEW} {NEW.replace('jit:avx2', 'ref:any')}", ["jit:avx2", "ref:any"], 0),
        (NEW.replace("v1,primitive,exec", "v1,1693533460193.346924,primitive,exec"), ["jit:avx2"], 0),
        (NEW.replace("v1,primitive,", ""), ["jit:avx2"], 0),
        (NEW.replace("onednn_verbose,v1,primitive", "dnnl_verbose"), ["jit:avx2"], 0),
        (f"{NEW}Killed", [], 1),
        (NEW[:-8], [], 1),
        (NEW[:60], [], 1),
        (NEW.replace("0.5", "fast"), [], 1),
        ("onednn_verbose,", [], 1),
        ("onednn_verbose,v1", [], 1),
        (NEW.replace("primitive,exec", "graph,exec"), [], 0),
        ("onednn_verbose,v1,primitive,create:dispatch,convolution,unsupported format tag,jit.cpp:261", [], 0),
    ],
)
def test_what_stands_around_a_line(line: str, implementations: list[str], damaged: int) -> None:
    output = parse(line)
    assert [record.implementation for record in output.records] == implementations
    assert output.damaged == damaged


def test_a_template_moves_columns() -> None:
    text = "\n".join(
        (
            "onednn_verbose,v2,primitive,info,template:operation,implementation,engine,primitive,exec_time",
            "onednn_verbose,v2,primitive,exec,jit:avx2,cpu,convolution,0.25",
        )
    )
    record = parse(text).records[0]
    assert (record.implementation, record.engine, record.milliseconds) == ("jit:avx2", "cpu", 0.25)
    assert record.is_convolution


@pytest.mark.parametrize(
    "line",
    [
        NEW.replace("exec,cpu", "exec,gpu"),
        NEW.replace("exec,cpu", "create:cache_miss,cpu"),
        NEW.replace("convolution", "reorder"),
        NEW.replace("convolution", "gemm_api"),
    ],
)
def test_only_an_executed_convolution_on_the_cpu_is_a_proof(line: str) -> None:
    records = parse(line).records
    assert len(records) == 1
    assert not any(record.is_convolution for record in records)


def test_errors_of_the_library_are_kept() -> None:
    assert "SYCL cpu devices queried but not found" in parse(read("onednn-3.13.2-sycl-no-device")).errors[0]


def test_silence() -> None:
    output = parse("")
    assert (output.header, output.records, output.errors, output.damaged) == (Header(), (), (), 0)


@given(st.text())
def test_no_text_makes_it_raise(text: str) -> None:
    parse(text)


@given(st.sampled_from(CAPTURED), st.data())
def test_no_damage_makes_it_raise(name: str, data: st.DataObject) -> None:
    text = read(name)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    junk = data.draw(st.text(max_size=40))
    output = parse(text[:start] + junk + text[end:])
    for record in output.records:
        assert record.memories is not None


LETTERS = st.characters(exclude_characters=",", exclude_categories=("C", "Zl", "Zp"))
FIELD = st.text(LETTERS, max_size=12).filter(lambda text: "verbose" not in text)
NAME = st.from_regex(r"[a-z][a-z0-9_:]{0,15}", fullmatch=True)
RECORDS = st.builds(
    Record,
    operation=st.sampled_from(["exec", "create:cache_miss", "create:cache_hit"]),
    engine=st.sampled_from(["cpu", "gpu"]),
    primitive=NAME,
    implementation=NAME,
    prop_kind=FIELD,
    memory_descriptors=FIELD,
    attributes=FIELD,
    auxiliary=FIELD,
    problem=FIELD,
    milliseconds=st.floats(0, 1e9, allow_nan=False),
    component=st.just("primitive"),
    timestamp=st.one_of(st.none(), st.integers(0, 2**40).map(float)),
)


@given(RECORDS)
def test_a_record_survives_being_written_and_read(record: Record) -> None:
    assert parse(record.line()).records == (record,)
