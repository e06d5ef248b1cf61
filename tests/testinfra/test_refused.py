"""site.yml on hosts and with variables that cannot be: clear words, a failing exit, and nothing half done."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest
from testinfra.host import Host

from tests.testinfra.test_untouched import PATHS


class Run(NamedTuple):
    """How a run of site.yml ended: exit status, all that it said, the verdicts of its report by stack."""

    status: int
    words: str
    verdicts: dict[str, str]


@pytest.fixture
def provision(project: Path, tmp_path: Path, expected: dict[str, Any]) -> Any:
    """Runs site.yml on the host under test with further variables."""

    def run(variables: dict[str, Any]) -> Run:
        report = tmp_path / "run.json"
        command = ["ansible-playbook", str(project / "site.yml"), "-i", str(project / "molecule" / "inventory")]
        command += ["--limit", expected["name"], "--extra-vars", json.dumps(variables)]
        # Wide, so that no reason is broken into lines.
        environment = {**os.environ, "DNNREADY_JSON": str(report), "COLUMNS": "1000"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)
        ran = json.loads(report.read_text(encoding="utf-8"))
        jsonschema.validate(ran, json.loads((project / "docs" / "schema" / "run-1.json").read_text(encoding="utf-8")))
        assert ran["ok"] is (done.returncode == 0)
        rows = ran["hosts"][expected["name"]]["rows"]
        return Run(done.returncode, done.stdout + done.stderr, {row["stack"]: row["verdict"] for row in rows})

    return run


def test_is_refused_with_a_reason_and_nothing_is_written(host: Host, provision: Any, refusal: dict[str, Any]) -> None:
    run = provision(refusal["variables"])
    assert run.status != 0
    assert [reason for reason in refusal["says"] if reason not in run.words] == []
    assert set(run.verdicts.values()) <= {"refused"}
    assert [path for path in PATHS if host.file(path).exists] == []


def test_fails_with_a_reason_and_nothing_is_current(host: Host, provision: Any, failure: dict[str, Any]) -> None:
    run = provision(failure["variables"])
    assert run.status != 0
    assert [reason for reason in failure["says"] if reason not in run.words] == []
    assert set(run.verdicts.values()) == {"failed"}
    assert host.run("ls -d /opt/dnnready/stacks/*/current").rc != 0


def test_what_can_run_runs_where_the_rest_is_refused(host: Host, provision: Any, partial: dict[str, Any]) -> None:
    run = provision(partial["variables"])
    assert run.status != 0
    assert run.verdicts == partial["verdicts"]
    assert host.run("/opt/dnnready/bin/dnnready status onednn").rc == 0
