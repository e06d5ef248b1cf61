"""Short proofs: when they are made, when not, and that they never say more than they show."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.conv2d import sibling
from dnnready.conv2d.verification import complete
from tests.unit.conv2d.siblings import HOST, RELEASE, Device, valid, vouched

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(tmp_path)


@pytest.mark.parametrize(
    ("probe", "starts_full", "names"),
    [
        ("pytorch", 1, ["1x1", "5x5", "depthwise", "channels-last"]),
        ("onednn", 1, ["1x1", "5x5", "7x7-stride-2", "depthwise", "channels-last"]),
        ("mkl", 1, ["1x1", "5x5"]),
        ("tensorflow", 2, ["question-1-keras-conv2d", "1x1", "depthwise"]),
    ],
)
def test_a_sibling_proves_in_short(tmp_path: Path, probe: str, starts_full: int, names: list[str]) -> None:
    device = Device(tmp_path, probe)
    full = device.full()
    assert (full["scope"], full["verdict"], device.started()) == ("full", "accelerated", starts_full)
    short = valid(sibling.prove(device.request(), vouched(full)))
    assert (short["scope"], short["verdict"], device.started()) == ("short", "accelerated", 1)
    assert set(short["voucher"]) == {"host", "hardware_class", "release", "proof", "created"}
    assert (short["voucher"]["host"], short["voucher"]["created"]) == ("edge-01", full["created"])
    assert "attestation" not in short  # nobody vouches for what he did not show himself
    report = short["probes"][0]
    assert list(dict.fromkeys(record["name"] for record in report["convolutions"])) == names
    assert set(short["summary"]["implementations"]) == set(full["summary"]["implementations"])
    assert all(record["numbers"]["right"] for record in report["convolutions"])
    assert all(witness["agrees"] for witness in report["witnesses"])
    for key in ("isa", "isa_cpu", "threads", "framework", "onednn"):
        assert short["summary"][key] == full["summary"][key]
    if probe == "tensorflow":
        assert (report["control"]["silent"], report["control"]["how"]) == (None, "left out: the proof is short")
    else:
        assert report["control"]["silent"] is True


def test_what_is_asked_of_the_probe(device: Device) -> None:
    full = device.full()
    asked = (device.place.parent / "asked").read_text()
    assert '"repeats": 5' in asked
    assert '"name": "3x3"' in asked
    sibling.prove(device.request(), vouched(full))
    asked = (device.place.parent / "asked").read_text()
    assert '"repeats": 0' in asked
    assert '"name": "3x3"' not in asked


def test_without_a_voucher_the_proof_is_full(device: Device) -> None:
    for nothing in ({}, None):
        proof = valid(sibling.prove(device.request(), nothing))
        assert (proof["scope"], "scope_why" in proof, "voucher" in proof) == ("full", False, False)


def test_convolutions_of_the_user_are_run_in_any_case(device: Device) -> None:
    """The replayed output does not have it: so the short proof does not stand."""
    given = vouched(device.full())
    shape = {"name": "mine", "input": [1, 3, 64, 64], "filters": 8, "kernel": 3}
    sibling.prove(device.request(shapes=[shape]), given)
    assert '"name": "mine"' in (device.place.parent / "asked").read_text()


def edited(change: Change) -> Change:
    def make(given: dict[str, Any]) -> dict[str, Any]:
        other = copy.deepcopy(given)
        change(other)
        return other

    return make


def without(*names: str) -> Change:
    def change(given: dict[str, Any]) -> None:
        for name in names:
            given["shows"]["pytorch"]["convolutions"].pop(name)

    return edited(change)


def said(**change: Any) -> Change:
    return edited(lambda given: given["shows"]["pytorch"].update(change))


def ran(**change: Any) -> Change:
    return edited(lambda given: given["shows"]["pytorch"]["convolutions"].update(change))


#: A voucher that is refused before anything runs.
BEFORE: list[tuple[Change, str]] = [
    (
        edited(lambda given: given.update(hardware_class="0" * 12)),
        "edge-01 is of another hardware class (000000000000,",
    ),
    (edited(lambda given: given.update(release="f" * 16)), "edge-01 vouches for another release"),
    (edited(lambda given: given.update(stack="mine")), "edge-01 vouches for another release"),
    (edited(lambda given: given.update(probes="0" * 16)), "edge-01 was proven by another version of dnnready"),
    (edited(lambda given: given.update(libc="glibc 2.17")), "that of edge-01 glibc 2.17"),
    (edited(lambda given: given.update(asked="0" * 16)), "edge-01 was proven with other variables, options or probes"),
    (edited(lambda given: given.update(shows={})), "does not show 1x1, dense, dense, channels_last, depthwise"),
    (without("depthwise"), "the voucher of edge-01 does not show depthwise"),
    (without("1x1", "5x5"), "the voucher of edge-01 does not show 1x1, dense"),
    (ran(**{"question-2-torch-conv2d": []}), "does not show what is run"),
    (ran(**{"unknown": ["jit:avx2"]}), "does not show what is run"),
    (edited(lambda given: given.pop("libraries")), "the voucher cannot be read"),
    (edited(lambda given: given.update(host="")), "the voucher cannot be read"),
    (edited(lambda given: given.update(probes="")), "the voucher cannot be read"),
    (edited(lambda given: given.update(shows=[])), "the voucher cannot be read"),
    (edited(lambda given: given.update(shows={"pytorch": []})), "the voucher cannot be read"),
    (edited(lambda given: given.update(shows={"pytorch": {"convolutions": {}}})), "the voucher cannot be read"),
]
#: A voucher that the short proof does not agree with.
AFTER: list[tuple[Change, str]] = [
    (said(isa="avx2"), "the ISA is avx512_core_amx here, avx2 on edge-01"),
    (said(threads=4), "the number of threads is 2 here, 4 on edge-01"),
    (said(threads=None), "the number of threads is 2 here, unknown on edge-01"),
    (said(framework="torch 2.12.0"), "the framework is torch 2.13.0+cpu here, torch 2.12.0 on edge-01"),
    (said(library="oneDNN 3.11.0 OpenMP"), "the library is oneDNN 3.12.0 OpenMP here, oneDNN 3.11.0 OpenMP on edge-01"),
    (ran(**{"5x5": ["jit:avx2"]}), "5x5 ran as jit:avx512_core here, as jit:avx2 on edge-01"),
    (ran(**{"5x5": []}), "5x5 ran as jit:avx512_core here, as nothing of the library on edge-01"),
    (edited(lambda given: given.update(libraries="0" * 16)), "libraries of the system that the stack loads"),
]


@pytest.mark.parametrize(("change", "why", "starts"), [(*one, 1) for one in BEFORE] + [(*one, 2) for one in AFTER])
def test_a_voucher_that_does_not_fit_leads_to_the_full_proof(
    device: Device, change: Change, why: str, starts: int
) -> None:
    given = change(vouched(device.full()))
    device.started()
    proof = valid(sibling.prove(device.request(), given))
    assert (proof["scope"], proof["verdict"], device.started()) == ("full", "accelerated", starts)
    assert why in proof["scope_why"]
    assert "voucher" not in proof


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"host": {}}, "the hardware class of this host is not known"),
        ({"host": {"cpu": {"isa": "avx2"}}}, "the hardware class of this host is not known"),
        ({"host": {**HOST, "unknown": [{"what": "cpu.emulated", "why": "?"}]}}, "is not certain"),
        ({"host": {**HOST, "cpu": {**HOST["cpu"], "emulated": None}}}, "is not certain"),
        ({"host": {**HOST, "cores": {**HOST["cores"], "effective": 4}}}, "edge-01 is of another hardware class"),
        ({"host": {**HOST, "memory": {"total_bytes": 4 << 30, "limit_bytes": None}}}, "another hardware class"),
        ({"release": "f" * 16}, "edge-01 vouches for another release"),
        ({"stack": "mine"}, "edge-01 vouches for another release"),
        ({"environment": {"OMP_NUM_THREADS": "1"}}, "with other variables, options or probes"),
        ({"options": {}}, "with other variables, options or probes"),
        ({"release_path": ""}, "no release with its own interpreter"),
    ],
)
def test_a_host_that_is_no_sibling_proves_in_full(device: Device, change: dict[str, Any], why: str) -> None:
    given = vouched(device.full())
    device.started()
    python = {"python": str(device.place / "venv" / "bin" / "python")}
    proof = valid(sibling.prove(device.request(**python, **change), given))
    assert (proof["scope"], device.started()) == ("full", 1)
    assert why in proof["scope_why"]


def test_another_interpreter_is_proven_in_full(device: Device, tmp_path: Path) -> None:
    other = tmp_path / "python"
    other.symlink_to(device.place / "venv" / "bin" / "python")
    proof = sibling.prove(device.request(python=str(other)), vouched(device.full()))
    assert (proof["scope"], proof["scope_why"]) == ("full", "what is proven is no release with its own interpreter")


@pytest.mark.parametrize(
    ("old", "new", "verdict", "why"),
    [
        (",convolution,jit_dw", ",reorder,jit_dw", "fallback", "the short proof is fallback: Ran elsewhere: depthwise"),
        ("jit_dw:avx512_core", "ref:any", "fallback", "the short proof is fallback: depthwise ran as plain C++"),
        (
            "jit_dw:avx512_core",
            "jit_dw:avx2",
            "accelerated",
            "depthwise ran as jit_dw:avx2 here, as jit_dw:avx512_core",
        ),
        ("dnnready:result", "cut", "broken", "the short proof is broken"),
        ('"right": true', '"right": false', "broken", "the short proof is broken"),
        ("nthr:2", "nthr:1", "accelerated", "the number of threads is 1 here, 2 on edge-01"),
        ("aten::mkldnn_convolution", "aten::_slow_conv2d_forward", "fallback", "A second witness disagrees"),
    ],
)
def test_what_the_short_proof_shows_decides(device: Device, old: str, new: str, verdict: str, why: str) -> None:
    """The sibling's library does something else: the full proof is made, and has the verdict that it deserves."""
    given = vouched(device.full())
    device.started()
    text = device.output.read_text()
    assert old in text
    device.output.write_text(text.replace(old, new))
    proof = valid(sibling.prove(device.request(), given))
    assert (proof["scope"], proof["verdict"], device.started()) == ("full", verdict, 2)
    assert why in proof["scope_why"]


