"""Short proofs of real stacks, through the module: cheaper where a sibling vouches, full where anything differs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dnnready.conv2d import stored
from dnnready.conv2d.fingerprint import holds
from dnnready.conv2d.verification import complete, what
from dnnready.conv2d.voucher import voucher
from dnnready.host import collect
from dnnready.host.hardware_class import hardware_class
from dnnready.release import activate, facts
from dnnready.release.store import Store
from tests.integration.conv2d_stacks import real
from tests.integration.small_releases import provide

pytestmark = pytest.mark.frameworks
SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs" / "schema" / "proof-1.json").read_text())
Module = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def host() -> dict[str, Any]:
    """This host, as dnn_host_info tells it; its class must be known for this to be tested."""
    found = collect("/", [])
    assert hardware_class(found)["certain"], found["unknown"]
    return found


def proven(run_module: Module, **arguments: Any) -> dict[str, Any]:
    """The result of the module, with a proof that keeps to the schema."""
    result = run_module("conv2d_verify", arguments)
    assert not result["failed"], result
    jsonschema.Draft202012Validator(SCHEMA).validate(result["proof"])
    return result


def vouched(result: dict[str, Any], host: dict[str, Any], **change: str) -> dict[str, Any]:
    made = voucher(result["attestation"], hardware_class(host), "edge-01")
    assert made is not None
    return {**made, **change}


def release_of(name: str) -> Path:
    """The real release of a stack; nothing is stored in it."""
    return real(name).python.parents[2].resolve()


def test_a_sibling_is_proven_in_short_and_cheaper(run_module: Module, host: dict[str, Any]) -> None:
    asked = {"stack": "pytorch", "path": str(release_of("pytorch")), "host": host, "store": False}
    full = proven(run_module, **asked)
    assert (full["scope"], full["verdict"], full["scope_why"]) == ("full", "accelerated", "")
    given = vouched(full, host)
    # CPU seconds of a busy machine differ by themselves.
    short = proven(run_module, **asked, voucher=given)
    if short["summary"]["cpu_seconds"] >= full["summary"]["cpu_seconds"]:
        short = proven(run_module, **asked, voucher=given)
    assert (short["scope"], short["verdict"], short["scope_why"]) == ("short", "accelerated", ""), short
    assert short["attestation"] is None
    assert short["proof"]["voucher"]["proof"] == full["attestation"]["proof"]
    assert set(short["summary"]["implementations"]) == set(full["summary"]["implementations"])
    assert short["summary"]["cpu_seconds"] < full["summary"]["cpu_seconds"]
    assert short["dnnready_rows"][0]["vouched_by"] == "edge-01"


def test_what_is_planted_leads_to_the_full_proof(run_module: Module, host: dict[str, Any]) -> None:
    path = release_of("onednn")
    asked = {"stack": "onednn", "path": str(path), "host": host, "store": False}
    given = vouched(proven(run_module, **asked), host)
    own = stored.variables(str(path))
    shape = {"name": "mine", "input": [1, 3, 64, 64], "filters": 8, "kernel": 3}
    cases = [
        {"environment": {**own, "ONEDNN_MAX_CPU_ISA": "SSE41"}},
        {"voucher": {**given, "hardware_class": "0" * 12}},
        {"voucher": {**given, "release": "f" * 16}},
        {"shapes": [shape]},
    ]
    items = [{"voucher": given, "environment": own, "shapes": [], **case} for case in cases]
    templates = {key: f"{{{{ item.{key} }}}}" for key in items[0]}
    done = run_module("conv2d_verify", {**asked, **templates}, keywords={"loop": items})["results"]
    assert [(one["scope"], one["verdict"]) for one in done] == [
        ("full", "fallback"),
        ("full", "accelerated"),
        ("full", "accelerated"),
        ("short", "accelerated"),
    ]
    assert done[0]["cause"]["code"] == "invalid_env_value"
    assert done[0]["scope_why"] == "edge-01 was proven with other variables, options or probes"
    assert done[1]["scope_why"].startswith("edge-01 is of another hardware class")
    assert done[2]["scope_why"] == "edge-01 vouches for another release"
    assert [bool(one["attestation"]) for one in done] == [False, True, True, False]
    short = done[3]["proof"]["probes"][0]["convolutions"]
    assert "mine" in [record["name"] for record in short]
    assert len(short) < len(done[1]["proof"]["probes"][0]["convolutions"])


def test_a_release_with_a_short_proof(run_module: Module, host: dict[str, Any], tmp_path: Path) -> None:
    """It is stored, holds, becomes current without another convolution, and a full proof takes its place."""
    store = Store(tmp_path, "app")
    ids = [provide(store, number) for number in range(2)]
    path = store.release(ids[0])
    said = stored.stored(str(path))
    made = voucher(said, hardware_class(host), "edge-01")
    asked = {"stack": "app", "path": str(path), "host": host}
    short = proven(run_module, **asked, voucher=made)
    assert (short["scope"], short["changed"]) == ("short", True), short
    request = complete(stored.request_of(str(path), "app", {}))
    assert holds(stored.stored(str(path)), ids[0], what(request)) == (True, "")
    fact = facts.path_of(tmp_path, "")
    costs = []
    for identifier in (ids[1], ids[0]):
        done = activate.activate(store, identifier, ["accelerated"], 9, fact)
        assert done.proof is not None
        costs.append(done.proof["summary"]["cpu_seconds"])
    assert costs[1] < costs[0] / 2
    assert store.linked("current") == ids[0]
    full = proven(run_module, **asked)
    assert (full["scope"], full["changed"], full["dnnready_rows"][0]["vouched_by"]) == ("full", True, "")
