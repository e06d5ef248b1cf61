"""site.yml through ansible-runner: events, artifacts, the streams of a mesh; and through ansible-navigator."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import ansible_runner
import pytest

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLE = PROJECT / "examples" / "runner"
RUNNER, NAVIGATOR = (Path(sys.executable).with_name(f"ansible-{name}") for name in ("runner", "navigator"))
PARTS = [
    *(f"{kind}_plugins" for kind in ("action", "callback", "filter", "lookup")),
    *("library", "locks", "module_utils", "playbooks", "roles", "site.yml", "ansible.cfg"),
]
#: Nobody listens there.
OFF = {"ansible_host": "127.0.0.1", "ansible_port": 1}
pytestmark = pytest.mark.network


def never():
    """Whether to cancel a run. Without it ansible-runner takes SIGTERM and SIGINT of the tests for itself."""
    return False


@pytest.fixture
def directory(tmp_path, onednn, ansible_bin, monkeypatch):
    """The private data directory of examples/runner with a clone of the project, for a prefix that is provisioned."""
    for name in [name for name in os.environ if name.startswith(("ANSIBLE_", "DNNREADY_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", f"{ansible_bin}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("ANSIBLE_HOME", str(tmp_path / "ansible-home"))
    made = tmp_path / "private"
    shutil.copytree(EXAMPLE, made)
    for part in PARTS:
        whole, copy = PROJECT / part, made / "project" / part
        copy.parent.mkdir(exist_ok=True)
        if whole.is_dir():
            shutil.copytree(whole, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(whole, copy)
    with (made / "env" / "extravars").open("a") as wishes:
        wishes.write(f"dnnready_prefix: {onednn.parents[2]}\n")
    return made


def rows(events):
    """What the events of a run say of each stack of each host; the last word counts."""
    said = {}
    for event in events:
        result = event.get("event_data", {}).get("res")
        for row in result.get("dnnready_rows", []) if isinstance(result, dict) else []:
            said.setdefault(event["event_data"]["host"], {})[row["stack"]] = row
    return said


def read(artifacts):
    """The document of a run, and its events in order, as they were kept."""
    events = [json.loads(path.read_text()) for path in (artifacts / "job_events").glob("*.json")]
    document = json.loads((artifacts / "dnnready.json").read_text())
    return document, sorted(events, key=lambda event: event["counter"])


def test_the_rows_of_a_run_are_streamed_while_it_runs_and_kept_as_artifacts(directory):
    (directory / "inventory" / "off.yml").write_text(json.dumps({"all": {"hosts": {"edge-2": OFF}}}))
    streamed, over, states = [], [], []
    artifacts = directory / "artifacts" / "nightly"

    def take(event):
        streamed.append(event)
        over.append((artifacts / "dnnready.json").exists())
        return True

    def note(state, **_):
        states.append(state["status"])

    thread, runner = ansible_runner.run_async(
        private_data_dir=str(directory),
        cancel_callback=never,
        playbook="site.yml",
        ident="nightly",
        quiet=True,
        event_handler=take,
        status_handler=note,
    )
    thread.join(300)

    text = (artifacts / "stdout").read_text()
    assert (runner.status, runner.rc) == ("successful", 0), text
    assert states == ["starting", "running", "successful"]
    assert over[0] is False
    assert set(rows(streamed)) == {"edge-1"}
    assert rows(streamed)["edge-1"]["onednn"]["verdict"] == "accelerated"
    assert rows(streamed)["edge-1"]["onednn"]["changed"] is False

    document, kept = read(artifacts)
    assert [event["uuid"] for event in kept] == [event["uuid"] for event in streamed]
    assert (artifacts / "rc").read_text() == "0"
    assert (artifacts / "status").read_text() == "successful"
    assert document["ok"] is True
    (row,) = document["hosts"]["edge-1"]["rows"]
    assert row == {name: rows(kept)["edge-1"]["onednn"][name] for name in row}
    assert list(document["rollout"]["off"]) == ["edge-2"]
    assert "edge-1  onednn" in text


def test_a_playbook_of_the_directory_playbooks_has_its_table_too(directory):
    runner = ansible_runner.run(
        private_data_dir=str(directory),
        playbook="playbooks/verify.yml",
        ident="verify",
        quiet=True,
        cancel_callback=never,
    )
    text = runner.stdout.read()
    assert (runner.status, runner.rc) == ("successful", 0), text
    assert "edge-1  onednn" in text
    assert rows(read(directory / "artifacts" / "verify")[1])["edge-1"]["onednn"]["verdict"] == "accelerated"


def test_a_run_that_fails_says_so_in_status_and_rows(directory):
    runner = ansible_runner.run(
        private_data_dir=str(directory),
        cancel_callback=never,
        playbook="site.yml",
        ident="refused",
        quiet=True,
        extravars={"onednn_environment": {"OMP_NUM_THREADS": "0"}},
    )
    assert (runner.status, runner.rc) == ("failed", 2)
    document, kept = read(directory / "artifacts" / "refused")
    assert document["ok"] is False
    assert [event["event_data"]["host"] for event in kept if event["event"] == "runner_on_failed"] == ["edge-1"]
    assert "OMP_NUM_THREADS" in document["hosts"]["edge-1"]["failed"]


def test_transmit_worker_and_process_bring_the_artifacts_back(directory, tmp_path):
    commands = [
        ["transmit", directory, "--playbook", "site.yml", "--ident", "mesh"],
        ["worker", "--private-data-dir", tmp_path / "node"],
        ["process", directory, "--ident", "mesh"],
    ]
    stream = b""
    for command in commands:
        done = subprocess.run([RUNNER, *command], input=stream, capture_output=True, timeout=300, check=False)
        stream = done.stdout
        assert done.returncode == 0, done.stderr.decode() + stream[-2000:].decode(errors="replace")
    assert "edge-1  onednn" in stream.decode()
    document, kept = read(directory / "artifacts" / "mesh")
    assert rows(kept)["edge-1"]["onednn"]["verdict"] == "accelerated"
    assert document["hosts"]["edge-1"]["rows"][0]["verdict"] == "accelerated"
    assert (tmp_path / "node" / "project" / "site.yml").is_file()


def test_ansible_navigator_runs_and_replays(directory, tmp_path, monkeypatch):
    """The settings of the example, which ansible-navigator checks; without a container, which needs /dev/mqueue."""
    monkeypatch.setenv("ANSIBLE_NAVIGATOR_CONFIG", str(PROJECT / "examples" / "ansible-navigator.yml"))
    monkeypatch.setenv("HOME", str(tmp_path))  # it makes a cache there

    def navigate(*words):
        command = [NAVIGATOR, *words, "--execution-environment", "false"]
        place = directory / "project"
        done = subprocess.run(
            command, cwd=place, stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
        return done.stdout.decode()

    run = navigate("run", "site.yml", "-i", directory / "inventory", "-e", f"@{directory}/env/extravars")
    assert "edge-1  onednn" in run
    (artifact,) = (directory / "project" / "dnnready-runs").glob("site-*.json")
    assert json.loads(artifact.read_text())["status"] == "successful"
    assert navigate("replay", artifact).split() == run.split()
