"""The callback in real runs: what the user reads, and the document that programs read."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

pytestmark = pytest.mark.every_core

PROJECT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((PROJECT / "docs" / "schema" / "run-1.json").read_text(encoding="utf-8"))

#: Returns what it is given, as the modules of the project return their rows.
MODULE = """
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule({"rows": {"type": "raw"}, "seconds": {"type": "raw"}})
module.exit_json(dnnready_rows=module.params["rows"], cpu_seconds=module.params["seconds"])
"""


def row(stack: str, verdict: str = "accelerated", **more: Any) -> dict[str, Any]:
    return {"stack": stack, "verdict": verdict, **more}


def play(*tasks: dict[str, Any], **keywords: Any) -> list[dict[str, Any]]:
    return [{"hosts": "all", "gather_facts": False, "tasks": list(tasks), **keywords}]


def fact(*rows: Any, **keywords: Any) -> dict[str, Any]:
    return {"ansible.builtin.set_fact": {"dnnready_rows": list(rows)}, **keywords}


@pytest.fixture
def library(tmp_path: Path) -> dict[str, str]:
    """The environment in which the module `give_rows` is found."""
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "give_rows.py").write_text(MODULE, encoding="utf-8")
    return {"ANSIBLE_LIBRARY": str(tmp_path / "library")}


@pytest.fixture
def document(tmp_path: Path) -> Callable[[], dict[str, Any]]:
    """Reads the run document and holds it against its schema."""

    def read() -> dict[str, Any]:
        made: dict[str, Any] = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
        jsonschema.validate(made, SCHEMA, cls=jsonschema.Draft202012Validator)
        return made

    return read


def table_of(stdout: str) -> str:
    """What follows Ansible's recap."""
    found = stdout.find("\ndnnready: ")
    return stdout[found + 1 :] if found >= 0 else ""


def without_wall_seconds(text: str) -> str:
    return re.sub(r", [0-9]+ s in all", ", N s in all", text)


@pytest.mark.parametrize("strategy", ["free", "linear"])
def test_rows_costs_and_document(
    strategy: str, run_playbook: Any, library: dict[str, str], document: Any, tmp_path: Path
) -> None:
    tasks = [
        {"give_rows": {"rows": [row("pytorch", "planned"), row("mkl")], "seconds": 0.5}},
        {"give_rows": {"rows": [row("pytorch", implementations=["jit:avx2"])], "seconds": 1.25}},
        {"ansible.builtin.ping": None, "loop": [1, 2, 3], "when": "item != 2"},
        {"ansible.builtin.ping": None, "when": False},
        {"ansible.builtin.ping": None, "delegate_to": "elsewhere"},
        {"ansible.builtin.debug": {"msg": "stays here"}},
        {"ansible.builtin.assert": {"that": [True], "quiet": True}},
        fact(
            row("mkl", "refused", cause={"code": "musl", "text": "Needs glibc."}, next="a command"),
            when="inventory_hostname == 'b'",
        ),
    ]
    done = run_playbook(
        play(*tasks, strategy=strategy),
        env={**library, "DNNREADY_JSON": str(tmp_path / "out" / "run.json"), "COLUMNS": "100"},
        inventory="b,a,",
    )
    assert done.rc == 0, done.stdout + done.stderr
    assert without_wall_seconds(table_of(done.stdout)) == (
        "dnnready: 4 stacks on 2 hosts: 3 accelerated, 1 refused\n"
        "\n"
        "host  stack    verdict      implementation\n"
        "a     pytorch  accelerated  jit:avx2\n"
        "a     mkl      accelerated  -\n"
        "b     pytorch  accelerated  jit:avx2\n"
        "b     mkl      refused      -\n"
        "    musl: Needs glibc.\n"
        "    next: a command\n"
        "\n"
        "dnnready: 8 module runs on the hosts, 3.5 CPU seconds there, N s in all.\n"
    )
    made = document()
    assert made["ok"] is True
    assert made["started"] <= made["finished"]
    hosts = made["hosts"]
    assert {name: (host["module_runs"], host["cpu_seconds"], host["failed"]) for name, host in hosts.items()} == {
        "a": (4, 1.75, None),
        "b": (4, 1.75, None),
    }
    assert [(r["stack"], r["verdict"]) for r in hosts["b"]["rows"]] == [("pytorch", "accelerated"), ("mkl", "refused")]


def test_hosts_that_fail_or_cannot_be_reached(run_playbook: Any, document: Any, tmp_path: Path) -> None:
    tasks = [
        {"ansible.builtin.ping": None},
        fact(row("pytorch")),
        {"ansible.builtin.fail": {"msg": "ignored"}, "ignore_errors": True},
        {"block": [{"ansible.builtin.fail": {"msg": "rescued"}}], "rescue": [{"ansible.builtin.ping": None}]},
        {
            "ansible.builtin.command": "sh -c 'exit {{ item }}'",
            "loop": [0, 3],
            "changed_when": False,
            "failed_when": "inventory_hostname == 'full' and item == 3",
        },
    ]
    ssh = tmp_path / "ssh"
    ssh.write_text(
        "#!/bin/sh\necho 'ssh: connect to host gone port 22: No route to host' >&2\nexit 255\n", encoding="utf-8"
    )
    ssh.chmod(0o755)
    done = run_playbook(
        play(*tasks),
        extra_vars={
            "ansible_connection": "{{ 'ssh' if inventory_hostname == 'gone' else 'local' }}",
            "ansible_ssh_executable": str(ssh),
        },
        env={"DNNREADY_JSON": str(tmp_path / "out" / "run.json")},
        inventory="gone,full,fine",
    )
    assert done.rc != 0
    shown = table_of(done.stdout)
    assert shown.startswith("dnnready: 2 stacks on 3 hosts: 2 accelerated; 1 host unreachable; 1 host failed\n")
    assert re.search(r"^full +- +failed$", shown, re.MULTILINE)
    assert re.search(r"^gone +- +unreachable$", shown, re.MULTILINE)
    assert "No route to host" in " ".join(shown.split())
    made = document()
    assert made["ok"] is False
    assert made["hosts"]["gone"] == {**made["hosts"]["gone"], "rows": [], "module_runs": 0, "unreachable": True}
    assert made["hosts"]["full"]["failed"] in shown
    assert made["hosts"]["full"]["failed"] not in ("no message", "One or more items failed")
    assert made["hosts"]["fine"]["failed"] is None


