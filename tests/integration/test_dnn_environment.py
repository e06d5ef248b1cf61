"""dnn_environment through AnsiballZ: rehearse, write, write again, take away; and every refusal."""

import json
import os
from pathlib import Path

import pytest

from dnnready.environment.render import MARK

TORCH = ["libgomp", "onednn", "mkl", "pytorch"]
HOST = {
    "cpu": {"isa": "avx512_core"},
    "cores": {"effective": 2, "affinity": [0, 1], "physical": 2, "quota": None, "numa_nodes": 1},
    "libc": {"name": "glibc", "version": "2.36"},
}


def tree(directory):
    return {str(path.relative_to(directory)): path.stat().st_mode & 0o7777 for path in sorted(directory.rglob("*"))}


def places(scope, directory):
    """Arguments of a scope below a directory, and the file that belongs to it."""
    if scope == "release":
        return {"scope": scope, "path": str(directory)}, directory / "environment"
    if scope == "login":
        arguments = {"scope": scope, "name": "dnnready-x", "login_directory": str(directory)}
        return arguments, directory / "dnnready-x.sh"
    arguments = {"scope": scope, "name": "dnnready-x", "units": ["a.service"], "systemd_directory": str(directory)}
    return arguments, directory / "a.service.d" / "dnnready-x.conf"


@pytest.fixture
def run_tasks(run_playbook, tmp_path):
    """Runs the module several times in one play (a run of Ansible costs seconds); the results, failed ones too."""

    def run(calls):
        record = tmp_path / "record.jsonl"
        record.unlink(missing_ok=True)
        tasks = [
            {"dnn_environment": arguments, "check_mode": check, "diff": True, "ignore_errors": True}
            for arguments, check in calls
        ]
        done = run_playbook(
            [{"hosts": "all", "gather_facts": False, "tasks": tasks}],
            env={
                "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callback_plugins"),
                "ANSIBLE_CALLBACKS_ENABLED": "record",
                "DNNREADY_TEST_RECORD": str(record),
            },
        )
        entries = [json.loads(line)["result"] for line in record.read_text(encoding="utf-8").splitlines()]
        assert len(entries) == len(calls), done.stdout + done.stderr
        return entries

    return run


@pytest.mark.parametrize("scope", ["release", "login", "systemd"])
def test_rehearse_write_again_and_take_away(run_tasks, tmp_path, scope):
    directory = tmp_path / "place"
    directory.mkdir()
    arguments, path = places(scope, directory)
    wanted = {**arguments, "variables": {"OMP_NUM_THREADS": 2, "MKL_DYNAMIC": False, "MODEL": "50%", "GONE": None}}
    shorter = {**arguments, "variables": {"OMP_NUM_THREADS": 1}}
    away = {**arguments, "state": "absent"}

    calls = [(wanted, True), (wanted, False), (wanted, True), (wanted, False), (shorter, False), (away, True)]
    rehearsed, written, again_rehearsed, again, other, leaving = run_tasks(calls)
    for rehearsal, real in ((rehearsed, written), (again_rehearsed, again)):
        for key in ("changed", "diff", "files", "variables", "findings"):
            assert rehearsal[key] == real[key], key
    # Each "before" is what the call before left: a rehearsal leaves nothing.
    assert rehearsed["changed"] and [diff["before"] for diff in (*rehearsed["diff"], *written["diff"])] == ["", ""]
    assert written["variables"] == {"OMP_NUM_THREADS": "2", "MKL_DYNAMIC": "false", "MODEL": "50%"}
    assert written["files"] == [{"path": str(path), "changed": True}]
    assert written["reloaded"] is (scope == "systemd" and os.path.isdir("/run/systemd/system"))
    assert not rehearsed["reloaded"]
    assert not again["changed"] and again["diff"] == [] and not again["reloaded"]
    assert other["changed"] and other["diff"][0]["before"] == written["diff"][0]["after"]
    assert leaving["changed"] and leaving["diff"][0]["after"] == ""
    assert path.read_text() == other["diff"][0]["after"] and path.read_text().startswith(f"{MARK}\n")
    assert path.stat().st_mode & 0o7777 == 0o644

    gone, gone_already = run_tasks([(away, False), (away, False)])
    assert gone["changed"] and gone["diff"] == leaving["diff"] and not gone_already["changed"]
    assert tree(directory) == {}


def test_a_release_stands_for_itself(run_module, tmp_path):
    (tmp_path / "lib").mkdir()
    result = run_module(
        "dnn_environment",
        {"scope": "release", "path": str(tmp_path), "variables": {"LD_LIBRARY_PATH": "{release}/lib"}},
    )
    assert result["variables"] == {"LD_LIBRARY_PATH": f"{tmp_path}/lib"} and result["findings"] == []
    assert (tmp_path / "environment").read_text() == f"{MARK}\nLD_LIBRARY_PATH={tmp_path}/lib\n"


