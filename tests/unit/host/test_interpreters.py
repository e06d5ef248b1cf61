"""Interpreters: found by name, told apart by file, asked once."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from dnnready.host import interpreters
from dnnready.host.machine import Machine

REAL = os.path.realpath(sys.executable)
VERSION = "{}.{}.{}".format(*sys.version_info[:3])
TAG = "cp{}{}".format(*sys.version_info[:2])


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Nothing but a temporary directory is searched; a function that makes a place on the PATH."""
    monkeypatch.setattr(interpreters, "_HOST_PLACES", ())
    home = tmp_path / "home"
    home.mkdir()
    path = []

    def place(name):
        directory = tmp_path / name
        directory.mkdir(parents=True)
        path.append(str(directory))
        return directory

    def look(asked=()):
        machine = Machine()
        environment = {"PATH": ":".join([*path, "relative/bin", ""]), "LC_ALL": "C.UTF-8"}
        return interpreters.probe(machine, str(home), environment, asked), machine.unknown

    place.look, place.home = look, home
    return place


def script(path, text):
    path.write_text(text)
    path.chmod(0o755)


def test_links_lead_to_one_interpreter(places):
    for name in ("one", "two"):
        (places(name) / "python3").symlink_to(REAL)
    (places("three") / "python3.11").symlink_to("../one/python3")
    found, unknown = places.look()
    assert unknown == []
    assert [(python["path"], python["version"], python["tag"]) for python in found] == [(REAL, VERSION, TAG)]
    assert len(found[0]["aliases"]) == 3
    assert found[0]["implementation"] == "CPython"
    assert (found[0]["bits"], found[0]["venv"]) == (64, True)


def test_a_venv_is_its_base_interpreter(places):
    directory = places("venv/bin")
    (directory / "python3").symlink_to(REAL)
    (directory.parent / "pyvenv.cfg").write_text(f"home = {os.path.dirname(REAL)}\n")
    found, _ = places.look()
    assert [python["path"] for python in found] == [REAL]


def test_a_venv_made_with_copies_is_left_out(places):
    directory = places("venv/bin")
    script(directory / "python3", "#!/bin/sh\nexit 1\n")
    (directory.parent / "pyvenv.cfg").write_text("home = /usr/bin\n")
    assert places.look() == ([], [])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("#!/bin/sh\necho 'pyenv: python3.12: command not found' >&2\nexit 127\n", "exit code 127. pyenv: python3.12"),
        ("#!/bin/sh\nkill -ILL $$\n", "ended with SIGILL"),
        ("#!/bin/sh\necho 3.12.0\n", "exit code 0"),
        ("#!/nonexistent/interpreter\n", "Cannot start"),
        ("\x7fELF, but cut", "Cannot start"),
    ],
)
def test_what_does_not_run_is_a_doubt(places, text, why):
    script(places("broken") / "python3.12", text)
    (places("good") / "python3").symlink_to(REAL)
    found, unknown = places.look()
    assert [python["path"] for python in found] == [REAL]
    assert [entry["what"] for entry in unknown] == ["python"]
    assert why in unknown[0]["why"]


def test_an_interpreter_that_hangs_is_given_up(places, monkeypatch):
    monkeypatch.setattr(interpreters, "_SECONDS", 0.2)
    script(places("slow") / "python3", "#!/bin/sh\n/bin/sleep 60\n")
    found, unknown = places.look()
    assert found == []
    assert "took too long" in unknown[0]["why"]


def test_launchers_of_version_managers_are_not_started(places, tmp_path):
    trace = tmp_path / "started"
    script(places("manager/shims") / "python3.12", f"#!/bin/sh\n/bin/touch {trace}\n")
    assert places.look() == ([], [])
    assert not trace.exists()


def test_a_wrapper_leads_to_what_it_starts(places):
    script(places("wrapper") / "python3", f'#!/bin/sh\nexec {REAL} "$@"\n')
    found, _ = places.look()
    assert found[0]["path"] == REAL
    assert any(alias.endswith("wrapper/python3") for alias in found[0]["aliases"])


