"""playbooks/heal.yml and dnn_heal for real: a stack is broken, mended, and proven again."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from dnnready.lockfile import held

PROJECT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((PROJECT / "docs/schema/heal-1.json").read_text())
pytestmark = pytest.mark.network


@pytest.fixture
def heal(run_playbook, tmp_path):
    """Runs the playbook as this user; the exit code, what it printed, and the rows of its table."""

    def run(prefix, *, check=False, env=None, **variables):
        document = tmp_path / "run.json"
        wishes = {"dnnready_scope": "user", "dnnready_prefix": str(prefix), "dnnready_stacks": ["onednn"], **variables}
        done = run_playbook(
            PROJECT / "playbooks/heal.yml",
            wishes,
            check=check,
            diff=check,
            env={"DNNREADY_JSON": str(document), **(env or {})},
        )
        rows = json.loads(document.read_text())["hosts"]["localhost"]["rows"]
        return done.rc, done.stdout + done.stderr, {row["stack"]: row for row in rows}

    return run


@pytest.fixture
def heal_module(run_module):
    """Runs the module alone; its first document, held by the schema, and its result."""

    def run(**arguments):
        result = run_module("dnn_heal", arguments)
        assert not result["failed"], result
        for one in result["heals"]:
            jsonschema.Draft202012Validator(SCHEMA).validate(one)
        return result["heals"][0], result

    return run


def tree(directory):
    """What is below a directory, by name: (mode, size, content or the target of a link)."""
    found = {}
    for path in directory.rglob("*"):
        if path.is_symlink():
            found[str(path)] = str(path.readlink())
        elif path.is_file() and "__pycache__" not in path.parts:
            found[str(path)] = (path.stat().st_mode, path.read_bytes())
    return found


def lose_library(onednn):
    for library in (onednn / "venv/lib").glob("libdnnl.so*"):
        library.unlink()


@pytest.mark.every_core
@pytest.mark.every_core
def test_a_lost_library_comes_back_proven_and_then_there_is_nothing_to_do(heal, onednn):
    prefix = onednn.parents[2]
    whole = {path: entry for path, entry in tree(onednn / "venv").items() if "libdnnl" in path}
    lose_library(onednn)
    before = tree(prefix)

    code, text, _ = heal(prefix, check=True)
    assert code == 0, text
    assert re.search(r"would do \(dnn_library_missing\): Build the release again", text), text
    assert "changed=1" in text
    assert tree(prefix) == before

    code, text, rows = heal(prefix)
    assert code == 0, text
    assert re.search(r"^ +onednn: broken, dnn_library_missing -> accelerated$", text, re.MULTILINE), text
    assert rows["onednn"]["verdict"] == "accelerated"
    assert {path: entry for path, entry in tree(onednn / "venv").items() if "libdnnl" in path} == whole
    (line,) = (prefix / "heal.log").read_text().splitlines()
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(line))
    assert json.loads(line)["actions"][0]["outcome"] == "healed"

    before = tree(prefix)
    code, text, rows = heal(prefix)
    assert (code, "changed=0" in text) == (0, True), text
    assert rows["onednn"]["verdict"] == "accelerated"
    assert tree(prefix) == before


def test_a_wrong_variable_and_a_lost_link(heal_module, onednn):
    prefix = str(onednn.parents[2])
    file = onednn / "environment"
    proven = file.read_text()
    file.write_text(re.sub(r"OMP_NUM_THREADS=.*", "OMP_NUM_THREADS=abc", proven))
    one, result = heal_module(prefix=prefix)
    assert (one["healed"], one["healthy"], result["changed"]) == (True, True, True)
    assert "invalid_env_value" in [finding["cause"] for finding in one["before"]["findings"]]
    assert file.read_text() == proven

    release = os.readlink(onednn)
    onednn.unlink()
    one, _ = heal_module(prefix=prefix)
    assert [finding["cause"] for finding in one["before"]["findings"]] == ["release_not_current"]
    assert (one["healed"], one["after"]["verdict"]) == (True, "accelerated")
    assert os.readlink(onednn) == release


def test_what_cannot_be_proven_is_taken_back_and_told(heal, onednn, tmp_path):
    prefix = onednn.parents[2]
    lose_library(onednn)
    before = tree(onednn)
    nowhere = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_CONFIG_FILE": os.devnull}
    code, text, rows = heal(prefix, env=nowhere)
    assert code == 2, text
    assert re.search(r"failed \(dnn_library_missing\)", text), text
    assert "No matching distribution" in " ".join(text.split()), text
    assert "Not proven on localhost: onednn. See above" in text
    assert rows["onednn"]["verdict"] == "unproven"
    assert tree(onednn.resolve()) == {
        path.replace(str(onednn), str(onednn.resolve())): entry for path, entry in before.items()
    }


def test_a_stack_that_was_never_there_is_provisioned(provisioned):
    text = provisioned.run.stdout
    assert "dnnready: 1 stack on 1 host: 1 accelerated" in text
    assert "TASK [stack : Make the release current]" in text
    assert (provisioned.copy / "bin/dnnready").is_file()
    assert (provisioned.copy / "stacks/onednn/current/proof.json").is_file()


def test_one_at_a_time(run_module, onednn):
    place = Path("/run/lock") if os.geteuid() == 0 else Path(os.environ.get("XDG_RUNTIME_DIR") or onednn.parents[2])
    with held(place / ".dnnready-heal.lock", "healing"):
        result = run_module("dnn_heal", {"prefix": str(onednn.parents[2])})
    assert result["failed"]
    assert f"another run is at work: process {os.getpid()}" in result["msg"]


@pytest.fixture
def own_log():
    """The log of healings of the user's own environments, as it was when the test is over."""
    path = Path("/var/log" if os.geteuid() == 0 else os.path.expanduser("~")) / "dnnready-heal.log"
    before = path.read_bytes() if path.exists() else None
    yield path
    if before is None:
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(before)


def test_what_belongs_to_the_user_is_only_advised(heal, tmp_path, own_log):
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    before = tree(venv)
    wishes = {"dnnready_target_python": str(venv / "bin/python"), "dnnready_target_frameworks": ["pytorch"]}
    code, text, _ = heal(tmp_path / "prefix", **wishes)
    assert code == 2, text
    assert re.search(r"for you to do \(framework_not_installed\)", text), text
    assert f"Not proven on localhost: {venv / 'bin/python'}" in " ".join(text.split())
    assert tree(venv) == before
    assert not (tmp_path / "prefix").exists()
    line = json.loads(own_log.read_text().splitlines()[-1])
    jsonschema.Draft202012Validator(SCHEMA).validate(line)
    assert (line["target"]["name"], line["actions"][0]["outcome"]) == (str(venv / "bin/python"), "advised")
