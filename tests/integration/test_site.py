"""site.yml as a user runs it: the first run, the next one, and what goes wrong.

The oneDNN library alone (39 MB) stands for all stacks; `make test-stacks` and Molecule prove the frameworks.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.network


@pytest.fixture
def site(run_playbook, tmp_path):
    """Runs site.yml for this user below a fresh prefix; returns exit code, text, and the run document."""

    def run(*, check=False, playbook="site.yml", scope="user", prefix=None, **variables):
        document = tmp_path / "run.json"
        document.unlink(missing_ok=True)
        wishes = {
            "dnnready_scope": scope,
            "dnnready_prefix": str(prefix or tmp_path / "prefix"),
            "dnnready_stacks": ["onednn"],
            **variables,
        }
        done = run_playbook(PROJECT / playbook, wishes, check=check, diff=check, env={"DNNREADY_JSON": str(document)})
        run_document = json.loads(document.read_text()) if document.is_file() else {}
        return done.rc, done.stdout + done.stderr, run_document.get("hosts", {}).get("localhost", {})

    return run


def rows(host):
    return {row["stack"]: row for row in host["rows"]}


def current(prefix, stack="onednn"):
    link = prefix / "stacks" / stack / "current"
    return os.readlink(link) if link.is_symlink() else None


@pytest.mark.every_core
def test_check_on_a_fresh_host_then_build_then_nothing_to_do(site, tmp_path):
    prefix = tmp_path / "prefix"

    code, text, host = site(check=True)
    assert code == 0, text
    assert not prefix.exists()
    assert rows(host)["onednn"]["verdict"] == "planned"

    code, text, host = site()
    assert code == 0, text
    row = rows(host)["onednn"]
    assert row["verdict"] == "accelerated"
    assert row["implementations"]
    assert row["changed"] is True
    assert current(prefix) == f"releases/{row['release']}"

    code, text, host = site()
    assert code == 0, text
    assert "changed=0" in text
    assert rows(host)["onednn"]["verdict"] == "accelerated"
    assert rows(host)["onednn"]["changed"] is False
    assert host["module_runs"] == 1

    code, text, host = site(check=True)
    assert (code, "changed=0" in text) == (0, True), text

    code, text, host = site(playbook="playbooks/verify.yml")
    assert (code, "changed=0" in text) == (0, True), text
    assert rows(host)["onednn"]["verdict"] == "accelerated"

    # A changed wish is a new release; the old one is not touched and becomes the previous one.
    code, text, host = site(onednn_environment={"OMP_NUM_THREADS": 1})
    assert code == 0, text
    assert rows(host)["onednn"]["threads"] == 1
    assert current(prefix) != f"releases/{row['release']}"
    assert (prefix / "stacks/onednn/releases" / row["release"] / "proof.json").is_file()


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"onednn_environment": {"GOMP_CPU_AFFINITY": "all"}}, ["GOMP_CPU_AFFINITY", "spin"]),
        ({"onednn_environment": {"OMP_NUM_THREADS": "0"}}, ["OMP_NUM_THREADS"]),
        ({"onednn_environment": {"ONEDNN_MAX_CPU_ISA": "AVX9"}}, ["ONEDNN_MAX_CPU_ISA", "avx512_core", "silently"]),
        ({"onednn_environment": {"APP_TITLE": "two words"}}, ["APP_TITLE", "sh, systemd and Docker"]),
        ({"dnnready_stacks": ["onnedn"]}, ["Unknown stack 'onnedn'", "onednn, mkl, pytorch, tensorflow"]),
        ({"dnnready_python": "3.7"}, ["3.7"]),
        ({"dnnready_lock_directories": ["/no/locks"]}, ["/no/locks", "dnnready_lock_directories"]),
        ({"onednn_source": "conda"}, ["source is 'conda'", "auto, wheel, distribution"]),
    ],
)
def test_a_wrong_wish_is_refused_before_anything_is_written(site, tmp_path, variables, words):
    code, text, _ = site(**variables)
    assert code == 2, text
    assert [word for word in words if word not in text] == [], text
    assert not (tmp_path / "prefix").exists()


def custom(path):
    return {
        "dnnready_stacks": ["app"],
        "dnnready_custom_stacks": {
            "app": {"requirements_file": str(path), "probes": ["onednn"], "library_path": ["venv/lib"]},
        },
    }


def test_a_custom_stack_is_built_proven_and_run(site, tmp_path):
    lock = shutil.copy(PROJECT / "locks/onednn/any-x86_64.txt", tmp_path / "requirements.txt")
    code, text, host = site(**custom(lock))
    assert code == 0, text
    assert rows(host)["app"]["verdict"] == "accelerated"
    program = tmp_path / "prefix/bin/dnnready"
    command = [program, "run", "app", "--", "python", "-c", "import ctypes; ctypes.CDLL('libdnnl.so.3'); print('here')"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "here\n"), done.stderr


def test_a_wrong_hash_leaves_the_current_release_and_a_rerun_heals(site, tmp_path):
    lock = tmp_path / "requirements.txt"
    right = (PROJECT / "locks/onednn/any-x86_64.txt").read_text()
    lock.write_text(right)
    assert site(**custom(lock))[0] == 0
    before = current(tmp_path / "prefix", "app")

    digest = right.split("--hash=sha256:")[1].split()[0]
    lock.write_text(right.replace(digest, digest[::-1]))
    code, text, host = site(**custom(lock))
    assert code == 2, text
    assert rows(host)["app"]["verdict"] == "failed"
    assert "hash" in rows(host)["app"]["cause"]["text"].lower()
    assert current(tmp_path / "prefix", "app") == before

    lock.write_text(right + "# another text, so another release\n")
    code, text, host = site(**custom(lock))
    assert code == 0, text


def test_an_unreachable_index_is_a_message_and_a_rerun_heals(site, tmp_path, run_playbook):
    nowhere = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_CONFIG_FILE": os.devnull}
    wishes = {"dnnready_scope": "user", "dnnready_prefix": str(tmp_path / "prefix"), "dnnready_stacks": ["onednn"]}
    done = run_playbook(PROJECT / "site.yml", wishes, env=nowhere)
    assert done.rc == 2, done.stdout
    assert "onednn" in done.stdout
    assert current(tmp_path / "prefix") is None
    code, text, _ = site()
    assert code == 0, text


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small file system")
def test_a_full_disk_is_told_before_and_leaves_nothing_half_done(site, tmp_path):
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(place)], check=True)
    try:
        code, text, _ = site(prefix=place / "prefix")
        assert code == 2
        assert "no room" in text.lower() or "free" in text.lower(), text
        assert not (place / "prefix" / "stacks").exists()
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_user_without_sudo_is_told_the_two_ways_out(site, tmp_path):
    nobody = {"ansible_become": True, "ansible_become_user": "nobody", "ansible_become_exe": "/no/such/sudo"}
    code, text, _ = site(scope="host", **nobody)
    assert code == 2, text
    assert "cannot be read as root" in text
    assert "-K" in text
    assert "dnnready_scope=user" in text
    assert not (tmp_path / "prefix").exists()


@pytest.mark.every_core
def test_an_interpreter_that_does_not_run_is_told_plainly(site):
    code, text, _ = site(ansible_python_interpreter="/no/such/python")
    assert code == 2, text
    assert "ansible_python_interpreter" in text


@pytest.mark.parametrize(
    ("command", "checked", "objection"),
    [
        ("", {"skipped": True}, ""),
        ("x", {"rc": 0, "stdout": "", "stderr": ""}, ""),
        ("x", {"rc": 1, "stdout": "first\nlast", "stderr": ""}, "exit 1 last"),
        ("x", {"rc": 2, "msg": "No such file"}, "exit 2 No such file"),
        ("x", {"msg": "the module broke"}, "it did not run: the module broke"),
        ("x", {}, "it did not run: no message"),
    ],
)
def test_a_check_of_a_ring_that_did_not_run_is_an_objection(run_playbook, command, checked, objection):
    known = {"dnnready_ring_check": command, "dnnready_ring_checked": checked}
    tasks = [
        {"ansible.builtin.include_vars": {"file": str(PROJECT / "roles/dnnready/vars/main.yml")}},
        {"ansible.builtin.assert": {"that": f"dnnready_ring_objection == {objection!r}"}, "vars": known},
    ]
    done = run_playbook([{"hosts": "all", "gather_facts": False, "tasks": tasks}])
    assert done.rc == 0, done.stdout
