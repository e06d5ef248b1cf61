"""The fleet document: from answers to entries, totals, classes; what nobody trusts; the files."""

from __future__ import annotations

import copy
import csv
import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnready.errors import DnnreadyError
from dnnready.report.fleet import document
from dnnready.report.fleet_csv import COLUMNS, cell, render
from dnnready.report.fleet_files import answer, earlier, files
from dnnready.report.page.data import page_data
from tests.fleet_sample import BARRED, CREATED, LOST, REAL, drifted, fleet

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = json.loads((ROOT / "docs/schema/fleet-1.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def made(answers: dict[str, Any], groups: Any = None, **more: Any) -> dict[str, Any]:
    """The document, which keeps to its schema and to JSON."""
    found = document(answers, groups or {}, created=CREATED, **more)
    VALIDATOR.validate(found)
    return json.loads(json.dumps(found, allow_nan=False))


def real(**stack: Any) -> dict[str, Any]:
    """The real answer with one stack, pytorch, changed as said."""
    stored = copy.deepcopy(REAL)
    stored["stacks"] = [{**one, **stack} for one in stored["stacks"] if one["stack"] == "pytorch"]
    return {"stored": stored}


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_short_proof_says_who_vouches():
    proof = next(one["proof"] for one in REAL["stacks"] if one["stack"] == "pytorch")
    found = made({"a": real(proof={**proof, "vouched_by": "edge-01"}), "b": real()})
    rows = {name: host["rows"][0] for name, host in found["hosts"].items()}
    assert (rows["a"]["vouched_by"], rows["b"]["vouched_by"]) == ("edge-01", "")
    lines = list(csv.DictReader(io.StringIO(render(found))))
    assert [line["vouched_by"] for line in lines] == ["edge-01", ""]
    assert json.dumps(page_data(found)).count('"vouched_by": "edge-01"') == 1


def test_a_real_host():
    found = made({"edge-1": {"stored": REAL}}, {"edge-1": ["oslo", "ring0"]})
    host = found["hosts"]["edge-1"]
    assert (host["state"], host["seen"], host["groups"]) == ("looked", CREATED, ["oslo", "ring0"])
    rows = {row["stack"]: row for row in host["rows"]}
    assert list(rows) == ["mkl", "onednn", "pytorch", "tensorflow"]
    assert {row["verdict"] for row in rows.values()} == {"accelerated"}
    source = {one["stack"]: one["proof"] for one in REAL["stacks"]}
    assert rows["pytorch"]["implementations"] == source["pytorch"]["summary"]["implementations"]
    assert rows["pytorch"]["gflops_per_cpu_second"] == source["pytorch"]["summary"]["gflops_per_cpu_second"]
    convolutions = source["tensorflow"]["probes"][0]["convolutions"]
    shown = rows["tensorflow"]["probes"][0]["convolutions"]
    assert [one["gflops_per_cpu_second"] for one in shown] == [one["gflops_per_cpu_second"] for one in convolutions]
    peak = max(probe["sgemm_gflops_per_cpu_second"] for proof in source.values() for probe in proof["probes"])
    assert found["classes"][0]["peak"]["gflops_per_cpu_second"] == peak
    assert found["totals"]["accelerated_hosts"] == 1


@pytest.mark.parametrize(
    ("given", "state", "why", "verdicts"),
    [
        (LOST, "unreachable", "connect to host 192.0.2.7 port 22: Connection timed out", []),
        (BARRED, "failed", BARRED["failed"], []),
        ({}, "failed", "There was no message.", []),
        ({"unreachable": ["x"]}, "unreachable", "There was no message.", []),
        ({"stored": {"prefix": "/opt/dnnready", "stacks": []}}, "looked", "", []),
        (real(), "looked", "", ["accelerated"]),
        (real(holds=False, why="libgomp was replaced"), "looked", "", ["unproven"]),
        (real(holds=None), "looked", "", ["unproven"]),
        (real(proof=None), "looked", "", ["unproven"]),
        (real(proof={}), "looked", "", ["unproven"]),
        (real(release=""), "looked", "", ["accelerated"]),
        (real(stack=""), "looked", "", []),
        (real(stack=None), "looked", "", []),
    ],
)
def test_states_and_verdicts(given, state, why, verdicts):
    host = made({"one": given})["hosts"]["one"]
    assert (host["state"], host["why"], [row["verdict"] for row in host["rows"]]) == (state, why, verdicts)


def test_an_outdated_proof_says_why_and_keeps_what_it_said():
    row = made({"one": real(holds=False, why="/usr/lib/libgomp.so.1 was replaced")})["hosts"]["one"]["rows"][0]
    assert row["cause"]["text"] == "Not proven as it is now: /usr/lib/libgomp.so.1 was replaced."
    assert row["next"] == "ansible-playbook playbooks/verify.yml"
    assert row["implementations"] and row["probes"] and row["proven"]


def test_a_broken_proof_needs_not_hold_to_be_believed():
    proof = {
        **real()["stored"]["stacks"][0]["proof"],
        "verdict": "broken",
        "cause": {"code": "sigill", "text": "It died."},
    }
    row = made({"one": real(holds=False, why="the last verdict was broken", proof=proof)})["hosts"]["one"]["rows"][0]
    assert (row["verdict"], row["cause"]["code"]) == ("broken", "sigill")


def test_a_fleet_counts_up():
    answers, groups = fleet(200)
    found = document(answers, groups, created=CREATED)
    totals = found["totals"]
    assert totals["hosts"] == 200 == sum(totals["states"].values())
    assert totals["stacks"] == sum(totals["verdicts"].values())
    assert all(totals["verdicts"].values())
    assert sum(one["hosts"] for one in found["classes"]) == totals["states"]["looked"]
    assert len({one["name"] for one in found["classes"]}) == len(found["classes"])


def test_classes_that_differ_in_a_flag_alone_have_two_names():
    other = copy.deepcopy(real())
    other["stored"]["hardware"]["class"]["id"] = "feedfeedfeed"
    names = [one["name"] for one in made({"one": real(), "two": other})["classes"]]
    assert len(set(names)) == 2 and all(name.endswith(")") for name in names)


# --- earlier pages -----------------------------------------------------------------------------


def changes(before: dict[str, Any], after: dict[str, Any], **more: Any) -> list[tuple[str, ...]]:
    found = made(after, previous=made(before), **more)["drift"]
    return [(one["host"], one["kind"], one["before"], one["after"], one["outcome"]) for one in found]


def speed(figure: float, created: str) -> dict[str, Any]:
    given = real()
    proof = given["stored"]["stacks"][0]["proof"]
    proof["summary"]["gflops_per_cpu_second"], proof["created"] = figure, created
    return given


def summary(**more: Any) -> dict[str, Any]:
    given = real()
    given["stored"]["stacks"][0]["proof"]["summary"].update(more)
    return given


OLD, NEW = "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (real(), real(), []),
        (real(), real(holds=False, why="x"), [("verdict", "accelerated", "unproven", "worse")]),
        (real(holds=False), real(), [("verdict", "unproven", "accelerated", "better")]),
        (real(), real(release="0" * 16), [("release", REAL["stacks"][2]["release"], "0" * 16, "changed")]),
        (real(), LOST, [("host", "answered", "unreachable", "worse")]),
        (LOST, real(), [("host", "unreachable", "answered", "better")]),
        (LOST, BARRED, []),
        (real(), {"stored": {**REAL, "stacks": []}}, [("stack", "there", "gone", "changed")]),
        ({"stored": {**REAL, "stacks": []}}, real(), [("stack", "absent", "new", "changed")]),
        (summary(isa="avx2"), summary(isa="avx512_core"), [("isa", "avx2", "avx512_core", "changed")]),
        (summary(threads=1), summary(threads=2), [("threads", "1", "2", "changed")]),
        (speed(100, OLD), speed(51, NEW), []),
        (speed(100, OLD), speed(49, NEW), [("speed", "100", "49", "worse")]),
        (speed(100, OLD), speed(201, NEW), [("speed", "100", "201", "better")]),
        (speed(100, OLD), speed(10, OLD), []),  # the same proof
    ],
)
def test_what_changed(before, after, expected):
    assert changes({"one": before}, {"one": after}) == [("one", *one) for one in expected]


