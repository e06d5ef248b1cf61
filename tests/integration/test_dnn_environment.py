"""dnn_environment through AnsiballZ: rehearse, write, write again, take away; and every refusal."""

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


@pytest.mark.parametrize("scope", ["release", "login", "systemd"])
def test_rehearse_write_again_and_take_away(run_module, tmp_path, scope):
    directory = tmp_path / "place"
    directory.mkdir()
    arguments, path = places(scope, directory)
    wanted = {**arguments, "variables": {"OMP_NUM_THREADS": 2, "MKL_DYNAMIC": False, "MODEL": "50%", "GONE": None}}

    rehearsed = run_module("dnn_environment", wanted, check=True, diff=True)
    assert rehearsed["changed"] and tree(directory) == {}

    written = run_module("dnn_environment", wanted, diff=True)
    assert {key: written[key] for key in ("changed", "diff", "files", "variables")} == {
        key: rehearsed[key] for key in ("changed", "diff", "files", "variables")
    }
    assert written["variables"] == {"OMP_NUM_THREADS": "2", "MKL_DYNAMIC": "false", "MODEL": "50%"}
    assert path.read_text().startswith(f"{MARK}\n") and path.stat().st_mode & 0o7777 == 0o644
    assert written["diff"][0]["before"] == "" and written["diff"][0]["after"] == path.read_text()
    assert written["files"] == [{"path": str(path), "changed": True}]
    assert written["reloaded"] is (scope == "systemd" and os.path.isdir("/run/systemd/system"))

    again = run_module("dnn_environment", wanted)
    assert not again["changed"] and again["diff"] == [] and not again["reloaded"]

    other = run_module("dnn_environment", {**arguments, "variables": {"OMP_NUM_THREADS": 1}}, diff=True)
    assert other["changed"] and other["diff"][0]["before"] == written["diff"][0]["after"]

    kept = tree(directory)
    leaving = run_module("dnn_environment", {**arguments, "state": "absent"}, check=True, diff=True)
    assert leaving["changed"] and leaving["diff"][0]["after"] == "" and tree(directory) == kept
    gone = run_module("dnn_environment", {**arguments, "state": "absent"}, diff=True)
    assert gone["changed"] and gone["diff"] == leaving["diff"] and tree(directory) == {}
    assert not run_module("dnn_environment", {**arguments, "state": "absent"})["changed"]


def test_a_release_stands_for_itself(run_module, tmp_path):
    (tmp_path / "lib").mkdir()
    result = run_module(
        "dnn_environment",
        {"scope": "release", "path": str(tmp_path), "variables": {"LD_LIBRARY_PATH": "{release}/lib"}},
    )
    assert result["variables"] == {"LD_LIBRARY_PATH": f"{tmp_path}/lib"} and result["findings"] == []
    assert (tmp_path / "environment").read_text() == f"{MARK}\nLD_LIBRARY_PATH={tmp_path}/lib\n"


def test_a_release_that_is_not_built_yet(run_module, tmp_path):
    arguments = {"scope": "release", "path": str(tmp_path / "later"), "variables": {"OMP_NUM_THREADS": 1}}
    assert run_module("dnn_environment", arguments, check=True)["changed"]
    failed = run_module("dnn_environment", arguments)
    assert failed["failed"] and "There is no directory" in failed["msg"]


@pytest.mark.parametrize(
    ("variables", "texts"),
    [
        ({"GOMP_CPU_AFFINITY": "garbage"}, ["GOMP_CPU_AFFINITY", "spin for ever"]),
        ({"TF_NUM_INTRAOP_THREADS": -1}, ["TF_NUM_INTRAOP_THREADS", "SIGABRT"]),
        ({"MKL_NUM_THREADS": "abc"}, ["MKL_NUM_THREADS", "silently means one thread"]),
        ({"OMP_NUM_THREADS": 0}, ["OMP_NUM_THREADS", "below 1"]),
        ({"ONEDNN_MAX_CPU_ISA": "AVX1024"}, ["ONEDNN_MAX_CPU_ISA", "ignored silently"]),
        ({"TF_MKL_ALLOC_MAX_BYTES": "64MB"}, ["TF_MKL_ALLOC_MAX_BYTES", "SIGABRT"]),
        ({"GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=1G"}, ["GLIBC_TUNABLES", "half speed"]),
        ({"LD_PRELOAD": "/nowhere/libx.so"}, ["LD_PRELOAD", "does not exist"]),
        ({"LD_LIBRARY_PATH": "lib"}, ["LD_LIBRARY_PATH", "relative path"]),
        ({"OMP_PLACES": "{0},{5}"}, ["OMP_PLACES", "names CPU 5"]),
        ({"MODEL": "a b"}, ["MODEL", "a space"]),
        ({"MODEL": "a\nB=1"}, ["MODEL", "a line end"]),
        ({"MODEL": "it's"}, ["MODEL"]),
        ({"MODEL": 1.10}, ["MODEL", "quotes"]),
        ({"MODEL": ["a"]}, ["MODEL", "quotes"]),
        ({"UID": "1"}, ["UID", "shell"]),
        ({"OMP_NUM_THREADS": 0, "MKL_NUM_THREADS": "abc"}, ["2 variables", "OMP_NUM_THREADS", "MKL_NUM_THREADS"]),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)
def test_a_refused_variable(run_module, tmp_path, variables, texts):
    arguments = {
        "scope": "release",
        "path": str(tmp_path / "release"),
        "variables": {"GOOD": 1, **variables},
        "readers": [*TORCH, "tensorflow"],
        "host": HOST,
    }
    Path(arguments["path"]).mkdir()
    result = run_module("dnn_environment", arguments)
    assert result["failed"] and "nothing was written" in result["msg"]
    assert [text for text in texts if text not in result["msg"]] == []
    assert tree(Path(arguments["path"])) == {}


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


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"scope": "release"}, "path"),
        ({"scope": "release", "path": "relative"}, "relative"),
        ({"scope": "systemd", "units": ["a"]}, "camera.service"),
        ({"scope": "systemd"}, "units"),
        ({"scope": "login", "name": "../x"}, "name of a file"),
        ({"scope": "login", "variables": {"A": "{release}/x"}}, "scope release"),
        ({"scope": "login", "readers": ["libgomb"]}, "libgomb"),
    ],
)
def test_wrong_arguments(run_module, tmp_path, arguments, text):
    directories = {"login_directory": str(tmp_path / "login"), "systemd_directory": str(tmp_path / "systemd")}
    result = run_module("dnn_environment", {"variables": {"A": 1}, **directories, **arguments})
    assert result["failed"] and text in result["msg"]


def test_a_file_of_someone_else_stays(run_module, tmp_path):
    (tmp_path / "dnnready-x.sh").write_text("export A=1\n")
    for state in ("present", "absent"):
        result = run_module(
            "dnn_environment",
            {"scope": "login", "name": "dnnready-x", "login_directory": str(tmp_path), "state": state},
        )
        assert result["failed"] and "not written by dnnready" in result["msg"]
    assert (tmp_path / "dnnready-x.sh").read_text() == "export A=1\n"
