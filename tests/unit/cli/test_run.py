"""`dnnready run`: what the command gets, and how it ends."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.cli.places import Release
from dnnready.cli.run import child_environment, command_line

SHOW = "import json, os, sys; print(json.dumps([dict(os.environ), sys.executable, sys.prefix, sys.argv]))"


def shown(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_command_gets_the_release(device: Any) -> None:
    release = device.release("pytorch", "r1", "OMP_NUM_THREADS=2\nONEDNN_MAX_CPU_ISA=AVX2\n")
    given = {"PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "64", "OWN": "ö \n'\"", "PYTHONHOME": "/nowhere"}
    done = device.run("run", "pytorch", "--", "python", "-c", SHOW, "--", "-x", "", env=given)
    environment, executable, prefix, arguments = shown(done)
    environment.pop("LC_CTYPE", None)  # the inner Python adds it
    assert environment == {
        "OMP_NUM_THREADS": "2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "OWN": given["OWN"],
        "PATH": f"{release}/venv/bin:/usr/bin:/bin",
        "VIRTUAL_ENV": f"{release}/venv",
        "DNNREADY_STACK": "pytorch",
        "DNNREADY_RELEASE": "r1",
    }
    assert (executable, prefix) == (f"{release}/venv/bin/python", f"{release}/venv")
    assert arguments == ["-c", "--", "-x", ""]


def test_nothing_else_is_added(device: Any) -> None:
    device.release("s", "r1")
    done = device.run("run", "s", "--", "/usr/bin/env", env={})
    names = {line.partition("=")[0] for line in done.stdout.splitlines()}
    assert names == {"PATH", "VIRTUAL_ENV", "DNNREADY_STACK", "DNNREADY_RELEASE"}


def test_it_starts_without_what_is_slow_to_load(device: Any) -> None:
    device.release("s", "r1")
    program = device.prefix / "bin" / "dnnready"
    done = subprocess.run(
        [sys.executable, "-IS", "-X", "importtime", program, "run", "s", "--", "true"],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert {"argparse", "dnnready.cli.places"} <= loaded
    assert not loaded & {"dataclasses", "inspect", "json", "pathlib", "subprocess", "tempfile", "typing"}
    assert {name.split(".")[1] for name in loaded if name.startswith("dnnready.")} == {"cli", "environment", "errors"}


def test_keep_environment(device: Any) -> None:
    device.release("s", "r1", "OMP_NUM_THREADS=2\nOTHER=3\n")
    given = {"PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": ""}
    environment = shown(device.run("run", "--keep-environment", "s", "--", "python", "-c", SHOW, env=given))[0]
    assert (environment["OMP_NUM_THREADS"], environment["OTHER"]) == ("", "3")


def test_the_process_is_replaced_and_signals_are_as_the_caller_had_them(device: Any) -> None:
    device.release("s", "r1")
    script = "import os, signal; print(os.getpid(), signal.getsignal(signal.SIGPIPE) == signal.SIG_DFL)"
    # Python itself ignores SIGPIPE, so the shell is asked: yes ends by the signal, 128 + 13.
    done = device.run("run", "s", "--", "sh", "-c", "(yes; echo $? >&2) | head -1")
    assert done.stderr.strip() == "141"
    child = subprocess.Popen(
        [device.prefix / "bin" / "dnnready", "run", "s", "--", "python", "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": "/usr/bin:/bin"},
    )
    assert child.communicate()[0].split()[0] == str(child.pid)


def test_a_path_through_current_becomes_the_releases_own(device: Any, tmp_path: Path) -> None:
    release = device.release("s", "r1")
    link = device.prefix / "stacks" / "s" / "current" / "venv" / "bin" / "python"
    for name in (str(link), os.path.relpath(link, tmp_path)):
        _, executable, prefix, _ = shown(device.run("run", "s", "--", name, "-c", SHOW, cwd=tmp_path))
        assert (executable, prefix) == (f"{release}/venv/bin/python", f"{release}/venv")


def test_a_switch_while_it_runs_does_not_reach_it(device: Any) -> None:
    device.release("s", "r1", "WHICH=1\n")
    device.release("s", "r2", "WHICH=2\n", current=False)
    wait = (
        "import os, sys; print('up', flush=True); input(); print(os.path.exists(os.environ['VIRTUAL_ENV']), sys.prefix)"
    )
    child = subprocess.Popen(
        [device.prefix / "bin" / "dnnready", "run", "s", "--", "python", "-c", wait],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "up\n"
    device.switch("s", "r2")
    assert child.communicate("\n")[0] == f"True {device.prefix}/stacks/s/releases/r1/venv\n"
    assert shown(device.run("run", "s", "--", "python", "-c", SHOW))[0]["WHICH"] == "2"


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        (["sh", "-c", "exit 7"], 7, ""),
        (["no-such-program"], 127, "dnnready: Cannot run no-such-program: there is no such program, neither in the"),
        (["./no-such-program"], 127, "dnnready: Cannot run ./no-such-program: there is no such program."),
        (["./plain"], 126, "dnnready: Cannot run ./plain: it is not executable."),
        (["./directory"], 126, "dnnready: Cannot run ./directory: it is a directory."),
        (["./garbage"], 126, "dnnready: Cannot run ./garbage: Exec format error."),
        (["./no-interpreter"], 126, "dnnready: Cannot run ./no-interpreter: No such file or directory."),
    ],
)
def test_exit_codes(command: list[str], code: int, message: str, device: Any, tmp_path: Path) -> None:
    device.release("s", "r1")
    (tmp_path / "plain").write_text("x", encoding="utf-8")
    (tmp_path / "directory").mkdir()
    for name, text in (("garbage", "\x00\x01"), ("no-interpreter", "#!/no/such/interpreter\n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    done = device.run("run", "s", "--", *command, cwd=tmp_path)
    assert done.returncode == code
    assert done.stderr.startswith(message)
    assert (done.stderr == "") == (message == "")


def test_killed_by_a_signal(device: Any) -> None:
    device.release("s", "r1")
    assert device.run("run", "s", "--", "sh", "-c", "kill -ILL $$").returncode == -4


def test_print_is_a_line_for_a_shell(device: Any) -> None:
    device.release("s", "r1", "OMP_NUM_THREADS=2\n")
    given = {"PATH": "/usr/bin:/bin", "OWN": "kept", "PYTHONHOME": "/nowhere"}
    line = device.run("run", "--print", "s", "--", "python", "-c", SHOW, "two words", env=given).stdout
    printed = subprocess.run(["/bin/sh", "-c", line], env=given, capture_output=True, text=True, check=True).stdout
    direct = device.run("run", "s", "--", "python", "-c", SHOW, "two words", env=given).stdout
    assert _without_shell(json.loads(printed)) == _without_shell(json.loads(direct))
    assert "OWN" not in line


def _without_shell(answer: Any) -> Any:
    """A shell adds PWD and the like."""
    return [{k: v for k, v in answer[0].items() if k not in ("PWD", "OLDPWD", "SHLVL", "_")}, *answer[1:]]


NAMES = st.text(st.characters(min_codepoint=65, max_codepoint=90), min_size=1, max_size=5)
VALUES = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=8)
VARIABLES = st.dictionaries(NAMES, VALUES, max_size=4)


@given(caller=VARIABLES, variables=VARIABLES, keep=st.booleans())
def test_precedence(caller: dict[str, str], variables: dict[str, str], keep: bool) -> None:
    release = Release("/p/stacks/s", "r1")
    made = child_environment(caller, release, variables, keep=keep)
    for name in {*caller, *variables} - {"PATH"}:
        wanted = {**variables, **caller} if keep else {**caller, **variables}
        assert made[name] == wanted[name]
    # The command line says exactly the difference.
    words = shlex.split(command_line(caller, made, ["/bin/true", "a b"]))
    assert words[:2] == ["exec", "env"]
    assert words[-2:] == ["/bin/true", "a b"]
    rebuilt = dict(caller)
    position = 2
    while position < len(words) - 2:
        if words[position] == "-u":
            rebuilt.pop(words[position + 1])
            position += 2
        else:
            name, _, value = words[position].partition("=")
            rebuilt[name] = value
            position += 1
    assert rebuilt == made


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "s"], "dnnready: There is no command. For example: dnnready run s -- python app.py\n"),
        (["run", "s", "--"], "dnnready: There is no command. For example: dnnready run s -- python app.py\n"),
        (
            ["run", "other", "--", "true"],
            "dnnready: There is no stack 'other' in {prefix}. Installed: broken, never, s.\n",
        ),
        (
            ["run", "../s", "--", "true"],
            "dnnready: There is no stack '../s' in {prefix}. Installed: broken, never, s.\n",
        ),
        (["run", "never", "--", "true"], "dnnready: No release of never is current: No such file or directory"),
        (["run", "broken", "--", "true"], "dnnready: The current release of broken is incomplete: "),
        (
            ["--prefix", "/nowhere", "run", "s", "--", "true"],
            "dnnready: There are no stacks in /nowhere. --prefix names",
        ),
        (
            ["run", "s", "--prefix", "/nowhere", "--", "true"],
            "dnnready: There are no stacks in /nowhere. --prefix names",
        ),
        (["environment", "s", "--", "true"], "dnnready: Only `run` takes a command after two dashes."),
    ],
)
def test_errors(arguments: list[str], message: str, device: Any) -> None:
    device.release("s", "r1")
    device.release("never", "r1", current=False)
    (device.prefix / "stacks" / "broken" / "releases").mkdir(parents=True)
    device.switch("broken", "gone")
    done = device.run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(message.format(prefix=device.prefix))


def test_a_release_without_its_environment_file(device: Any) -> None:
    (device.release("s", "r1") / "environment").unlink()
    done = device.run("run", "s", "--", "true")
    assert done.returncode == 2
    assert "releases/r1/environment: No such file or directory. Provision" in done.stderr


def test_usage(device: Any) -> None:
    assert device.run().returncode == 2
    assert device.run("run", "s", "python", "x.py").returncode == 2
    help_text = device.run("--help").stdout
    assert all(verb in help_text for verb in ("verify", "status", "run", "environment", "exit codes"))


def test_where_the_stacks_are(device: Any, tmp_path: Path) -> None:
    device.release("s", "r1")
    home = tmp_path / "home"
    elsewhere = tmp_path / "elsewhere" / "bin" / "dnnready"
    elsewhere.parent.mkdir(parents=True)
    elsewhere.write_bytes((device.prefix / "bin" / "dnnready").read_bytes())
    link = tmp_path / "linked"
    link.symlink_to(device.prefix / "bin" / "dnnready")
    data = home / "data" / "dnnready"
    (data / "stacks" / "mine" / "releases").mkdir(parents=True)

    def installed(program: Path) -> str:
        done = subprocess.run(
            [sys.executable, program, "run", "absent", "--", "true"],
            env={"HOME": str(home), "XDG_DATA_HOME": str(home / "data")},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stderr

    assert installed(link).endswith(f"in {device.prefix}. Installed: s.\n")
    assert installed(elsewhere).endswith(f"in {data}. Installed: mine.\n")
