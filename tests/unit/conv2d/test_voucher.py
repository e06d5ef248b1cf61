"""Vouchers: who gets one, what it says, and how the controller keeps them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dnnready.conv2d import voucher as module
from dnnready.conv2d.voucher import attestation, kind, of_hosts, voucher, vouchers
from tests.unit.conv2d.siblings import Device

CLASS = {"id": "5f2d8e1c0b7a", "name": "a CPU, 2 cores", "certain": True}


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return Device(tmp_path_factory.mktemp("device")).full()


def test_what_a_voucher_says(proof: dict[str, Any]) -> None:
    made = voucher(proof, CLASS, "edge-01")
    assert made is not None
    assert (made["host"], made["hardware_class"]) == ("edge-01", "5f2d8e1c0b7a")
    assert (made["stack"], made["release"], made["created"]) == ("pytorch", proof["release"], proof["created"])
    assert made["shows"] == {
        "pytorch": {
            "framework": "torch 2.13.0+cpu",
            "library": "oneDNN 3.12.0 OpenMP",
            "isa": "avx512_core_amx",
            "threads": 2,
            "convolutions": {
                "1x1": ["jit_1x1:avx512_core"],
                "5x5": ["jit:avx512_core"],
                "depthwise": ["jit_dw:avx512_core"],
                "channels-last": ["brg_conv_fwd:avx512_core"],
            },
        }
    }
    assert len(json.dumps(made)) < 800


@pytest.mark.parametrize("probe", ["pytorch", "tensorflow", "onednn", "mkl"])
def test_it_shows_every_kind_and_every_implementation(tmp_path: Path, probe: str) -> None:
    full = Device(tmp_path, probe).full()
    assert full["verdict"] == "accelerated", full["cause"]
    said = attestation(full)
    assert said is not None
    shown = said["shows"][probe]["convolutions"]
    records = full["probes"][0]["convolutions"]
    required = [record for record in records if record["role"] == "required"]
    assert {name for names in shown.values() for name in names} == set(full["summary"]["implementations"])
    assert {kind(record) for record in records if record["name"] in shown} == set(map(kind, required))
    assert len(shown) < len({record["name"] for record in required})
    assert "question-3-late-environment" not in shown


def changed(change: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def make(proof: dict[str, Any]) -> dict[str, Any]:
        other = copy.deepcopy(proof)
        change(other)
        return other

    return make


@pytest.mark.parametrize(
    ("change", "hardware_class"),
    [
        (changed(lambda proof: proof.update(scope="short")), CLASS),
        (changed(lambda proof: proof.update(scope="quick")), CLASS),
        (changed(lambda proof: proof.update(verdict="fallback")), CLASS),
        (changed(lambda proof: proof.update(verdict="broken")), CLASS),
        (changed(lambda proof: proof.pop("fingerprint")), CLASS),
        (changed(lambda proof: proof.update(probes=[{}])), CLASS),
        (changed(lambda proof: proof["fingerprint"].update(files=[["/lib/libc.so.6", 1, 2]])), CLASS),
        (changed(lambda proof: proof["fingerprint"].update(files=[[]])), CLASS),
        (changed(lambda proof: proof.update(environment=["A=b"])), CLASS),
        (lambda _: None, CLASS),
        (lambda _: {}, CLASS),
        (lambda proof: proof, {**CLASS, "certain": False}),
        (lambda proof: proof, {**CLASS, "certain": "yes"}),
        (lambda proof: proof, {**CLASS, "id": ""}),
        (lambda proof: proof, {}),
    ],
)
def test_who_does_not_vouch(proof: dict[str, Any], change: Callable[[Any], Any], hardware_class: Any) -> None:
    assert voucher(change(proof), hardware_class, "edge-01") is None


def test_a_full_proof_has_it_with_it(proof: dict[str, Any]) -> None:
    assert proof["attestation"] == attestation(proof)
    assert voucher(proof["attestation"], CLASS, "edge-01") == voucher(proof, CLASS, "edge-01")


def test_a_proof_of_the_time_before_scopes_is_full(proof: dict[str, Any]) -> None:
    old = {key: value for key, value in proof.items() if key != "scope"}
    assert attestation(old) == attestation(proof)


def test_the_digest_is_of_what_the_proof_says(proof: dict[str, Any]) -> None:
    later = changed(lambda one: one["summary"].update(cpu_seconds=9, gflops_per_cpu_second=1))(proof)
    slower = changed(lambda one: one["summary"].update(threads=1))(proof)
    assert module.digest(later) == module.digest(proof) != module.digest(slower)


def test_where_a_release_lies_makes_no_difference() -> None:
    def asked(place: str, **more: str) -> str:
        return module.asked(place, {"LD_LIBRARY_PATH": f"{place}/venv/lib", **more}, {}, ["pytorch"])

    assert asked("/opt/a") == asked("/home/b/c") != asked("/opt/a", OMP_NUM_THREADS="1")
    assert module.asked("/a", {}, {"x": 1}, ["mkl"]) != module.asked("/a", {}, {"x": 2}, ["mkl"])
    assert module.asked("/a", {}, {}, ["mkl", "onednn"]) == module.asked("/b", {}, {}, ["onednn", "mkl"])


GOMP = ["/usr/lib/x86_64-linux-gnu/libgomp.so.1.0.0", 290392, 1744025177]


@pytest.mark.parametrize(
    ("files", "same"),
    [
        ([GOMP], True),
        ([GOMP, ["/opt/a/venv/lib/libdnnl.so.3", 5, 6]], True),
        ([GOMP, ["/usr/lib/python3.11/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so", 5, 6]], True),
        ([GOMP, ["/usr/lib/x86_64-linux-gnu/libcrypto.so.3", 5, 6]], True),
        ([["/usr/lib/libgomp.so.1.0.0", *GOMP[1:]]], True),
        ([[GOMP[0], 290393, GOMP[2]]], False),
        ([[GOMP[0], GOMP[1], 1744025178]], False),
        ([["/usr/lib/libgomp.so.1.0.1", *GOMP[1:]]], False),
        ([GOMP, ["/opt/another/libdnnl.so.3", 5, 6]], False),
        ([GOMP, ["/usr/lib/libunknown.so", 5, 6]], False),
        ([], False),
    ],
)
def test_which_libraries_count(files: list[Any], same: bool) -> None:
    assert (module.libraries(files, "/opt/a") == module.libraries([GOMP], "/opt/a")) is same


def test_the_first_of_a_class_vouches_and_is_kept(proof: dict[str, Any]) -> None:
    said = attestation(proof)
    other = {**(said or {}), "release": "f" * 16}
    doubtful = {"id": "unsure", "certain": False}
    entries = [
        {"host": "off", "hardware_class": None, "said": []},
        {"host": "bare", "hardware_class": CLASS, "said": None},
        {"host": "unsure", "hardware_class": doubtful, "said": [said]},
        {"host": "one", "hardware_class": CLASS, "said": [None, said]},
        {"host": "two", "hardware_class": CLASS, "said": [proof, other]},
        {"host": "three", "hardware_class": {"id": "another", "certain": True}, "said": [proof]},
    ]
    found = vouchers(entries)
    assert {(where, release): one["host"] for where, many in found.items() for release, one in many.items()} == {
        (CLASS["id"], proof["release"]): "one",
        (CLASS["id"], "f" * 16): "two",
        ("another", proof["release"]): "three",
    }
    again = vouchers([{"host": "four", "hardware_class": CLASS, "said": [said]}], found)
    assert again == found
    assert again is not found


def test_vouchers_of_what_a_run_has_registered(proof: dict[str, Any]) -> None:
    said = attestation(proof)
    older = {**(said or {}), "release": "e" * 16}
    seen = {
        "hardware_class": CLASS,
        "stacks": {"pytorch": {"id": "e" * 16, "attestation": older}, "mkl": {"needs": []}},
    }
    hostvars: dict[str, Any] = {
        "nothing": {},
        "off": {"dnnready_seen": {"off": True}},
        "unchanged": {"dnnready_seen": seen},
        "proven": {"dnnready_seen": {"hardware_class": CLASS, "stacks": {}}, "stack_attestations": [None, said]},
    }
    found = of_hosts(hostvars, hostvars)
    assert {release: one["host"] for release, one in found[CLASS["id"]].items()} == {
        "e" * 16: "unchanged",
        proof["release"]: "proven",
    }
    assert of_hosts(["nothing", "off"], hostvars, found) == found
    assert of_hosts(["nothing", "off"], hostvars) == {}
