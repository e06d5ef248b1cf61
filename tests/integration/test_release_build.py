"""Builds with the real venv and pip, from wheels of a few bytes and without a network."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Optional

import jsonschema
import pytest

from dnnready.errors import DnnreadyError
from dnnready.release.build import Build
from dnnready.release.install import install
from dnnready.release.lock import digest
from dnnready.release.store import Store
from tests.integration.tiny_index import serve
from tests.unit.release.specs import spec
from tests.unit.release.tiny_wheels import Wheel, lock_of, make_wheel

PROJECT = Path(__file__).resolve().parents[2]
TAG = f"cp{sys.version_info[0]}{sys.version_info[1]}"
RUN = """
import json, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from dnnready.release.install import install
from dnnready.release.store import Store
install(Store(Path(sys.argv[2]), "app"), json.loads(sys.argv[3]), sys.argv[4], "", force=False)
"""


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of wheels that is all that pip knows of."""
    directory = tmp_path / "wheels"
    directory.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(directory))
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "cache"))
    return directory


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "prefix", "app")


def wanted(text: str, **changes: Any) -> dict[str, Any]:
    """The spec of a release of these requirements on this Python."""
    return spec(**{"python": sys.executable, "tag": TAG, "lock_sha256": digest(text), "probes": [], **changes})


def test_a_release_holds_what_is_locked_and_nothing_else(wheels: Path, store: Store) -> None:
    native = make_wheel(wheels, "native-one", "2.5", content={"native_one-2.5.data/data/lib/libone.so.1": b"\x7fELF"})
    text = lock_of(make_wheel(wheels, "tiny"), native, make_wheel(wheels, "setuptools", "99.0"))
    release = store.release(wanted(text)["id"])
    old = os.umask(0o007)
    try:
        assert install(store, wanted(text), text, "", force=False)
        assert os.umask(0o007) == 0o007
    finally:
        os.umask(old)
    manifest = json.loads((release / "manifest.json").read_text(encoding="utf-8"))
    jsonschema.validate(manifest, json.loads((PROJECT / "docs/schema/manifest-1.json").read_text(encoding="utf-8")))
    assert manifest["distributions"] == [
        {"name": "native-one", "version": "2.5"},
        {"name": "setuptools", "version": "99.0"},
        {"name": "tiny", "version": "1.0"},
    ]
    assert (release / "venv" / "lib" / "libone.so.1").read_bytes() == b"\x7fELF"
    python = str(release / "venv" / "bin" / "python")
    asked = subprocess.run(
        [python, "-c", "import tiny; print(tiny.VERSION)"], capture_output=True, text=True, check=True
    )
    assert asked.stdout == "1.0\n"
    assert subprocess.run([python, "-m", "pip"], capture_output=True, check=False).returncode == 1
    files = [path for path in release.rglob("*") if not path.is_symlink()]
    assert manifest["files"] == sum(path.is_file() for path in (release / "venv").rglob("*") if not path.is_symlink())
    assert not [path for path in files if path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH)]
    assert not [path for path in files if not path.stat().st_mode & stat.S_IROTH]
    assert sorted(path.name for path in release.iterdir()) == ["log", "manifest.json", "requirements.txt", "venv"]
    assert [path.name for path in store.root.iterdir()] == ["releases"]


def test_what_is_built_is_not_built_again(wheels: Path, store: Store) -> None:
    text = lock_of(make_wheel(wheels, "tiny"))
    assert install(store, wanted(text), text, "", force=False)
    before = (store.release(wanted(text)["id"]) / "manifest.json").stat().st_mtime_ns
    assert not install(store, wanted(text), text.rstrip(), "", force=False)
    assert (store.release(wanted(text)["id"]) / "manifest.json").stat().st_mtime_ns == before


def _wrong_hash(wheels: Path, wheel: Wheel) -> str:
    make_wheel(wheels, "tiny", content={"more.py": b""})
    return lock_of(wheel)


def _missing(_wheels: Path, wheel: Wheel) -> str:
    return lock_of(wheel).replace("==1.0", "==1.1")


def _incomplete(wheels: Path, _wheel: Wheel) -> str:
    make_wheel(wheels, "other")
    return lock_of(make_wheel(wheels, "tiny", requires=["other"]))


