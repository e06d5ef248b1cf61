"""site.yml ring by ring, on hosts that are prefixes of this machine: what stops a ring, and what becomes of the others.

Every stage leaves the hosts to the next one, so the tests of this file run in their order.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Optional

import pytest

PROJECT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.network
HOSTS = ["canary", "early", "last"]
#: No proof says of these releases that they are other ones; a changed environment makes them so.
FIRST, SECOND, THIRD = (
    {"onednn_environment": {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": str(size)}} for size in (1000, 1001, 1002)
)
RINGS = {"dnnready_rings": [1, "ring_early", "100%"]}


class Run(NamedTuple):
    """A run of site.yml: how it ended, and what it left."""

    rc: int
    said: str
    document: dict[str, Any]
    left: list[str]

    @property
    def rings(self) -> list[dict[str, Any]]:
        """Of the run document."""
        return list(self.document["rollout"]["rings"])

    @property
    def outcomes(self) -> list[tuple[str, list[str], str]]:
        """The rings: name, hosts, outcome."""
        return [(ring["name"], ring["hosts"], ring["outcome"]) for ring in self.rings]


class Machine:
    """This machine, as three hosts."""

    def __init__(self, ansible_bin: Path, directory: Path) -> None:
        self.directory = directory
        self._bin = ansible_bin
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "DNNREADY_"))}
        self.environment = {
            **kept,
            "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"),
            "ANSIBLE_INJECT_FACT_VARS": "false",
            "ANSIBLE_RETRY_FILES_SAVE_PATH": str(directory),
            "DNNREADY_JSON": str(directory / "run.json"),
        }
        everywhere = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "dnnready_scope": "user",
            "dnnready_prefix": f"{directory}/{{{{ inventory_hostname }}}}",
            "dnnready_stacks": ["onednn"],
        }
        groups = {"ring_early": {"hosts": {"early": {}}}}
        inventory = {"all": {"hosts": {name: {} for name in HOSTS}, "children": groups, "vars": everywhere}}
        (directory / "hosts.json").write_text(json.dumps(inventory), encoding="utf-8")

    @property
    def retry(self) -> Path:
        """What a run leaves for the next one."""
        return self.directory / "site.retry"

    def command(self, variables: Mapping[str, Any], *arguments: str) -> list[str]:
        """ansible-playbook site.yml on the hosts."""
        inventory = str(self.directory / "hosts.json")
        program = str(self._bin / "ansible-playbook")
        return [program, "site.yml", "-i", inventory, "-e", json.dumps({**RINGS, **variables}), *arguments]

    def site(self, variables: Mapping[str, Any], *arguments: str, interrupt_at: Optional[Path] = None) -> Run:
        """Run site.yml; Ctrl-C is pressed as soon as `interrupt_at` exists."""
        record = self.directory / "run.json"
        record.unlink(missing_ok=True)
        with subprocess.Popen(
            self.command(variables, *arguments),
            cwd=PROJECT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as running:
            while interrupt_at is not None and running.poll() is None:
                if interrupt_at.exists():
                    running.send_signal(signal.SIGINT)
                    break
                time.sleep(0.1)
            said, _ = running.communicate(timeout=600)
        document = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
        left = self.retry.read_text(encoding="utf-8").split() if self.retry.exists() else []
        return Run(running.returncode, said, document, left)

    def current(self) -> dict[str, str]:
        """The release that is current, by host."""
        links = {name: self.directory / name / "stacks" / "onednn" / "current" for name in HOSTS}
        return {name: link.readlink().name if link.is_symlink() else "none" for name, link in links.items()}


@pytest.fixture(scope="module")
def machine(ansible_bin: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    return Machine(ansible_bin, tmp_path_factory.mktemp("rings"))


def test_check_mode_plans_the_rings_and_changes_nothing(machine: Machine) -> None:
    run = machine.site(FIRST, "--check")
    assert run.rc == 0, run.said
    assert run.said.count("as planned") == 3
    assert (run.left, [path.name for path in machine.directory.iterdir() if path.is_dir()]) == ([], [])


@pytest.mark.parametrize("wish", ["110%", "no_such_group"])
def test_rings_that_are_none_are_refused_before_a_change(machine: Machine, wish: str) -> None:
    run = machine.site({**FIRST, "dnnready_rings": [wish]})
    assert run.rc == 2, run.said
    assert "dnnready_rings" in run.said
    assert machine.current() == dict.fromkeys(HOSTS, "none")


def test_rings_one_after_the_other_with_a_check_between_them(machine: Machine) -> None:
    """A number, a group, a percentage."""
    told = machine.directory / "told"
    words = ["sh", "-c", f'echo "$DNNREADY_RING: $DNNREADY_RING_HOSTS" >> {told}']
    run = machine.site({**FIRST, "dnnready_ring_check": words, "dnnready_ring_pause": 0.1})
    assert run.rc == 0, run.said
    rings = [("1", ["canary"], "done"), ("ring_early", ["early"], "done"), ("100%", ["last"], "done")]
    assert run.outcomes == rings
    assert told.read_text(encoding="utf-8").splitlines() == ["1: canary", "ring_early: early", "100%: last"]
    assert (len(set(machine.current().values())), run.left) == (1, [])


def test_where_nothing_is_to_do_there_is_no_ring(machine: Machine) -> None:
    run = machine.site(FIRST)
    assert run.rc == 0, run.said
    assert run.rings == []
    assert {name: host["module_runs"] for name, host in run.document["hosts"].items()} == dict.fromkeys(HOSTS, 1)


def test_a_check_that_says_no_takes_its_ring_back(machine: Machine) -> None:
    before = machine.current()
    words = ["sh", "-c", 'test "$DNNREADY_RING" != ring_early || { echo too slow; exit 3; }']
    run = machine.site({**SECOND, "dnnready_ring_check": words})
    assert run.rc == 2, run.said
    assert [outcome for _, _, outcome in run.outcomes] == ["done", "stopped", "untouched"]
    assert "exit 3 too slow" in run.rings[1]["why"]
    assert run.rings[1]["taken_back"] == {"early": ["onednn"]}
    now = machine.current()
    assert {name for name in HOSTS if now[name] != before[name]} == {"canary"}
    assert run.left == ["early", "last"]


def test_without_the_way_back_a_stopped_ring_keeps_the_release(machine: Machine) -> None:
    run = machine.site(
        {**SECOND, "dnnready_ring_check": "false", "dnnready_ring_rollback": False}, "--limit", f"@{machine.retry}"
    )
    assert run.rc == 2, run.said
    assert [outcome for _, _, outcome in run.outcomes] == ["stopped", "untouched"]
    now = machine.current()
    assert now["early"] == now["canary"] != now["last"]


def test_a_part_of_the_hosts_and_of_the_stacks(machine: Machine) -> None:
    run = machine.site({**SECOND, "dnnready_rings": ["100%"]}, "--limit", "last", "--tags", "onednn")
    assert run.rc == 0, run.said
    assert sorted(run.document["hosts"]) == ["last"]
    assert len(set(machine.current().values())) == 1


def test_as_many_may_fail_as_the_limit_allows(machine: Machine) -> None:
    """The user's own check on the host refuses the release on one of three."""
    before = machine.current()
    health = f"sh -c 'case \"$PWD$PATH\" in *{machine.directory}/early/*) exit 1;; esac'"
    wishes = {**THIRD, "dnnready_rings": ["100%"], "dnnready_max_fail_percentage": 40}
    run = machine.site({**wishes, "dnnready_health_command": health})
    assert run.rc == 2, run.said
    (ring,) = run.rings
    assert (ring["outcome"], sorted(ring["failed"])) == ("done", ["early"])
    now = machine.current()
    assert {name for name in HOSTS if now[name] != before[name]} == {"canary", "last"}
    assert run.left == ["early"]


