"""A run that was cut leaves nothing that a later one keeps."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dnnready.release.leftovers import clean, end_children
from dnnready.release.store import Store
from tests.unit.release.specs import build, finish, spec

WANTED = spec()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, "app")


def test_nothing_is_nothing_to_clean(store: Store) -> None:
    clean(store)
    assert not store.root.exists()


def test_unfinished_builds_and_cut_removals_go(store: Store) -> None:
    finish(store, WANTED)
    build(store, spec(options={"number": 1}), "building")
    (store.releases / ".trash-abc" / "venv").mkdir(parents=True)
    (store.root / ".trash-releases" / "venv").mkdir(parents=True)
    store.progress.write_text("{}")
    clean(store)
    assert [path.name for path in store.releases.iterdir()] == [WANTED["id"]]
    assert [path.name for path in store.root.iterdir()] == ["releases"]


def test_a_damaged_release_that_is_current_stays_until_it_is_built_again(store: Store) -> None:
    finish(store, WANTED)
    store.point("current", WANTED["id"])
    (store.release(WANTED["id"]) / "manifest.json").write_text("{")
    clean(store)
    assert (store.root / "current" / "venv").is_dir()
    os.replace(store.release(WANTED["id"]), store.aside(WANTED["id"]))  # its rebuild began, and was cut
    build(store, WANTED, "building")
    clean(store)
    assert (store.root / "current" / "manifest.json").read_text() == "{"


def test_a_release_whose_rebuild_was_cut_comes_back(store: Store) -> None:
    finish(store, WANTED)
    os.replace(store.release(WANTED["id"]), store.aside(WANTED["id"]))
    build(store, WANTED, "building")
    clean(store)
    assert [path.name for path in store.releases.iterdir()] == [WANTED["id"]]
    assert store.proof(WANTED["id"]) is not None


def test_a_release_that_was_rebuilt_replaces_the_one_aside(store: Store) -> None:
    finish(store, WANTED)
    os.replace(store.release(WANTED["id"]), store.aside(WANTED["id"]))
    build(store, WANTED)
    clean(store)
    assert [path.name for path in store.releases.iterdir()] == [WANTED["id"]]
    assert store.proof(WANTED["id"]) is None


def test_installers_of_a_dead_run_are_ended_and_nobody_else(store: Store, tmp_path: Path) -> None:
    release = store.release(WANTED["id"])
    (release / "venv" / "bin").mkdir(parents=True)
    python = release / "venv" / "bin" / "python"
    python.symlink_to(sys.executable)
    (tmp_path / "pip.py").write_text("import time\ntime.sleep(60)\n", encoding="utf-8")

    def start(*argv: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        return subprocess.Popen(argv, env=environment, executable=sys.executable, start_new_session=True)

    installer = start(str(python), "-m", "pip")
    program = start(str(python), "-c", "import time; time.sleep(60)")
    elsewhere = start(sys.executable, "-m", "pip")
    try:
        time.sleep(0.3)
        end_children(release)
        assert installer.wait(5) == -9
        time.sleep(0.2)
        assert program.poll() is None
        assert elsewhere.poll() is None
    finally:
        for process in (installer, program, elsewhere):
            process.kill()
            process.wait()
