"""What is read of a service, and how a run of systemd-run is told as a run of the program in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.diagnosis.targets import systemd
from dnnready.process import Completed

CAT = """\
# /etc/systemd/system/camera.service
[Unit]
Description=Camera
Environment=NOT=here

[Service]
Type=notify
User=camera
ExecStart=/srv/camera/venv/bin/python -u \\
    app.py --device %i
Environment=OMP_NUM_THREADS=2 "A=b c"
EnvironmentFile=-/etc/default/camera
MemoryDenyWriteExecute=yes
; a comment
TasksMax=64
Restart=always

# /etc/systemd/system/camera.service.d/limits.conf
[Service]
TasksMax=3
SystemCallFilter=
SystemCallFilter=@system-service
"""


@pytest.fixture
def unit():
    return systemd.Unit(
        "camera@front.service", {"MainPID": "54"}, tuple(systemd.directives(CAT, "camera@front.service"))
    )


def test_conditions_are_what_shapes_the_program_and_nothing_else(unit):
    assert unit.conditions == [
        "User=camera",
        "MemoryDenyWriteExecute=yes",
        "TasksMax=64",
        "TasksMax=3",
        "SystemCallFilter=",
        "SystemCallFilter=@system-service",
    ]


def test_variables_are_told_apart_from_conditions(unit):
    assert unit.variables == ['Environment=OMP_NUM_THREADS=2 "A=b c"', "EnvironmentFile=-/etc/default/camera"]


def test_the_command_is_read_with_continuations_and_specifiers(unit):
    assert unit.command == ["/srv/camera/venv/bin/python", "-u", "app.py", "--device", "front"]


@pytest.mark.parametrize(("shown", "pid"), [({"MainPID": "54"}, 54), ({"MainPID": "0"}, None), ({}, None)])
def test_the_main_process(shown, pid):
    assert systemd.Unit("a.service", shown, ()).main_pid == pid


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("-/usr/bin/python3 app.py", ["/usr/bin/python3", "app.py"]),
        ("@/usr/bin/python3 argv0 app.py", ["/usr/bin/python3", "argv0", "app.py"]),
        ('!!/usr/bin/python3 "a b.py"', ["/usr/bin/python3", "a b.py"]),
        ("", []),
    ],
)
def test_prefixes_of_a_command(line, words):
    assert systemd.Unit("a.service", {}, (("ExecStart", line),)).command == words


def completed(stderr, code=0, stdout=""):
    return Completed((), code, None, False, stdout, stderr, 1.0, 0.1, 1)


def ending(result, code, status):
    return f"Finished with result: {result}\nMain processes terminated with: code={code}/status={status}\n"


@pytest.mark.parametrize(
    ("stderr", "code", "exit_code", "signal", "timed_out"),
    [
        (ending("success", "exited", "0"), 0, 0, None, False),
        (ending("exit-code", "exited", "3"), 3, 3, None, False),
        (ending("signal", "killed", "ILL"), 255, None, "SIGILL", False),
        (ending("core-dump", "dumped", "SEGV"), 255, None, "SIGSEGV", False),
        (ending("timeout", "killed", "TERM"), 1, None, "SIGTERM", True),
        (ending("oom-kill", "killed", "KILL"), 1, None, "SIGKILL", False),
        ("Failed to start transient service unit: Access denied\n", 1, 1, None, False),
    ],
)
def test_how_a_program_in_a_transient_unit_ended(stderr, code, exit_code, signal, timed_out):
    done = systemd.ended(completed(f"Running as unit: run-u3.service\n{stderr}Service runtime: 10ms\n", code))
    assert (done.exit_code, done.signal, done.timed_out) == (exit_code, signal, timed_out)


def test_only_what_the_program_said_stays():
    text = (
        "Running as unit: run-u3.service\nOMP: Error #15\nFinished with result: success\n"
        "Main processes terminated with: code=exited/status=0\nService runtime: 10ms\nCPU time consumed: 3ms\n"
    )
    assert systemd.ended(completed(text)).stderr == "OMP: Error #15\n"


@given(st.text(max_size=400))
def test_no_text_of_a_unit_breaks_the_reader(text):
    for name, value in systemd.directives(f"[Service]\n{text}", "a@b.service"):
        assert name == name.strip() and value == value.strip()
