"""Whole pulls: what becomes current, what a host is left with, and what is remembered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dnnready.archive import build
from dnnready.errors import DnnreadyError
from dnnready.lockfile import held
from dnnready.pull.journal import line
from dnnready.pull.log import Log

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = json.loads((ROOT / "docs" / "schema" / "pull-1.json").read_text())


def outcome(document: dict[str, Any]) -> str:
    jsonschema.validate(document, SCHEMA)
    assert line(document)[1].startswith(f"pull={document['outcome']} revision=")
    return str(document["outcome"])


def test_a_commit_becomes_current_and_then_nothing_runs(host: Any, repository: Any) -> None:
    first = repository.commit("good")
    assert outcome(host.pull()) == "applied"
    assert (host.current(), host.trees(), host.runs()) == (first, [first], 1)
    assert outcome(host.pull()) == "unchanged"
    assert host.runs() == 1
    second = repository.commit("better")
    assert outcome(host.pull()) == "applied"
    assert (host.current(), host.trees(), host.runs()) == (second, [second], 2)


def test_a_day_later_it_runs_again_and_when_it_is_asked_to(host: Any, repository: Any) -> None:
    repository.commit("good")
    host.pull()
    host.now += 86400
    assert outcome(host.pull()) == "applied"
    assert outcome(host.pull(hurry=True)) == "applied"
    assert host.runs() == 3
    (host.root / "variables.json").write_text('{"dnnready_stacks": ["mkl"]}')
    assert "settings are others" in host.pull()["why"]


@pytest.mark.parametrize(("text", "why"), [("syntax", "not understood: ERROR! no syntax"), ("fail", "FAILED!")])
def test_a_broken_commit_leaves_the_current_one_and_waits(host: Any, repository: Any, text: str, why: str) -> None:
    first = repository.commit("good")
    host.pull()
    repository.commit(text)
    document = host.pull()
    assert (outcome(document), why in document["why"]) == ("failed", True), document["why"]
    assert (host.current(), host.trees()) == (first, [first])
    document = host.pull()
    assert (outcome(document), document["failed"]["count"]) == ("waiting", 1)
    host.now = document["failed"]["until"]
    document = host.pull()
    assert (outcome(document), document["failed"]["count"]) == ("failed", 2)
    mended = repository.commit("good again")
    document = host.pull()
    assert (outcome(document), document["failed"], host.current()) == ("applied", None, mended)


def test_what_is_refused_never_runs_and_is_not_accepted(host: Any, repository: Any) -> None:
    first = repository.commit("good")
    host.pull()
    repository.commit("evil", signed=False)
    document = host.pull()
    assert (outcome(document), document["accepted"], host.runs()) == ("refused", first, 1)
    assert outcome(host.pull()) == "waiting"
    repository.git("reset", "--quiet", "--hard", first)
    assert outcome(host.pull()) == "unchanged"


def test_a_failed_commit_was_accepted_all_the_same(host: Any, repository: Any) -> None:
    """So nobody can bring back what was before it."""
    first = repository.commit("good")
    host.pull()
    second = repository.commit("fail")
    assert host.pull()["accepted"] == second
    repository.git("reset", "--quiet", "--hard", first)
    repository.commit("another history")
    assert outcome(host.pull()) == "refused"


def test_another_source_has_a_history_of_its_own(host: Any, repository: Any) -> None:
    repository.commit("good")
    host.pull()
    repository.git("checkout", "--quiet", "--orphan", "other")
    revision = repository.commit("another history")
    host.set(branch="other")
    document = host.pull()
    assert (outcome(document), document["accepted"]) == ("applied", revision)


def test_a_source_that_is_not_there_is_asked_less_and_less_often(host: Any, repository: Any) -> None:
    repository.commit("good")
    host.pull()
    repository.directory.rename(repository.directory.with_name("away"))
    pauses = []
    for _ in range(5):
        document = host.pull()
        assert outcome(document) == "unreachable"
        assert outcome(host.pull()) == "waiting"
        pauses.append(document["unreachable"]["until"] - document["checked"])
        host.now = document["unreachable"]["until"]
    assert pauses == [600, 1200, 2400, 3600, 3600]
    repository.directory.with_name("away").rename(repository.directory)
    document = host.pull()
    assert (outcome(document), document["unreachable"]) == ("unchanged", None)


def test_the_program_of_before_comes_back(host: Any, repository: Any) -> None:
    repository.commit("program fail")
    document = host.pull()
    assert "Taken back: the program." in document["why"]
    assert (host.prefix / "bin" / "dnnready").read_text() == "the program"


@pytest.mark.parametrize(("text", "adopted"), [("program", True), ("bad program", False)])
def test_only_a_program_that_can_pull_pulls(host: Any, repository: Any, text: str, adopted: bool) -> None:
    (host.root / "program").write_text("the program")
    repository.commit(text)
    assert outcome(host.pull()) == "applied"
    assert ((host.root / "program").read_text() != "the program") is adopted


def test_who_pulls_by_hand_pulls_with_the_program_that_pulls(host: Any, repository: Any) -> None:
    """The run may replace the one in `bin` while it runs."""
    program = host.prefix / "bin" / "dnnready"
    program.write_bytes(build(ROOT / "module_utils" / "dnnready", sys.executable))
    (host.root / "program").write_text('#!/bin/sh\necho "$@"\n')
    (host.root / "program").chmod(0o755)
    words = ["--prefix", str(host.prefix), "pull"]
    done = subprocess.run([program, *words, "--now"], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [*words, "--now"]
    # What it is asked is its own state: so a new program is tried.
    repository.commit("good")
    host.pull()
    done = subprocess.run([program, *words, "--status"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("pull=applied ")


def test_a_pull_that_was_killed_counts_as_one_that_failed(host: Any, repository: Any) -> None:
    first = repository.commit("good")
    host.pull()
    second = repository.commit("good too")
    state = json.loads((host.root / "state.json").read_text())
    digest = state["applied"]["digest"]
    left = {"count": 1, "until": host.now + 600, "why": "the run was cut", "revision": second, "digest": digest}
    (host.root / "state.json").write_text(json.dumps({**state, "failed": left, "accepted": second}))
    for name in (second, ".incoming"):
        (host.root / "trees" / name).mkdir()
    assert outcome(host.pull()) == "waiting"
    assert host.trees() == [first]
    host.now += 600
    assert outcome(host.pull()) == "applied"
    assert host.current() == second


def test_one_pull_at_a_time_and_none_beside_another_run(host: Any, repository: Any) -> None:
    repository.commit("good")
    with held(host.root / ".lock", "pulling"):
        assert outcome(host.pull()) == "busy"
    with held(host.prefix / "stacks" / ".onednn.lock", "building"):
        document = host.pull()
        assert (outcome(document), document["failed"]) == ("busy", None)
    assert outcome(host.pull()) == "applied"


def test_the_playbook_holds_the_lock_itself(host: Any, repository: Any, tmp_path: Path) -> None:
    """Whoever kills the pull alone does not let the next one run beside the playbook."""
    script = host.prefix / "venv" / "bin" / "ansible-playbook"
    seen = tmp_path / "seen"
    script.write_text(
        "import os\n"
        "own = [os.readlink(f'/proc/self/fd/{number}') for number in os.listdir('/proc/self/fd')"
        " if os.path.exists(f'/proc/self/fd/{number}')]\n"
        f"open({str(seen)!r}, 'a').write(' '.join(own))\n"
    )
    repository.commit("good")
    assert outcome(host.pull()) == "applied"
    assert seen.read_text().count(str(host.root / ".lock")) == 2


def test_a_check_leaves_everything(host: Any, repository: Any) -> None:
    first = repository.commit("good")
    host.pull()
    repository.commit("better")
    before = (host.root / "state.json").read_text()
    document = host.pull(check=True)
    assert (outcome(document), "it is new" in document["why"]) == ("checked", True)
    assert ((host.root / "state.json").read_text(), host.current()) == (before, first)
    assert "--check --diff" in (host.root / "log" / "pull.log").read_text()


def test_the_environment_of_the_caller_leads_nowhere(
    host: Any, repository: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ANSIBLE_INVENTORY", "/elsewhere")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    seen = tmp_path / "seen"
    (host.prefix / "venv" / "bin" / "ansible-playbook").write_text(
        f"import json, os, sys\nopen({str(seen)!r}, 'w').write(json.dumps([dict(os.environ), sys.argv, os.getcwd()]))\n"
    )
    revision = repository.commit("good")
    host.set(inventory="inventories/fleet")
    host.pull()
    environment, words, place = json.loads(seen.read_text())
    assert place == str(host.root / "trees" / revision)
    assert "/elsewhere" not in environment.values()
    inside = [
        environment[name] for name in ("ANSIBLE_HOME", "ANSIBLE_REMOTE_TEMP", "ANSIBLE_ASYNC_DIR", "XDG_CACHE_HOME")
    ]
    assert all(path.startswith(f"{host.root}{os.sep}") for path in inside)
    given = [words[number + 1] for number, word in enumerate(words) if word == "--inventory"]
    assert given == [f"{place}/inventories/fleet", f"{host.root}/inventory.json"]
    assert words[words.index("--limit") + 1] == "localhost"


def test_the_log_is_bounded(tmp_path: Path) -> None:
    log = Log(tmp_path, most=1000)
    for number in range(200):
        log.line(f"line {number}\udcff")
    files = sorted(path.name for path in (tmp_path / "log").iterdir())
    assert files == ["pull.log", "pull.log.1"]
    assert sum(path.stat().st_size for path in (tmp_path / "log").iterdir()) < 2200
    assert "line 199" in log.path.read_text()


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": "dnnready/pull/1"}'])
def test_a_state_that_cannot_be_read_is_not_taken_for_none(host: Any, repository: Any, text: str) -> None:
    repository.commit("good")
    (host.root / "state.json").write_text(text)
    with pytest.raises(DnnreadyError, match=r"state\.json"):
        host.pull()