def test_whatever_results_contain(run_playbook: Any, library: dict[str, str], document: Any, tmp_path: Path) -> None:
    rows = [
        None,
        5,
        "x",
        [],
        {},
        {"stack": None},
        {"stack": "odd", "verdict": 7, "cause": 3, "implementations": {"a": 1}},
    ]
    tasks = [
        {"give_rows": {"rows": "no list", "seconds": "many"}},
        {"give_rows": {"rows": {"stack": "x"}, "seconds": -1}},
        {"give_rows": {"rows": rows, "seconds": None}},
        {"give_rows": {"rows": [row("secret")], "seconds": 1}, "no_log": True},
    ]
    done = run_playbook(play(*tasks), env={**library, "DNNREADY_JSON": str(tmp_path / "out" / "run.json")})
    assert done.rc == 0, done.stdout + done.stderr
    assert "callback" not in (done.stdout + done.stderr).lower()
    assert [(r["stack"], r["verdict"]) for r in document()["hosts"]["localhost"]["rows"]] == [("odd", "unproven")]


@pytest.mark.parametrize("callback", ["minimal", "default"])
def test_beside_any_stdout_callback(callback: str, run_playbook: Any) -> None:
    done = run_playbook(play(fact(row("pytorch"))), env={"ANSIBLE_STDOUT_CALLBACK": callback})
    assert "dnnready: 1 stack on 1 host: 1 accelerated\n" in done.stdout


def test_silent_without_rows(run_playbook: Any) -> None:
    done = run_playbook(play({"ansible.builtin.ping": None}))
    assert done.rc == 0
    assert "dnnready" not in done.stdout + done.stderr


def test_silent_in_ad_hoc_commands(ansible_bin: Path, ansible_environment: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    done = subprocess.run(
        [
            *(ansible_bin / "ansible", "localhost", "-i", "localhost,", "-c", "local"),
            *("-m", "set_fact", "-a", json.dumps({"dnnready_rows": [row("pytorch")]})),
        ],
        env={**ansible_environment, "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1", "DNNREADY_JSON": str(path)},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "dnnready:" not in done.stdout + done.stderr
    assert not path.exists()


def test_a_document_that_cannot_be_written_is_said_and_ends_nothing(run_playbook: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = run_playbook(play(fact(row("pytorch"))), env={"DNNREADY_JSON": str(tmp_path / "file" / "run.json")})
    assert done.rc == 0
    assert "1 accelerated" in done.stdout
    warnings = " ".join(done.stderr.split())
    assert "DNNREADY_JSON: cannot make" in warnings
    assert "DNNREADY_JSON: Cannot write" in warnings


def test_an_earlier_document_stays_whole_until_the_new_one_is(run_playbook: Any, document: Any, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text("earlier", encoding="utf-8")
    look = {"ansible.builtin.command": f"cat {tmp_path}/out/run.json", "changed_when": False, "register": "seen"}
    check = {"ansible.builtin.assert": {"that": "seen.stdout == 'earlier'"}}
    done = run_playbook(play(look, check), env={"DNNREADY_JSON": str(tmp_path / "out" / "run.json")})
    assert done.rc == 0, done.stdout
    assert document()["hosts"]["localhost"]["rows"] == []
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["run.json"]


def test_at_a_terminal_long_steps_are_named(
    ansible_bin: Path, ansible_environment: dict[str, str], tmp_path: Path
) -> None:
    playbook = tmp_path / "long.yml"
    step = {"name": "Build {{ inventory_hostname }}", "ansible.builtin.command": "sleep 13", "changed_when": False}
    playbook.write_text(json.dumps(play(step, fact(row("pytorch")))), encoding="utf-8")
    command = [str(ansible_bin / "ansible-playbook"), str(playbook), "-i", "alpha,", "-c", "local"]
    command += ["-e", f"ansible_python_interpreter={sys.executable}"]
    terminal, inside = pty.openpty()
    child = subprocess.Popen(
        command,
        env={**ansible_environment, "TERM": "xterm"},
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
    )
    os.close(inside)
    output = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux says EIO when the other end is closed
            break
        output += piece
    os.close(terminal)
    assert child.wait() == 0
    lines = output.decode().replace("\r\n", "\n").split("\n")
    assert [line for line in lines if re.fullmatch(r"dnnready: 1[0-2] s: Build alpha: alpha", line)]
    assert "dnnready: 1 stack on 1 host: 1 accelerated" in lines
    assert any("\033[32maccelerated\033[0m" in line for line in lines)


def test_documentation(ansible_bin: Path, ansible_environment: dict[str, str]) -> None:
    done = subprocess.run(
        [ansible_bin / "ansible-doc", "-t", "callback", "dnnready"],
        env=ansible_environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "DNNREADY_JSON" in done.stdout
