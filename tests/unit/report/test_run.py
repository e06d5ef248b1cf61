"""The run document, held by its schema."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.report.run import RunRecord, timestamp

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "schema" / "run-1.json").read_text(encoding="utf-8"))


def row(stack: str, verdict: str = "accelerated") -> dict[str, Any]:
    return {"stack": stack, "verdict": verdict}


def document(record: RunRecord, **ended: Any) -> dict[str, Any]:
    made = record.document(**{"hosts": [], "failed": [], "unreachable": [], **ended})
    jsonschema.validate(made, SCHEMA, cls=jsonschema.Draft202012Validator)
    return made


def test_the_last_row_per_host_and_stack_counts() -> None:
    record = RunRecord()
    record.add_result("a", {"dnnready_rows": [row("x", "planned"), row("y")]}, on_host=True)
    record.add_result("b", {"dnnready_rows": [row("x", "refused")]}, on_host=True)
    record.add_result("a", {"ansible_facts": {"dnnready_rows": [row("x", "failed")]}}, on_host=False)
    hosts = document(record)["hosts"]
    assert {name: [(r["stack"], r["verdict"]) for r in host["rows"]] for name, host in hosts.items()} == {
        "a": [("x", "failed"), ("y", "accelerated")],
        "b": [("x", "refused")],
    }


@pytest.mark.parametrize(
    ("result", "on_host", "runs", "seconds"),
    [
        ({}, True, 1, None),
        ({}, False, 0, None),
        ({"cpu_seconds": 0.25}, True, 1, 0.25),
        ({"cpu_seconds": 0.25}, False, 0, None),
        ({"cpu_seconds": True}, True, 1, None),
        ({"attempts": 3}, True, 3, None),
        ({"attempts": "3"}, True, 1, None),
        (
            {
                "results": [
                    {"ansible_loop_var": "item", "cpu_seconds": 1},
                    {"ansible_loop_var": "item", "cpu_seconds": 2},
                ]
            },
            True,
            2,
            3,
        ),
        ({"results": [{"ansible_loop_var": "item", "skipped": True}, {"ansible_loop_var": "item"}]}, True, 1, None),
        ({"results": [{"ansible_loop_var": "item", "skip_reason": "Conditional result was False"}]}, True, 0, None),
        ({"results": ["a module's own results"]}, True, 1, None),
        ({"results": [{"own": 1}, {"own": 2}]}, True, 1, None),
        ({"results": []}, True, 1, None),
    ],
)
def test_costs(result: dict[str, Any], on_host: bool, runs: int, seconds: Any) -> None:
    record = RunRecord()
    record.add_result("a", result, on_host=on_host)
    host = document(record)["hosts"]["a"]
    assert (host["module_runs"], host["cpu_seconds"]) == (runs, seconds)


def test_rows_of_loop_items() -> None:
    record = RunRecord()
    items = [{"ansible_loop_var": "item", "dnnready_rows": [row(stack)]} for stack in "xy"]
    record.add_result("a", {"results": items}, on_host=True)
    assert [r["stack"] for r in document(record)["hosts"]["a"]["rows"]] == ["x", "y"]


def test_failures_count_only_where_the_run_ends_so() -> None:
    record = RunRecord()
    for host in ("rescued", "failed"):
        record.add_failure(host, {"msg": f"what\nhappened on {host}"})
    record.add_failure("dark", {"msg": "no route", "unreachable": True})
    made = document(record, hosts=["rescued", "failed", "dark", "silent"], failed=["failed"], unreachable=["dark"])
    assert made["ok"] is False
    assert {name: (host["unreachable"], host["failed"]) for name, host in made["hosts"].items()} == {
        "rescued": (False, None),
        "failed": (False, "what happened on failed"),
        "dark": (True, "no route"),
        "silent": (False, None),
    }
    assert document(record, hosts=["rescued"])["ok"] is True


@pytest.mark.parametrize("mark", [{"failed": True}, {"exception": "(traceback unavailable)"}])
def test_the_message_of_the_item_that_failed(mark: dict[str, Any]) -> None:
    record = RunRecord()
    items = [{"ansible_loop_var": "item", "msg": "fine"}, {"ansible_loop_var": "item", "msg": "bad", **mark}]
    record.add_failure("a", {"msg": "One or more items failed", "results": items})
    assert document(record, failed=["a"])["hosts"]["a"]["failed"] == "bad"


def test_failed_without_a_message() -> None:
    assert document(RunRecord(), failed=["a"], hosts=["a"])["hosts"]["a"]["failed"] == "no message"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=5)
            | st.sampled_from(
                ["dnnready_rows", "ansible_facts", "results", "ansible_loop_var", "cpu_seconds", "msg", "attempts"]
            ),
            inner,
            max_size=4,
        )
        | st.dictionaries(
            st.sampled_from(["stack", "verdict", "threads", "cpu_seconds", "cause", "implementations"]), inner
        )
    ),
    max_leaves=12,
)


@given(
    results=st.lists(
        st.dictionaries(st.sampled_from(["dnnready_rows", "ansible_facts", "results", "cpu_seconds"]), JSON)
    )
)
def test_whatever_results_contain_the_schema_holds(results: list[dict[str, Any]]) -> None:
    record = RunRecord()
    for result in results:
        record.add_result("a", result, on_host=True)
        record.add_failure("a", result)
    made = document(record, hosts=["a"], failed=["a"])
    assert json.loads(json.dumps(made, allow_nan=False)) == made


def test_timestamp_is_utc() -> None:
    zone = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
    assert timestamp(datetime.datetime(2026, 1, 31, 12, 0, 0, 999, zone)) == "2026-01-31T06:30:00Z"


def test_the_role_stack_sets_rows_under_its_own_prefix():
    run = RunRecord()
    row = {"stack": "mkl", "verdict": "failed"}
    run.add_result("a", {"ansible_facts": {"stack_rows": [row]}}, on_host=False)
    document = run.document(hosts=["a"], failed=["a"], unreachable=[])
    assert [found["stack"] for found in document["hosts"]["a"]["rows"]] == ["mkl"]


def test_a_run_that_somebody_ended_says_who_was_not_done() -> None:
    record = RunRecord()
    assert not record.has_hosts
    record.add_result("a", {"dnnready_rows": [row("x")]}, on_host=True)
    assert document(record)["ok"] is True
    assert record.add_interruption([]) == set()
    assert document(record)["ok"] is False
    made = document(record, failed=record.add_interruption(["b"]))
    assert {name: host["failed"] for name, host in made["hosts"].items()} == {
        "a": None,
        "b": "The run was interrupted here.",
    }
    assert made["ok"] is False


def test_a_second_name_of_a_machine_shows_what_became_of_it_under_the_first() -> None:
    record = RunRecord()
    planned = {"rings": [{"name": "100%", "hosts": ["a"]}], "off": {}, "duplicates": {"twin": "a"}}
    record.add_result("twin", {"dnnready_rows": [row("x", "unproven")]}, on_host=True)
    record.add_result("a", {"ansible_facts": {"dnnready_rollout": planned}}, on_host=False)
    record.add_result("a", {"dnnready_rows": [{**row("x"), "changed": True}]}, on_host=True)
    hosts = document(record)["hosts"]
    assert [(r["verdict"], r["changed"]) for r in hosts["twin"]["rows"]] == [("accelerated", False)]
    assert [(r["verdict"], r["changed"]) for r in hosts["a"]["rows"]] == [("accelerated", True)]