def test_hosts_come_and_go():
    found = changes({"one": real(), "two": real()}, {"two": real(), "three": real()})
    assert found == [("one", "host", "known", "gone", "changed"), ("three", "host", "not known", "new", "changed")]


def test_the_factor_of_speeds_is_the_users():
    assert changes({"one": speed(100, OLD)}, {"one": speed(49, NEW)}, speed_factor=3) == []


def test_a_host_that_was_not_asked_keeps_its_entry():
    before = document({"one": real(), "two": real()}, {}, created="2026-11-01T00:00:00Z")
    found = made({"one": real()}, previous=before, inventory={"one", "two"})
    assert found["hosts"]["two"] == before["hosts"]["two"]
    assert (found["hosts"]["two"]["seen"], found["asked"], found["drift"]) == ("2026-11-01T00:00:00Z", 1, [])


def test_a_host_that_does_not_answer_says_when_it_last_did():
    before = document({"one": real(), "two": LOST}, {}, created="2026-11-01T00:00:00Z")
    hosts = made({"one": LOST, "two": LOST}, previous=before)["hosts"]
    assert (hosts["one"]["seen"], hosts["two"]["seen"]) == ("2026-11-01T00:00:00Z", "")


def test_the_worst_change_is_the_first():
    answers, groups = fleet(120)
    before = document(drifted(answers), groups)
    outcomes = [one["outcome"] for one in document(answers, groups, previous=before)["drift"]]
    order = ["worse", "changed", "better"]
    assert outcomes == sorted(outcomes, key=order.index) and set(outcomes) == set(order)


