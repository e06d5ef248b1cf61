"""What systemd and /proc say of a service."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.bundle import units
from dnnready.bundle.bundle import Bundle
from dnnready.bundle.redact import Redactor
from dnnready.errors import DnnreadyError

SECRET = "hunter2-Zq81"


@pytest.mark.parametrize(
    ("given_name", "wanted"),
    [
        ("camera", "camera.service"),
        ("camera.service", "camera.service"),
        ("worker@1.service", "worker@1.service"),
        ("dev-\\x2dx.mount", "dev-\\x2dx.mount"),
    ],
)
def test_names(given_name, wanted):
    assert units.check([given_name]) == [wanted]


@pytest.mark.parametrize("name", ["", "-p", "--all", "a b", "a;b", "../x", "a/b", "x" * 300])
def test_no_names(name):
    with pytest.raises(DnnreadyError, match="not the name of a systemd unit"):
        units.check([name])


@given(st.text(max_size=60))
def test_a_folder_never_leaves_the_bundle(name):
    folder = units.folder(name)
    assert folder.startswith("units/")
    assert "/" not in folder.removeprefix("units/")


@pytest.mark.parametrize(
    ("words", "variables"),
    [
        ("", {}),
        ("A=1 B=2", {"A": "1", "B": "2"}),
        ('"A=two words" B=2', {"A": "two words", "B": "2"}),
        ("A='x", {"A": "'x"}),
        ("A=b=c nothing", {"A": "b=c"}),
    ],
)
def test_assigned(words, variables):
    assert units.assigned(words) == variables


def test_libraries():
    maps = (
        "7f00-7f01 r-xp 00000000 08:01 12 /opt/my app/libdnnl.so.3 (deleted)\n"
        "7f01-7f02 r-xp 00000000 08:01 12 /opt/my app/libdnnl.so.3 (deleted)\n"
        "7f02-7f03 r--p 00000000 08:01 13 /usr/lib/libc.so.6\n"
        "7f03-7f04 rw-p 00000000 00:00 0\n"
        "7f04-7f05 rw-p 00000000 00:00 0 [heap]\n"
        "7f05-7f06 r--p 00000000 08:01 14 /usr/share/data.txt\n"
    )
    assert units.libraries(maps) == ["/opt/my app/libdnnl.so.3 (deleted)", "/usr/lib/libc.so.6"]


@pytest.fixture
def process():
    """A process that has the variables of a service."""
    variables = {"OMP_NUM_THREADS": "3", "APP_TITLE": "Camera", "API_KEY": SECRET}
    child = subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()"], env=variables, stdin=-1, stdout=-1, text=True
    )
    child.stdout.readline()
    yield child
    child.communicate("\n", timeout=10)


def systemctl(path, monkeypatch, answer):
    path.mkdir()
    (path / "answer").write_text(answer)
    (path / "systemctl").write_text(f"#!/bin/sh\ncat {path}/answer\n")
    (path / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{path}:{os.environ['PATH']}")


def test_a_service_that_runs(tmp_path, monkeypatch, process):
    answer = (
        f"Id=camera.service\nLoadState=loaded\nMainPID={process.pid}\nMemoryDenyWriteExecute=yes\nPrivateTmp=yes\n"
        f"ExecStart={{ path=/usr/bin/app ; argv[]=/usr/bin/app --token {SECRET} ; }}\n"
        f'Environment=OMP_NUM_THREADS=2 APP_TITLE=x "DB_PASSWORD={SECRET} 2"\n'
    )
    systemctl(tmp_path / "bin", monkeypatch, answer)
    filled = Bundle(Redactor(), 1 << 22, 60)
    units.fill(filled, "camera.service", units.properties("camera.service"))
    members = {entry["path"].rpartition("/")[2] for entry in filled.index()["members"]}
    assert members == {
        "properties.txt", "process-limits.txt", "process-status.txt", "process-cgroup.txt", "process-environment.txt",
        "process-libraries.txt",
    }  # fmt: skip
    said = filled.member("units/camera.service/properties.txt").decode()
    assert "MemoryDenyWriteExecute=yes\nPrivateTmp=yes\n" in said
    assert "Environment: OMP_NUM_THREADS=2\n" in said
    assert "Environment: DB_PASSWORD=[redacted]\n" in said
    variables = filled.member("units/camera.service/process-environment.txt").decode()
    assert "OMP_NUM_THREADS=3\n" in variables
    assert "API_KEY=[redacted]\n" in variables
    assert "APP_TITLE=[value not shown]\n" in variables
    assert "libc.so" in filled.member("units/camera.service/process-libraries.txt").decode()
    assert SECRET.encode() not in b"".join(filled.member(entry["path"]) for entry in filled.index()["members"])


def test_a_service_that_does_not_run(tmp_path, monkeypatch):
    systemctl(tmp_path / "bin", monkeypatch, "LoadState=loaded\nMainPID=0\n")
    filled = Bundle(Redactor(), 1 << 22, 60)
    units.fill(filled, "camera.service", units.properties("camera.service"))
    assert filled.left_out == [{"what": "process of camera.service", "why": "it does not run"}]


def test_a_process_that_ended_meanwhile(tmp_path, monkeypatch):
    systemctl(tmp_path / "bin", monkeypatch, "LoadState=loaded\nMainPID=4194304999\n")
    filled = Bundle(Redactor(), 1 << 22, 60)
    units.fill(filled, "camera.service", units.properties("camera.service"))
    assert {entry["what"] for entry in filled.left_out} == {"process of camera.service"}


def test_a_service_that_is_not_there(tmp_path, monkeypatch):
    systemctl(tmp_path / "bin", monkeypatch, "LoadState=not-found\n")
    with pytest.raises(DnnreadyError, match="There is no unit camera"):
        units.properties("camera.service")
