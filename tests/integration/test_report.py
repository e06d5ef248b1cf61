"""playbooks/report.yml for real: a provisioned host, a bare one, one out of reach, two that fail; the next page."""

from __future__ import annotations

import csv
import json
import os
import re
import sys
from pathlib import Path

import jsonschema
import pytest

from dnnready.report.fleet_host import stored
from tests.integration.conftest import PROJECT

SCHEMA = json.loads((PROJECT / "docs/schema/fleet-1.json").read_text(encoding="utf-8"))
HOSTS = """
all:
  vars: {{dnnready_scope: user, ansible_python_interpreter: {python}}}
  hosts:
    proven: {{ansible_connection: local, dnnready_prefix: {prefix}}}
    bare: {{ansible_connection: local, dnnready_prefix: {scratch}/none}}
    away: {{ansible_host: 127.0.0.1, ansible_port: 1, ansible_connection: ssh}}
    odd: {{ansible_connection: local, ansible_python_interpreter: {scratch}/no-python}}
    vague: {{ansible_connection: local, dnnready_prefix: "{{{{ nobody_defined_this }}}}"}}
  children:
    oslo: {{hosts: {{proven: , bare: }}}}
"""


@pytest.fixture
def prefix() -> Path:
    """A prefix with proven stacks: `make test-stacks` makes it."""
    found = Path(os.environ.get("DNNREADY_TEST_PREFIX", Path.home() / ".cache/dnnready/test-host"))
    if not list(found.glob("stacks/*/current/proof.json")):
        pytest.skip(f"no proven stack below {found}: make test-stacks")
    return found


def read(directory: Path) -> dict:
    found = json.loads((directory / "fleet.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    return found


@pytest.mark.every_core
def test_every_host_is_on_the_page(run_playbook, tmp_path, prefix):
    inventory = tmp_path / "hosts.yml"
    inventory.write_text(HOSTS.format(prefix=prefix, scratch=tmp_path, python=sys.executable))
    directory = tmp_path / "page"

    def report(*arguments: str, check: bool = False) -> str:
        done = run_playbook(
            PROJECT / "playbooks/report.yml",
            {"report_directory": str(directory)},
            check=check,
            inventory=str(inventory),
            connection_variables=False,
            arguments=arguments,
        )
        assert done.rc == 0, done.stdout + done.stderr
        return done.stdout

    report(check=True)
    assert not directory.exists()

    said = report()
    assert f"{directory}/fleet.html" in said
    assert re.search(r"^proven +: ok=\d+ +changed=0 ", said, re.MULTILINE)
    found = read(directory)
    hosts = found["hosts"]
    assert {name: host["state"] for name, host in hosts.items()} == {
        "proven": "looked", "bare": "looked", "away": "unreachable", "odd": "failed", "vague": "failed",
    }  # fmt: skip
    assert hosts["proven"]["groups"] == ["oslo"] and hosts["bare"]["rows"] == []
    assert "onnect" in hosts["away"]["why"] and "no-python" in hosts["odd"]["why"]
    assert "nobody_defined_this" in hosts["vague"]["why"]

    rows = {row["stack"]: row for row in hosts["proven"]["rows"]}
    assert rows.keys() == {path.parent.name for path in prefix.glob("stacks/*/current")}
    for path in prefix.glob("stacks/*/current"):
        proof, row = json.loads((path / "proof.json").read_text()), rows[path.parent.name]
        assert row["release"] == proof["release"] == path.resolve().name
        assert row["proven"] == proof["created"]
        assert row["gflops_per_cpu_second"] == proof["summary"]["gflops_per_cpu_second"]
        assert row["verdict"] == (proof["verdict"] if row["holds"] else "unproven")

    lines = list(csv.DictReader((directory / "fleet.csv").open(newline="", encoding="utf-8")))
    assert len(lines) == len(rows) + 4
    page = (directory / "fleet.html").read_text(encoding="utf-8")
    assert "no earlier page" in page and all(name in page for name in hosts)

    # The next page compares with this one. What is not asked stays as it was seen.
    inventory.write_text(
        re.sub(r"away: .*", "away: {ansible_connection: local, dnnready_prefix: /none}", inventory.read_text())
    )
    report("--limit", "away,bare")
    again = read(directory)
    assert again["previous"] == found["created"] and again["asked"] == 2
    assert [(one["host"], one["kind"], one["after"]) for one in again["drift"]] == [("away", "host", "answered")]
    assert again["hosts"]["proven"] == hosts["proven"]


def test_a_file_that_is_no_page_is_not_overwritten(run_playbook, tmp_path):
    (tmp_path / "fleet.json").write_text("mine")
    done = run_playbook(PROJECT / "playbooks/report.yml", {"report_directory": str(tmp_path), "dnnready_scope": "user"})
    assert done.rc != 0
    assert "fleet.json" in done.stdout and "report_directory" in done.stdout
    assert [path.read_text() for path in tmp_path.glob("fleet.*")] == ["mine"]


def test_the_module_says_what_is_stored(run_module, prefix):
    result = run_module("dnn_fleet_info", {"prefix": str(prefix)})
    here = stored(str(prefix), "user")
    assert not result["changed"] and result["stored"]["stacks"] == here["stacks"]
    assert result["stored"]["hardware"]["class"] == here["hardware"]["class"]
    assert result["cpu_seconds"] < 5
    assert all(len(json.dumps(one["proof"])) < 20_000 for one in here["stacks"])


def test_the_module_refuses_a_prefix_that_is_no_place(run_module, tmp_path):
    (tmp_path / "stacks").write_text("")
    result = run_module("dnn_fleet_info", {"prefix": str(tmp_path)})
    assert result["failed"] and "stacks" in result["msg"]
