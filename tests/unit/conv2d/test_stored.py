"""A release directory as a request, and the proof stored in it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from dnnready.conv2d.stored import difference, differs, essence, request_of, store, stored, variables
from dnnready.errors import DnnreadyError

SHAPE = {"name": "mine", "input": [1, 3, 8, 8], "filters": 2, "kernel": 3}
SPEC = {
    "id": "0123456789abcdef",
    "probes": ["pytorch"],
    "options": {"onednn_convolution": "required"},
    "shapes": [SHAPE],
}
PROOF: dict[str, Any] = {
    "schema": "dnnready/proof/1",
    "created": "2026-01-01T00:00:00Z",
    "verdict": "accelerated",
    "cause": None,
    "summary": {"framework": "torch 2.13.0", "onednn": "3.12.0", "isa": "avx2", "threads": 2, "cpu_seconds": 3.0},
    "probes": [{"convolutions": [{"name": "3x3", "mode": "eager", "implementations": ["jit:avx2"], "cpu_seconds": 1}]}],
    "fingerprint": {"release": "abc", "files": [["/lib/a.so", 1, 2]]},
}


@pytest.fixture
def release(tmp_path: Path) -> Path:
    path = tmp_path / "0123456789abcdef"
    path.mkdir()
    (path / "manifest.json").write_text(json.dumps({"schema": "dnnready/manifest/1", "spec": SPEC}))
    (path / "environment").write_text("# comment\nOMP_NUM_THREADS=2\n")
    return path


def test_a_release_says_what_to_prove(release: Path) -> None:
    request = request_of(str(release), "mine", {})
    assert request["release"] == SPEC["id"]
    assert request["probes"] == ["pytorch"]
    assert request["options"] == SPEC["options"]
    assert request["environment"] == {"OMP_NUM_THREADS": "2"}
    assert request["shapes"] == [SHAPE]
    assert request["release_path"] == str(release)


def test_what_is_given_wins(release: Path) -> None:
    other = {**SHAPE, "name": "other"}
    given = {
        "probes": ["mkl"],
        "options": {},
        "environment": {},
        "shapes": [SHAPE, other],
        "release": "fedcba9876543210",
    }
    request = request_of(str(release), "mine", given)
    assert (request["probes"], request["options"], request["environment"]) == (["mkl"], {}, {})
    assert request["shapes"] == [SHAPE, other]
    assert request["release"] == "fedcba9876543210"


def test_a_directory_that_is_no_release(tmp_path: Path) -> None:
    request = request_of(str(tmp_path), "mine", {"probes": ["mkl"]})
    assert request["release"] == tmp_path.name
    assert (request["environment"], request["shapes"], request["options"]) == ({}, [], {})


def test_an_environment_that_nobody_could_read(release: Path) -> None:
    (release / "environment").write_bytes(b"\xff\xfe")
    with pytest.raises(DnnreadyError, match="environment"):
        variables(str(release))


def test_a_proof_is_kept_and_found(release: Path) -> None:
    assert stored(str(release)) is None
    store(str(release), PROOF)
    assert stored(str(release)) == PROOF


@pytest.mark.parametrize("content", ["", "{", "[]", "3"])
def test_a_damaged_proof_is_none(release: Path, content: str) -> None:
    (release / "proof.json").write_text(content)
    assert stored(str(release)) is None


def changed(*path: Any, value: Any) -> dict[str, Any]:
    proof = copy.deepcopy(PROOF)
    place: Any = proof
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return proof


@pytest.mark.parametrize(
    ("after", "different"),
    [
        (PROOF, False),
        (changed("created", value="2027-01-01T00:00:00Z"), False),
        (changed("summary", "cpu_seconds", value=9.0), False),
        (changed("probes", 0, "convolutions", 0, "cpu_seconds", value=9.0), False),
        (changed("verdict", value="fallback"), True),
        (changed("cause", value={"code": "x", "text": "y"}), True),
        (changed("summary", "isa", value="sse41"), True),
        (changed("summary", "threads", value=1), True),
        (changed("summary", "onednn", value="3.13.0"), True),
        (changed("probes", 0, "convolutions", 0, "implementations", value=["ref:any"]), True),
        (changed("fingerprint", "files", value=[["/lib/a.so", 1, 3]]), True),
    ],
)
def test_what_counts_as_a_change(after: dict[str, Any], different: bool) -> None:
    assert differs(PROOF, after) is different


@pytest.mark.parametrize("before", [None, {}, {"schema": "dnnready/proof/0"}, {"schema": "dnnready/proof/1"}])
def test_no_proof_before_is_a_change(before: Any) -> None:
    assert essence(before) == {}
    assert differs(before, PROOF)


def test_the_difference_is_readable() -> None:
    shown = difference("/r", None, PROOF)
    assert shown["before"] == ""
    assert "3x3 eager jit:avx2" in shown["after"]
    assert shown["after_header"] == "/r/proof.json"
    assert "/lib/a.so" not in shown["after"]