def _other_python(wheels: Path, wheel: Wheel) -> str:
    wheel.path.unlink()
    return lock_of(make_wheel(wheels, "tiny", tag="cp27-cp27m-linux_x86_64"))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_wrong_hash, "a file is not the one that was locked"),
        (_missing, "no source that the installer has offers"),
        (_incomplete, "do not list every dependency with its hash"),
        (_other_python, "no source that the installer has offers that wheel"),
    ],
)
def test_a_build_that_fails_leaves_its_log_and_heals(
    wheels: Path, store: Store, spoil: Callable[[Path, Wheel], str], reason: str
) -> None:
    text = spoil(wheels, make_wheel(wheels, "tiny"))
    with pytest.raises(DnnreadyError) as caught:
        install(store, wanted(text), text, "", force=False)
    log = store.failure_log(wanted(text)["id"])
    assert reason in caught.value.message
    assert str(log) in caught.value.hint
    assert "ERROR" in log.read_text(encoding="utf-8")
    assert store.identifiers() == []
    assert sorted(path.name for path in store.root.iterdir()) == ["failed", "releases"]
    right = lock_of(make_wheel(wheels, "tiny", "3.0"))
    assert install(store, wanted(right), right, "", force=False)


def test_left_out_dependencies_are_right_where_the_lock_says_so(wheels: Path, store: Store) -> None:
    header = "# dnnready: python=any architecture=any dependencies=listed"
    text = lock_of(make_wheel(wheels, "tiny", requires=["never-there"]), header=header)
    assert install(store, wanted(text), text, "", force=False)


def test_other_requirements_than_planned_are_refused(wheels: Path, store: Store) -> None:
    text = lock_of(make_wheel(wheels, "tiny"))
    with pytest.raises(DnnreadyError, match="not those that its release was planned with"):
        install(store, wanted(text), text.replace("1.0", "1.1"), "", force=False)
    assert not store.root.exists()


def test_an_interpreter_that_changed_is_refused(wheels: Path, store: Store) -> None:
    text = lock_of(make_wheel(wheels, "tiny"))
    planned = {**wanted(text), "tag": "cp27"}
    with pytest.raises(DnnreadyError, match=f"is {TAG} .* planned for cp27"):
        install(store, planned, text, "", force=False)
    planned = {**wanted(text), "python": "/bin/false"}
    with pytest.raises(DnnreadyError, match="/bin/false does not run"):
        install(store, planned, text, "", force=False)
    assert store.identifiers() == []