def test_a_host_that_hangs_fails_and_the_others_go_on(machine: Machine) -> None:
    """As where the interpreter lies on a share that is gone."""
    hangs = machine.directory / "hangs"
    hangs.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    hangs.chmod(0o755)
    python = f"{{{{ '{hangs}' if inventory_hostname == 'last' else '{sys.executable}' }}}}"
    run = machine.site({**THIRD, "dnnready_timeout": 20, "ansible_python_interpreter": python})
    assert run.rc == 2, run.said
    assert "20 second" in run.document["hosts"]["last"]["failed"]
    assert run.outcomes == [("1", ["early"], "done")]
    assert run.left == ["last"]


def test_ctrl_c_leaves_a_summary_and_the_names_of_what_is_left(machine: Machine) -> None:
    before = machine.current()
    mark = machine.directory / "at-work"
    health = f"sh -c 'touch {mark}; sleep 5'"
    run = machine.site({**FIRST, "dnnready_health_command": health}, interrupt_at=mark)
    assert run.rc not in (0, 2, 4), run.said
    assert [outcome for _, _, outcome in run.outcomes] == ["stopped", "untouched", "untouched"]
    assert "interrupted" in run.document["hosts"]["canary"]["failed"]
    assert run.left == HOSTS
    assert "3 left" in run.said
    time.sleep(6)
    assert {name: machine.current()[name] for name in ("early", "last")} == {n: before[n] for n in ("early", "last")}
    assert machine.site(FIRST).rc == 0
    assert len(set(machine.current().values())) == 1


def test_where_all_hosts_fail_it_is_said_of_each(machine: Machine) -> None:
    run = machine.site({**FIRST, "ansible_python_interpreter": "/no/such/python"})
    assert run.rc == 2, run.said
    for name in HOSTS:
        assert "ansible_python_interpreter" in run.document["hosts"][name]["failed"]
    assert "Traceback" not in run.said


def test_where_no_host_answers_the_run_fails(machine: Machine) -> None:
    lost = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    run = machine.site({**FIRST, **lost})
    assert run.rc == 2, run.said
    assert "None of 3 hosts answers" in run.said
    assert "Connection refused" in run.said
