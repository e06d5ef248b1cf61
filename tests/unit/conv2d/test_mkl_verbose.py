"""The parser of MKL's lines, on what the library really printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.conv2d import isa
from dnnready.conv2d.mkl_verbose import Call, Header, parse

FIXTURES = Path(__file__).parents[2] / "fixtures" / "verbose"
CAPTURED = sorted(path.stem for path in FIXTURES.glob("mkl-*.txt"))


@pytest.mark.parametrize(
    "expected",
    [
        ("mkl-2020.4-debian", "2020.0 Update 4", "intel_thread", "avx512_core_bf16", 2, 4.0, 0.0579),
        ("mkl-2020.4-debian-sequential", "2020.0 Update 4", "sequential", "avx512_core_bf16", 1, 2.31, 0.03677),
        ("mkl-2026.2", "2026 Update 2", "intel_thread", "avx512_core_amx", 2, 3.74, 0.05822),
        ("mkl-2026.2-avx2", "2026 Update 2", "intel_thread", "avx2", 2, 7.28, 0.07912),
        ("mkl-2026.2-sse42", "2026 Update 2", "intel_thread", "", 2, 2.65, 0.14258),
    ],
    ids=lambda expected: expected[0],
)
def test_captured_output(expected: tuple[str, str, str, str, int, float, float]) -> None:
    name, version, threading, level, threads, first, second = expected
    header, calls = parse((FIXTURES / f"{name}.txt").read_text())
    assert (header.version, header.threading, isa.of_header(header.isa)) == (version, threading, level)
    assert {call.routine for call in calls} == {"SGEMM"}
    assert calls[0].sizes == (676, 32, 28)
    assert calls[0].threads == threads
    assert (calls[0].milliseconds, calls[1].milliseconds) == (pytest.approx(first), pytest.approx(second))


def test_every_fixture_is_read() -> None:
    assert len(CAPTURED) == 5


@pytest.mark.parametrize(
    ("line", "calls"),
    [
        ("MKL_VERBOSE SGEMM(N,N,1,2,3,0x1) 2.00us CNR:OFF Dyn:1 FastMM:1 TID:0  NThr:4", [("SGEMM", 0.002, 4)]),
        ("[12:00] MKL_VERBOSE DGEMM(N,N,1,2,3) 1.5s CNR:OFF", [("DGEMM", 1500.0, None)]),
        ("MKL_VERBOSE SGEMM(N,N,1,2,3,0x1) 2.00", []),
        ("MKL_VERBOSE SGEMM(N,N,1,2", []),
        ("MKL_VERBOSE Detected device GPU0", []),
        ("SGEMM(N,N,1,2,3,0x1) 2.00us", []),
        ("MKL_VERBOSE SGEMM(N) 1.2.3us NThr:1", []),
    ],
)
def test_lines(line: str, calls: list[tuple[str, float, int | None]]) -> None:
    _, found = parse(line)
    assert [(call.routine, pytest.approx(call.milliseconds), call.threads) for call in found] == calls


def test_sizes_that_are_none() -> None:
    assert Call("SGEMM", ("N", "N", "a", "2", "3"), 1.0, None).sizes is None
    assert Call("VSADD", ("8",), 1.0, None).sizes is None


@given(st.text())
def test_no_text_makes_it_raise(text: str) -> None:
    assert parse(text)[0] == Header() or "MKL" in text
    parse(f"MKL_VERBOSE {text}")


@given(
    st.builds(
        Call,
        routine=st.from_regex(r"[A-Z][A-Z0-9_]{0,10}", fullmatch=True),
        arguments=st.lists(st.from_regex(r"[A-Za-z0-9]{1,8}", fullmatch=True), min_size=1, max_size=13).map(tuple),
        milliseconds=st.floats(1e-4, 1e6).map(lambda value: float(f"{value:.6f}")),
        threads=st.one_of(st.none(), st.integers(1, 1024)),
    )
)
def test_a_call_survives_being_written_and_read(call: Call) -> None:
    assert parse(call.line())[1] == (call,)
