"""site.yml on hosts and with variables that cannot be: clear words, a failing exit, and nothing half done."""

from __future__ import annotations

from typing import Any

from testinfra.host import Host

from tests.testinfra.test_untouched import PATHS


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