def test_the_extra_index_is_asked_only_for_what_is_missing(
    wheels: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make_wheel(wheels, "tiny"), make_wheel(tmp_path / "more", "special")
    monkeypatch.delenv("PIP_NO_INDEX")
    with serve(tmp_path / "empty") as own, serve(tmp_path / "more") as extra:
        monkeypatch.setenv("PIP_INDEX_URL", own.url)
        text = lock_of(first)
        assert install(store, wanted(text), text, extra.url, force=False)
        assert extra.asked == []
        text = lock_of(first, second)
        assert install(store, wanted(text), text, extra.url, force=False)
        assert "/files/special-1.0-py3-none-any.whl" in extra.asked


def test_an_index_that_cannot_be_reached_is_said(wheels: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    text = lock_of(make_wheel(wheels, "tiny"))
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(DnnreadyError, match="the package index cannot be reached"):
        install(store, wanted(text), text, "", force=False)


def test_credentials_do_not_reach_the_log(wheels: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    text = lock_of(make_wheel(wheels, "tiny"))
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    with pytest.raises(DnnreadyError) as caught:
        install(store, wanted(text), text, "http://user:secret@127.0.0.1:1/simple", force=False)
    log = store.failure_log(wanted(text)["id"]).read_text(encoding="utf-8")
    assert "--extra-index-url http://127.0.0.1:1/simple" in log
    assert "secret" not in log + str(caught.value)


@pytest.mark.every_core
def test_a_forced_build_replaces_and_a_failed_one_gives_back(wheels: Path, store: Store) -> None:
    wheel = make_wheel(wheels, "tiny")
    text = lock_of(wheel)
    release = store.release(wanted(text)["id"])
    install(store, wanted(text), text, "", force=False)
    (release / "mark").touch()
    content = wheel.path.read_bytes()
    wheel.path.unlink()
    with pytest.raises(DnnreadyError, match="no source"):
        install(store, wanted(text), text, "", force=True)
    assert (release / "mark").exists()
    assert store.finished(wanted(text)["id"])
    wheel.path.write_bytes(content)
    assert install(store, wanted(text), text, "", force=True)
    assert not (release / "mark").exists()
    assert [path.name for path in store.releases.iterdir()] == [release.name]


def test_a_killed_build_is_taken_over(wheels: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    big = make_wheel(wheels, "big", content={"big.bin": os.urandom(1 << 18)})
    text = lock_of(big)
    planned = wanted(text)
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    with serve(wheels, seconds=60) as slow:
        monkeypatch.setenv("PIP_INDEX_URL", slow.url)
        argv = [sys.executable, "-c", RUN, str(PROJECT / "module_utils"), str(store.prefix), json.dumps(planned), text]
        run = subprocess.Popen(argv)
        installer = _wait_for(lambda: _running(store.release(planned["id"])))
        _wait_for(lambda: slow.asked[-1:] == [f"/files/{big.path.name}"])
        assert json.loads(store.progress.read_text(encoding="utf-8"))["phase"] == "downloading"
        with pytest.raises(DnnreadyError, match=f"another run is at work: process {run.pid}"):
            install(store, planned, text, "", force=False)
        run.send_signal(signal.SIGKILL)
        run.wait()
    assert _running(store.release(planned["id"])) == installer, "the installer outlives its parent: the hard case"
    assert not store.finished(planned["id"])
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    assert install(store, planned, text, "", force=False)
    assert not Path(f"/proc/{installer}").exists()
    assert not store.progress.exists()
    assert not (store.release(planned["id"]) / "tmp").exists()


@pytest.mark.root
def test_a_full_disk_is_said_and_left_clean(wheels: Path, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    store = Store(tmp_path / "small", "app")
    text = lock_of(make_wheel(wheels, "big", content={"big.bin": os.urandom(30 << 20)}))
    with _mounted(store.prefix, "size=20m"):
        with pytest.raises(DnnreadyError) as caught:
            install(store, wanted(text), text, "", force=False)
        assert "the disk is full" in caught.value.message
        assert "dnnready_prefix" in caught.value.hint
        assert store.identifiers() == []
        small = lock_of(make_wheel(wheels, "tiny"))
        assert install(store, wanted(small), small, "", force=False)


@pytest.mark.skipif(not Path("/usr/bin/dpkg-query").exists(), reason="not a Debian")
def test_a_release_over_distribution_packages(store: Store) -> None:
    debian = "/usr/bin/python3"
    tag = answer(debian, "import sys; print('cp%d%d' % sys.version_info[:2])")
    planned = wanted("", source="distribution", packages=["libc6"], python=debian, tag=tag)
    assert install(store, planned, "", "", force=False)
    manifest = store.manifest(planned["id"])
    assert manifest is not None
    assert [item["name"] for item in manifest["distributions"]] == ["libc6"]
    python = str(store.release(planned["id"]) / "venv" / "bin" / "python")
    assert answer(python, "import sys; print(any('dist-packages' in path for path in sys.path))") == "True"
    other = wanted("", source="distribution", packages=["libc6", "no-such-package"], python=debian, tag=tag)
    with pytest.raises(DnnreadyError, match="missing: no-such-package") as caught:
        install(store, other, "", "", force=False)
    assert "apt-get install no-such-package" in caught.value.hint


def test_a_python_whose_pip_was_taken_apart_gets_one_for_the_time(
    wheels: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Build.ask
    monkeypatch.setattr(Build, "ask", lambda build, python: {**ask(build, python), "pip": []})
    text = lock_of(make_wheel(wheels, "tiny"))
    assert install(store, wanted(text), text, "", force=False)
    manifest = store.manifest(wanted(text)["id"])
    assert manifest is not None
    assert [item["name"] for item in manifest["distributions"]] == ["tiny"]
    assert manifest["installer"]["version"]


def answer(python: str, program: str) -> str:
    """What a program of one line prints."""
    return subprocess.run([python, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def _running(release: Path) -> Optional[int]:
    """The pip that installs into a release."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            argv = entry.read_bytes().split(b"\0")
            if argv[0].startswith(bytes(release)) and b"install" in argv:
                return int(entry.parent.name)
    return None


def _wait_for(look: Callable[[], Any], seconds: float = 60.0) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    pytest.fail("it did not come")


@contextlib.contextmanager
def _mounted(path: Path, options: str) -> Iterator[None]:
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(path)], check=True)