def test_versions_in_the_home_directory_are_found_and_not_shared(places):
    directory = places.home / ".pyenv/versions/3.x/bin"
    directory.mkdir(parents=True)
    (directory / "python3").symlink_to(REAL)
    found, _ = places.look()
    assert [python["path"] for python in found] == [REAL]
    # Where the file itself lies decides, not the link.
    assert found[0]["shared"] is interpreters.shared(REAL, str(places.home))


def test_names_of_old_and_other_programs_are_passed_over(places):
    directory = places("bin")
    for name in ("python", "python2.7", "python3.6", "python3-config", "python3.11-config", "python3.11d", "ipython3"):
        script(directory / name, "#!/bin/sh\nexit 1\n")
    assert places.look() == ([], [])


def test_the_user_may_name_any_path(places, tmp_path):
    named = tmp_path / "my-python"
    named.symlink_to(REAL)
    found, unknown = places.look([str(named), "/nonexistent/python3"])
    assert found[0]["aliases"] == [str(named)]
    assert unknown == [{"what": "python", "why": "/nonexistent/python3 is not an executable file"}]


@pytest.mark.parametrize(
    ("said", "tag", "implementation"),
    [
        (["cpython", "3.11.2", "", "64"], "cp311", "CPython"),
        (["cpython", "3.13.0", "t", "64"], "cp313t", "CPython"),
        (["cpython", "3.12.0", "d", "32"], "cp312d", "CPython"),
        (["pypy", "3.10.14", "", "64"], "pp310", "PyPy"),
        (["graalpy", "3.11.0", "", "64"], "graalpy311", "graalpy"),
    ],
)
def test_tags(said, tag, implementation):
    found = interpreters.describe(
        ["", *said, "/nonexistent"], interpreters.Candidate(REAL, [REAL], False), "/nonexistent"
    )
    assert (found["tag"], found["implementation"], found["bits"]) == (tag, implementation, int(said[-1]))
    assert (found["path"], found["version"]) == (REAL, said[1])


@pytest.mark.parametrize(
    ("files", "venv", "managed"),
    [
        (["venv/__init__.py", "ensurepip/__init__.py"], True, False),
        (["venv/__init__.py", "EXTERNALLY-MANAGED"], False, True),  # Debian without python3-venv
        ([], False, False),
    ],
)
def test_venv_and_pep_668(tmp_path, files, venv, managed):
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    answer = [REAL, "cpython", "3.11.2", "", "64", str(tmp_path)]
    found = interpreters.describe(answer, interpreters.Candidate(REAL, [REAL], False), "/nonexistent")
    assert (found["venv"], found["externally_managed"]) == (venv, managed)


@pytest.mark.parametrize("home", ["/usr", "/usr/bin"])
def test_below_the_own_home_nothing_is_shared(home):
    assert interpreters.shared("/usr/bin/env", "/nonexistent") is True
    assert interpreters.shared("/usr/bin/env", home) is False
    assert interpreters.shared("/usr/bin/env", "/") is True


def test_a_closed_directory_is_not_shared(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    shutil.copy("/bin/true", closed / "python3")
    assert interpreters.shared(str(closed / "python3"), "/nonexistent") is False


def test_order_shared_first_then_the_newest():
    def python(path, version, shared):
        return {"path": path, "version": version, "shared": shared}

    listed = [python("/a", "3.9.2", True), python("/b", "3.13.0", False), python("/c", "3.10.1", True)]
    assert [entry["path"] for entry in sorted(listed, key=interpreters._order)] == ["/c", "/a", "/b"]


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="only root must not run what others put in place")
@pytest.mark.parametrize("change", ["owner", "directory"])
def test_root_does_not_run_what_others_could_have_put_there(places, tmp_path, change):
    trace = tmp_path / "started"
    directory = places("bin")
    script(directory / "python3", f"#!/bin/sh\n/bin/touch {trace}\n")
    if change == "owner":
        os.chown(directory / "python3", 65534, 65534)
    else:
        directory.chmod(0o777)
    found, unknown = places.look()
    assert found == []
    assert "was not run as root" in unknown[0]["why"]
    assert not trace.exists()
    # Named by the user it is run all the same.
    places.look([str(directory / "python3")])
    assert trace.exists()


def test_the_question_runs_under_every_python_here():
    found = interpreters.probe(Machine(), str(Path.home()), dict(os.environ), [])
    assert found
    assert all(python["version"].startswith("3.") and os.access(python["path"], os.X_OK) for python in found)