def test_a_library_of_the_system_that_is_another_one(device: Device, tmp_path: Path) -> None:
    library = tmp_path / "libgomp.so.1.0.0"
    library.write_bytes(b"one")
    device.output.write_text(device.output.read_text().replace('"libraries": [', f'"libraries": ["{library}", ', 1))
    given = vouched(device.full())
    assert sibling.prove(device.request(), given)["scope"] == "short"
    library.write_bytes(b"another")
    proof = sibling.prove(device.request(), given)
    assert proof["scope"] == "full"
    assert "such as libgomp" in proof["scope_why"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from([*sibling._KEYS, "x"]), JSON),
    st.lists(st.sampled_from([*sibling._KEYS]), max_size=2),
)
def test_no_voucher_is_too_strange(strange: dict[str, Any], keep: list[str]) -> None:
    """Whatever comes, it is an objection, never an exception."""
    request = {
        "stack": "pytorch",
        "release": RELEASE,
        "release_path": "/r",
        "python": "/r/venv/bin/python",
        "environment": {},
        "options": {},
        "probes": ["pytorch"],
        "host": HOST,
    }
    whole = dict.fromkeys(sibling._KEYS, "x") | {"shows": {"pytorch": {"convolutions": {"5x5": ["jit:avx2"]}}}}
    assert sibling.objection(request, {**whole, **{key: strange[key] for key in strange if key not in keep}})


def test_a_request_is_completed_as_for_any_proof(device: Device) -> None:
    ready = complete(device.request())
    assert (ready["scope"], ready["short"]) == ("full", None)
    assert complete(device.request(quick=True))["scope"] == "quick"
    assert complete(device.request(short={}))["scope"] == "short"