# --- what a host may say -------------------------------------------------------------------------

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=8), inside, max_size=3),
    max_leaves=8,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(one for key, part in inside for one in places(part, (*path, key)))]


WHOLE = real()
PLACES = [path for path in places(WHOLE) if path]


@settings(max_examples=60)
@given(st.data())
def test_no_answer_breaks_the_document_or_its_files(data: st.DataObject):
    broken = copy.deepcopy(WHOLE)
    for path in data.draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=3)):
        part: Any = broken
        try:
            for key in path[:-1]:
                part = part[key]
            part[path[-1]] = data.draw(JUNK)
        except (KeyError, IndexError, TypeError):
            continue
    assert len(files(made({"one": broken, "two": WHOLE}))) == 3


@given(JUNK)
def test_junk_alone_is_an_answer_too(junk):
    assert "one" in made({"one": junk})["hosts"]


def test_a_host_cannot_fill_the_page():
    given = real(why="x" * 10_000_000, holds=False)
    given["stored"]["stacks"][0]["proof"]["probes"] *= 1000
    given["stored"]["stacks"][0]["proof"]["probes"][0]["stderr_tail"] = "y\n" * 1_000_000
    assert len(json.dumps(made({"one": given}))) < 2_000_000


# --- comma-separated values ----------------------------------------------------------------------


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_a_line_for_each_stack_and_each_host_without_one():
    answers = {"a": {"stored": REAL}, "b": LOST, "c": {"stored": {**REAL, "stacks": []}}}
    text = render(made(answers, {"a": ["oslo", "ring0"]}))
    assert text.count("\r\n") == text.count("\n") == 7
    lines = read(text)
    assert [(one["host"], one["stack"], one["verdict"]) for one in lines[3:]] == [
        ("a", "tensorflow", "accelerated"), ("b", "", "unreachable"), ("c", "", "unproven"),
    ]  # fmt: skip
    assert lines[0]["groups"] == "oslo ring0"
    assert float(lines[2]["gflops_per_cpu_second"]) == REAL["stacks"][2]["proof"]["summary"]["gflops_per_cpu_second"]
    assert lines[4]["text"] == "connect to host 192.0.2.7 port 22: Connection timed out"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "'\t=1"), (" =1", "' =1"),
        ("\uff1d1", "'\uff1d1"),
        ("web-1", "web-1"), ("", ""), (None, ""), (-1.5, -1.5), (0, 0), ("a=b", "a=b"),
    ],
)  # fmt: skip
def test_no_cell_is_a_formula(value, shown):
    assert cell(value) == shown


@given(st.text(max_size=30), st.text(max_size=60))
def test_any_text_comes_back_as_one_cell(name, why):
    lines = read(render(made({name: {"unreachable": why}, "other": WHOLE})))
    assert len(lines) == 2 and all(set(one) == set(COLUMNS) for one in lines)
    cells = [value for one in lines for value in one.values()]
    assert not [value for value in cells if value.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))]


# --- files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"stored": {"prefix": "/p"}}, {"stored": {"prefix": "/p"}}),
        ({"unreachable": True, "msg": "Failed to  connect\n"}, {"unreachable": "Failed to connect"}),
        ({"failed": True, "msg": "Task failed: no Python", "module_stderr": "sh: 1"}, {"failed": "no Python sh: 1"}),
        ({"failed": True, "stored": {}}, {"failed": "The run ended before this host was looked at."}),
        ({}, {"failed": "The run ended before this host was looked at."}),
    ],
)
def test_what_the_task_left(result, expected):
    assert answer(result) == expected


def test_a_page_is_compared_with_the_last_one(tmp_path):
    path = tmp_path / "fleet.json"
    assert earlier(path, needed=False) is None
    path.write_text(files(made({"one": real()}))[-1]["content"])
    assert earlier(path, needed=True)["hosts"].keys() == {"one"}


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"schema": "dnnready/run/1", "hosts": {}}', "[1]", "null",
    '{"schema": "dnnready/fleet/1", "created": "x", "hosts": {"one": {}}}'])  # fmt: skip
def test_another_file_is_not_taken_for_a_page(tmp_path, content):
    (tmp_path / "fleet.json").write_text(content)
    with pytest.raises(DnnreadyError):
        earlier(tmp_path / "fleet.json", needed=True)


def test_a_named_page_must_be_there(tmp_path):
    with pytest.raises(DnnreadyError, match="report_previous"):
        earlier(tmp_path / "none.json", needed=True)