def test_a_release_that_is_not_built_yet(run_tasks, tmp_path):
    arguments = {"scope": "release", "path": str(tmp_path / "later"), "variables": {"OMP_NUM_THREADS": 1}}
    rehearsed, failed = run_tasks([(arguments, True), (arguments, False)])
    assert rehearsed["changed"]
    assert failed["failed"] and "There is no directory" in failed["msg"]


#: Each refused variable with the words that say why.
REFUSED = {
    "GOMP_CPU_AFFINITY": ("garbage", "spin for ever"),
    "TF_NUM_INTRAOP_THREADS": (-1, "`Check failed: num_threads >= 1`"),
    "MKL_NUM_THREADS": ("abc", "silently means one thread"),
    "OMP_NUM_THREADS": (0, "below 1"),
    "ONEDNN_MAX_CPU_ISA": ("AVX1024", "ignored silently"),
    "TF_MKL_ALLOC_MAX_BYTES": ("64MB", "`Invalid memory limit`"),
    "GLIBC_TUNABLES": ("glibc.malloc.mmap_threshold=1G", "half speed"),
    "LD_PRELOAD": ("/nowhere/libx.so", "does not exist"),
    "LD_LIBRARY_PATH": ("lib", "relative path"),
    "OMP_PLACES": ("{0},{5}", "names CPU 5"),
    "WITH_SPACE": ("a b", "a space"),
    "WITH_LINE_END": ("a\nB=1", "a line end"),
    "WITH_QUOTE": ("it's", "which sh, systemd and Docker do not all read the same"),
    "WITH_FRACTION": (1.10, "Put it in quotes"),
    "WITH_LIST": (["a"], "is no text"),
    "UID": ("1", "the shell keeps this name"),
}


def test_refused_variables_are_named_at_once_before_anything_is_written(run_tasks, tmp_path):
    arguments = {
        "scope": "release",
        "path": str(tmp_path / "release"),
        "variables": {"GOOD": 1, **{name: value for name, (value, _) in REFUSED.items()}},
        "readers": [*TORCH, "tensorflow"],
        "host": HOST,
    }
    Path(arguments["path"]).mkdir()
    good = {**arguments, "variables": {"GOOD": 1}}
    result, passed = run_tasks([(arguments, False), (good, True)])
    assert result["failed"]
    assert f"{len(REFUSED)} variables are refused, nothing was written" in result["msg"]
    assert [name for name, (_, why) in REFUSED.items() if name not in result["msg"] or why not in result["msg"]] == []
    assert "GOOD" not in result["msg"]
    assert tree(Path(arguments["path"])) == {}
    assert passed["changed"] and passed["diff"][0]["before"] == "", "without the bad ones it goes through"


@pytest.mark.every_core
def test_warnings_reach_the_user(run_module, tmp_path):
    variables = {
        "KMP_AFFINITY": "compact",
        "OMP_NUM_THREADS": 64,
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "ONEDNN_VERBOSE": True,
    }
    result = run_module(
        "dnn_environment",
        {"scope": "release", "path": str(tmp_path), "variables": variables, "readers": TORCH, "host": HOST},
    )
    assert result["changed"] and result["variables"]["ONEDNN_VERBOSE"] == "1"
    assert {(finding["code"], finding["variable"]) for finding in result["findings"]} == {
        ("unread", "KMP_AFFINITY"),
        ("too_many_threads", "OMP_NUM_THREADS"),
        ("isa_below_cpu", "ONEDNN_MAX_CPU_ISA"),
        ("debugging", "ONEDNN_VERBOSE"),
    }
    assert any("libiomp5" in warning for warning in result["warnings"]) and len(result["warnings"]) == 4


@pytest.mark.every_core
def test_wrong_arguments(run_tasks, tmp_path):
    directories = {"login_directory": str(tmp_path / "login"), "systemd_directory": str(tmp_path / "systemd")}
    foreign = tmp_path / "dnnready.sh"
    foreign.write_text("export A=1\n")
    wrong = [
        ({"scope": "release"}, "path"),
        ({"scope": "release", "path": "relative"}, "relative"),
        ({"scope": "systemd", "units": ["a"]}, "camera.service"),
        ({"scope": "login", "variables": {"A": "{release}/x"}}, "scope release"),
        ({"scope": "login", "readers": ["libgomb"]}, "libgomb"),
        ({"scope": "login", "login_directory": str(tmp_path)}, "not written by dnnready"),
        ({"scope": "login", "login_directory": str(tmp_path), "state": "absent"}, "not written by dnnready"),
    ]
    calls = [({"variables": {"A": 1}, **directories, **arguments}, False) for arguments, _ in wrong]
    for result, (arguments, text) in zip(run_tasks(calls), wrong):
        assert result["failed"] and text in result["msg"], arguments
    assert foreign.read_text() == "export A=1\n"
