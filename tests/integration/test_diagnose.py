"""playbooks/diagnose.yml for real: a broken stack, hosts that cannot be looked at, an environment of the user's own."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import jsonschema
import pytest
from referencing import Registry, Resource

PROJECT = Path(__file__).resolve().parents[2]
SCHEMAS = [
    json.loads((PROJECT / f"docs/schema/{name}-1.json").read_text()) for name in ("fleet-diagnosis", "diagnosis")
]
REGISTRY = Registry().with_resources([(each["$id"], Resource.from_contents(each)) for each in SCHEMAS])
pytestmark = pytest.mark.network

HOSTS = """
all:
  hosts:
    localhost:
      ansible_connection: local
      ansible_python_interpreter: {python}
      dnnready_prefix: {prefix}
    bare:
      ansible_connection: local
      ansible_python_interpreter: {python}
      dnnready_prefix: {prefix}/nothing
    wrong:
      ansible_connection: local
      ansible_python_interpreter: /no/such/python
    dark:
      ansible_connection: ssh
      ansible_host: 127.0.0.1
      ansible_port: 9
"""


@pytest.fixture
def diagnose(run_playbook, tmp_path):
    """Runs the playbook as this user; the exit code, what it printed, and the report."""
    place = tmp_path / "report"

    def run(inventory="localhost,", **variables):
        wishes = {"dnnready_scope": "user", "dnnready_stacks": ["onednn"], "diagnosis_directory": str(place)}
        done = run_playbook(PROJECT / "playbooks/diagnose.yml", {**wishes, **variables}, inventory=inventory)
        report = {}
        if place.is_dir():
            report = json.loads((place / "diagnosis.json").read_text())
            jsonschema.Draft202012Validator(SCHEMAS[0], registry=REGISTRY).validate(report)
        return done.rc, done.stdout + done.stderr, report.get("hosts", {})

    return run


def snapshot(directory):
    """Everything below a directory that a look might change."""
    found = {}
    for path in directory.rglob("*"):
        status = path.lstat()
        found[str(path)] = (status.st_mode, status.st_size, status.st_mtime_ns)
    return found


def causes(diagnosis):
    return [finding["cause"] for finding in diagnosis["findings"]]


@pytest.mark.every_core
@pytest.mark.every_core
def test_every_host_is_in_the_report_whatever_it_is_like(run_playbook, onednn, tmp_path):
    for library in (onednn / "venv/lib").glob("libdnnl.so*"):
        library.unlink()
    prefix = onednn.parents[2]
    before = snapshot(prefix)
    inventory = tmp_path / "hosts.yml"
    inventory.write_text(HOSTS.format(python=sys.executable, prefix=prefix))
    # No connection in the extra variables: they would win over those of the inventory.
    wishes = {"dnnready_scope": "user", "dnnready_stacks": ["onednn"], "diagnosis_directory": str(tmp_path / "report")}
    done = run_playbook(
        PROJECT / "playbooks/diagnose.yml", wishes, inventory=str(inventory), connection_variables=False
    )
    text = done.stdout + done.stderr
    assert done.rc == 2, text
    assert snapshot(prefix) == before
    assert re.search(r"localhost +: .*changed=0 .*failed=0", text), text
    # Lines as they are, neither JSON nor a list.
    assert re.search(r"^ +stack onednn: broken, dnn_library_missing$", text, re.MULTILINE), text
    assert re.search(r"^ +Do: Build the release again: dnnready heal onednn$", text, re.MULTILINE), text

    report = json.loads((tmp_path / "report/diagnosis.json").read_text())
    jsonschema.Draft202012Validator(SCHEMAS[0], registry=REGISTRY).validate(report)
    hosts = report["hosts"]
    assert causes(hosts["localhost"][0])[0] == "dnn_library_missing"
    assert "Connection refused" in hosts["dark"]["unreachable"]
    assert "ansible_python_interpreter" in hosts["wrong"]["failed"]
    assert "No stack of dnnready is installed" in hosts["bare"]["failed"]
    assert "ansible-playbook site.yml" in hosts["bare"]["failed"]
    for name in ("diagnosis.md", "diagnosis.html"):
        content = (tmp_path / "report" / name).read_text()
        assert [
            word for word in ("localhost", "bare", "wrong", "dark", "dnn_library_missing") if word not in content
        ] == []


def test_findings_fail_a_host_only_where_that_is_asked_for(diagnose, onednn):
    file = onednn / "environment"
    file.write_text(re.sub(r"OMP_NUM_THREADS=.*", "OMP_NUM_THREADS=abc", file.read_text()))
    prefix = str(onednn.parents[2])
    code, text, hosts = diagnose(dnnready_prefix=prefix, dnnready_stacks=["onednn", "mkl"])
    assert code == 0, text
    first, second = hosts["localhost"]
    assert "invalid_env_value" in causes(first)
    assert "OMP_NUM_THREADS" in json.dumps(first["findings"])
    assert (second["target"]["name"], causes(second)[0]) == ("mkl", "release_not_current")

    code, text, _ = diagnose(dnnready_prefix=prefix, diagnosis_fail=True, diagnosis_directory="")
    assert code == 2, text
    assert "Something is to mend on localhost: onednn" in text


def test_an_environment_of_the_user(diagnose):
    if not os.access("/usr/bin/python3", os.X_OK):
        pytest.skip("the distribution has no Python here")
    wishes = {"dnnready_target_python": "/usr/bin/python3", "dnnready_target_frameworks": ["pytorch"]}
    code, text, hosts = diagnose(dnnready_target_environment={"OMP_NUM_THREADS": 2, "APP_KEY": "s3cret-word"}, **wishes)
    assert code == 0, text
    (one,) = hosts["localhost"]
    assert (one["target"]["kind"], one["target"]["name"]) == ("python", "/usr/bin/python3")
    assert causes(one)[0] == "framework_not_installed"
    assert one["findings"][0]["action"] is None or one["findings"][0]["action"]["foreign"]
    assert "s3cret-word" not in json.dumps(hosts) + text


def test_a_stack_that_nobody_knows_is_named(diagnose):
    code, text, hosts = diagnose(dnnready_stacks=["onnedn"])
    assert code == 2, text
    assert "No stack is called onnedn" in hosts["localhost"]["failed"]
