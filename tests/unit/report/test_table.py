"""The table, to the letter."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.report.table import LIST_ALL_HOSTS, render, summary

PYTORCH: dict[str, Any] = {
    "stack": "pytorch",
    "release": "0123456789abcdef",
    "verdict": "accelerated",
    "implementations": ["brg_conv_fwd:avx512_core", "jit_dw:avx512_core"],
    "isa": "avx512_core",
    "isa_cpu": "avx512_core_amx",
    "threads": 2,
    "framework": "torch 2.13.0+cpu",
    "onednn": "3.12.0",
    "cpu_seconds": 4.123,
    "changed": True,
    "cause": None,
    "next": "",
}
TENSORFLOW: dict[str, Any] = {
    **PYTORCH,
    "stack": "tensorflow",
    "verdict": "fallback",
    "implementations": ["jit:avx2"],
    "isa": "avx2",
    "framework": "tensorflow-cpu 2.21.0",
    "onednn": "3.7.3",
    "cause": {"code": "onednn-off", "text": "Two required convolutions ran through Eigen, one of them on a lower ISA."},
    "next": "ansible-playbook site.yml --limit edge-01 -e tensorflow_onednn=required -e dnnready_stacks=tensorflow",
}
MKL: dict[str, Any] = {"stack": "mkl", "verdict": "refused", "cause": {"code": "musl", "text": "Needs glibc."}}


def text(block: str) -> str:
    return textwrap.dedent(block).strip("\n")


def test_wide() -> None:
    hosts = {"edge-01": {"rows": [PYTORCH, TENSORFLOW, MKL]}}
    assert render(hosts, width=200) == text(
        """
        dnnready: 3 stacks on 1 host: 1 accelerated, 1 fallback, 1 refused

        host     stack       verdict      implementation                                ISA                      threads  framework              oneDNN  CPU s
        edge-01  pytorch     accelerated  brg_conv_fwd:avx512_core, jit_dw:avx512_core  avx512_core              2        torch 2.13.0+cpu       3.12.0  4.1
        edge-01  tensorflow  fallback     jit:avx2                                      avx2 of avx512_core_amx  2        tensorflow-cpu 2.21.0  3.7.3   4.1
            onednn-off: Two required convolutions ran through Eigen, one of them on a lower ISA.
            next: ansible-playbook site.yml --limit edge-01 -e tensorflow_onednn=required -e dnnready_stacks=tensorflow
        edge-01  mkl         refused      -                                             -                        -        -                      -       -
            musl: Needs glibc.
        """  # noqa: E501  a table of 200 columns
    )


def test_narrow_loses_nothing_and_never_breaks_a_command() -> None:
    hosts = {"edge-01": {"rows": [PYTORCH, TENSORFLOW]}, "a-name-with-many.parts.example.org": {"rows": [PYTORCH]}}
    assert render(hosts, width=80) == text(
        """
        dnnready: 3 stacks on 2 hosts: 2 accelerated, 1 fallback

        host                  stack       verdict      implementation
        edge-01               pytorch     accelerated  brg_conv_fwd:avx512_core,
                                                       jit_dw:avx512_core
            ISA avx512_core, threads 2, torch 2.13.0+cpu, oneDNN 3.12.0, 4.1 CPU s
        edge-01               tensorflow  fallback     jit:avx2
            ISA avx2 of avx512_core_amx, threads 2, tensorflow-cpu 2.21.0, oneDNN 3.7.3,
            4.1 CPU s
            onednn-off: Two required convolutions ran through Eigen, one of them on a
            lower ISA.
            next: ansible-playbook site.yml --limit edge-01 -e tensorflow_onednn=required -e dnnready_stacks=tensorflow
        a-name-with-many.par  pytorch     accelerated  brg_conv_fwd:avx512_core,
        ts.example.org                                 jit_dw:avx512_core
            ISA avx512_core, threads 2, torch 2.13.0+cpu, oneDNN 3.12.0, 4.1 CPU s
        """
    )


def test_short_proofs_are_counted() -> None:
    short, elsewhere = {**PYTORCH, "vouched_by": "edge-01"}, {**TENSORFLOW, "vouched_by": "edge-01"}
    hosts = {"edge-01": {"rows": [PYTORCH, TENSORFLOW]}, "edge-02": {"rows": [short, elsewhere]}}
    assert summary(hosts) == "dnnready: 4 stacks on 2 hosts: 2 accelerated (1 by a short proof), 2 fallback"


def test_columns_without_any_value_are_left_out() -> None:
    hosts = {"a": {"rows": [MKL, {**MKL, "stack": "pytorch"}]}}
    assert render(hosts) == text(
        """
        dnnready: 2 stacks on 1 host: 2 refused

        host  stack    verdict
        a     mkl      refused
            musl: Needs glibc.
        a     pytorch  refused
            musl: Needs glibc.
        """
    )


def test_hosts_that_never_reached_a_row() -> None:
    hosts = {
        "near": {"rows": [PYTORCH]},
        "gone": {"rows": [], "unreachable": True, "failed": "Failed to connect to the host via ssh:\n timed out"},
        "bare": {"rows": [], "failed": "no Python"},
    }
    assert render(hosts, width=80) == text(
        """
        dnnready: 1 stack on 3 hosts: 1 accelerated; 1 host unreachable; 1 host failed

        host  stack    verdict      implementation             ISA          threads
        near  pytorch  accelerated  brg_conv_fwd:avx512_core,  avx512_core  2
                                    jit_dw:avx512_core
            torch 2.13.0+cpu, oneDNN 3.12.0, 4.1 CPU s
        gone  -        unreachable  -                          -            -
            Failed to connect to the host via ssh: timed out
        bare  -        failed       -                          -            -
            no Python
        """
    )


@pytest.mark.parametrize(
    ("verdict", "rows"),
    [
        ("accelerated", 2),
        ("planned", 2),
        ("unproven", 2),
        ("fallback", 1),
        ("broken", 1),
        ("refused", 1),
        ("failed", 1),
    ],
)
def test_a_failed_host_is_named_again_only_where_its_rows_do_not_say_why(verdict: str, rows: int) -> None:
    shown = render({"h": {"rows": [{**PYTORCH, "verdict": verdict}], "failed": "the message"}})
    assert len(re.findall("^h ", shown, re.MULTILINE)) == rows
    assert ("the message" in shown) == (rows == 2)


def test_many_hosts_show_what_needs_a_look() -> None:
    hosts = {f"h{number:02}": {"rows": [PYTORCH]} for number in range(LIST_ALL_HOSTS + 1)}
    hosts["h07"] = {"rows": [TENSORFLOW]}
    shown = render(hosts, width=200)
    assert shown.splitlines()[0] == "dnnready: 21 stacks on 21 hosts: 20 accelerated, 1 fallback"
    assert re.findall("^h[0-9]+", shown, re.MULTILINE) == ["h07"]
    assert shown.splitlines()[-1] == "20 hosts not listed: every stack there is accelerated."
    del hosts["h00"]
    assert len(re.findall("^h[0-9]+", render(hosts, width=200), re.MULTILINE)) == LIST_ALL_HOSTS


def test_nothing_at_all() -> None:
    assert render({}) == "dnnready: 0 stacks on 0 hosts: nothing to prove"


@pytest.mark.parametrize(
    ("verdict", "code"), [("accelerated", 32), ("fallback", 33), ("unproven", 33), ("planned", 36), ("broken", 31)]
)
def test_color_is_added_to_the_word_and_to_nothing_else(verdict: str, code: int) -> None:
    hosts = {"h": {"rows": [{**PYTORCH, "verdict": verdict}]}}
    colored = render(hosts, color=True)
    assert f"\033[{code}m{verdict}\033[0m" in colored
    assert re.sub("\033\\[[0-9]+m", "", colored) == render(hosts)


def test_a_host_cannot_steer_the_terminal() -> None:
    hosts = {"h\033[2J": {"rows": [{**PYTORCH, "framework": "torch\033]0;owned\a 2\u202e", "next": "a\nb\x1b[1m"}]}}
    shown = render(hosts, width=200)
    assert "\033" not in shown
    assert "\a" not in shown
    assert "\u202e" not in shown


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
ROWS = st.dictionaries(st.sampled_from([*PYTORCH, "other"]), JSON) | JSON


@given(
    hosts=st.dictionaries(
        st.text(min_size=1, max_size=70),
        st.fixed_dictionaries(
            {"rows": st.lists(ROWS, max_size=3) | JSON}, optional={"failed": JSON, "unreachable": JSON}
        ),
        max_size=4,
    ),
    width=st.integers(-5, 300),
)
def test_whatever_comes_it_fits(hosts: dict[str, Any], width: int) -> None:
    room = max(80, min(200, width))
    for line in render(hosts, width=width).split("\n"):
        assert line.startswith("    next: ") or len(line) <= room
    assert "\n" not in summary(hosts)


def test_hosts_that_no_ring_came_to_are_counted():
    planned = {"stack": "onednn", "verdict": "unproven", "cause": {"code": "", "text": "release x is not built"}}
    hosts = {name: {"rows": [planned]} for name in ("edge-1", "edge-2", "edge-3")}
    text = render(hosts, aside=["edge-2", "edge-3", "gone"])
    assert "2 hosts not listed: no ring came to them." in text
    assert ("edge-1" in text, "edge-2" in text) == (True, False)
