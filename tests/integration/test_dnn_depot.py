"""The module dnn_depot, run by Ansible for real: small wheels, a slow index, cuts, a full disk, a real lock."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dnnready.depot.manifest import Manifest, parse
from dnnready.depot.signature import public_key, verify
from dnnready.depot_builder.debian import Apt
from dnnready.files import sha256_file
from dnnready.lockfile import held
from tests.integration.tiny_index import serve
from tests.unit.release.tiny_wheels import Wheel, lock_of, make_wheel

PROJECT = Path(__file__).resolve().parents[2]
WHEELHOUSE = Path.home() / ".cache" / "dnnready" / "wheelhouse"
HEADER = "# dnnready: python=any architecture=x86_64 dependencies=complete"
Module = Callable[..., dict[str, Any]]


class Builder:
    """A directory for a depot, wheels to take, locks, and the options of the module."""

    def __init__(self, directory: Path) -> None:
        self.depot, self.source, self.locks = directory / "depot", directory / "source", directory / "locks"
        self.key = directory / "keys" / "depot"
        self.lock("tiny", make_wheel(self.source, "tiny"))
        self.options: dict[str, Any] = {
            "directory": str(self.depot),
            "lock_directories": [str(self.locks)],
            "signing_key": str(self.key),
            "create_key": True,
            "cache": str(directory / "cache"),
        }
        self.environment = {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.source),
            "PIP_CACHE_DIR": str(directory / "pip-cache"),
        }

    def lock(self, name: str, *wheels: Wheel) -> Path:
        """Write a lock set of one lock."""
        path = self.locks / name / "any-x86_64.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(lock_of(*wheels, header=HEADER), encoding="utf-8")
        return path

    def whole(self) -> Manifest:
        """The manifest, once signature, files and references have been held against each other."""
        document = (self.depot / "manifest.json").read_bytes()
        verify(document, (self.depot / "manifest.json.sig").read_bytes(), [public_key(self.key)], [], None)
        manifest = parse(document, "manifest.json")
        for entry in manifest.files:
            path = self.depot / entry.path
            assert (path.stat().st_size, sha256_file(path)) == (entry.bytes, entry.sha256), entry.path
        return manifest

    def held(self) -> set[str]:
        """All files of the depot but the lock file."""
        found = {str(path.relative_to(self.depot)) for path in self.depot.rglob("*") if path.is_file()}
        return found - {".lock"}

    def named(self) -> set[str]:
        """The files that the manifest names, with itself and its signature."""
        return {"manifest.json", "manifest.json.sig", *(entry.path for entry in self.whole().files)}

    def digests(self) -> dict[str, tuple[str, int]]:
        """Every file with digest and time."""
        return {name: (sha256_file(self.depot / name), (self.depot / name).stat().st_mtime_ns) for name in self.held()}


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path)


@pytest.fixture
def build(builder: Builder, run_module: Module) -> Module:
    """Runs the module with the options of the builder, and more."""

    def run(check: bool = False, diff: bool = False, env: Any = None, **more: Any) -> dict[str, Any]:
        environment = {**builder.environment, **(env or {})}
        return run_module("dnn_depot", {**builder.options, **more}, check=check, diff=diff, env=environment)

    return run


@pytest.mark.every_core
def test_a_depot_is_checked_built_and_then_left_alone(builder: Builder, build: Module) -> None:
    would = build(check=True, diff=True)
    assert would["changed"] and would["key_created"] and not builder.depot.exists() and not builder.key.exists()
    assert [one["path"] for one in would["fetched"]] == ["wheels/tiny-1.0-py3-none-any.whl"]
    assert would["fetched"][0]["bytes"] == (builder.source / "tiny-1.0-py3-none-any.whl").stat().st_size

    did = build(diff=True)
    assert {key: did[key] for key in ("changed", "fetched", "removed", "diff", "reasons")} == {
        key: would[key] for key in ("changed", "fetched", "removed", "diff", "reasons")
    }
    manifest = builder.whole()
    assert builder.held() == builder.named()
    assert (did["serial"], did["expires"], did["public_key"]) == (
        manifest.serial,
        manifest.expires,
        public_key(builder.key),
    )
    assert [(lock.set, lock.python, lock.architecture) for lock in manifest.locks] == [("tiny", "any", "x86_64")]
    assert (builder.depot / "manifest.json").stat().st_mode & 0o777 == 0o644

    before = builder.digests()
    again = build(diff=True)
    assert (again["changed"], again["fetched"], again["reasons"]) == (False, [], [])
    assert again["diff"]["before"] == again["diff"]["after"]
    assert builder.digests() == before


def test_an_update_fetches_what_is_new_and_removes_the_old_afterwards(builder: Builder, build: Module) -> None:
    build()
    first = builder.whole()
    (builder.depot / "README").write_text("of the user")
    tiny, other = make_wheel(builder.source, "tiny", "2.0"), make_wheel(builder.source, "other")
    builder.lock("tiny", tiny)
    builder.lock("other", other, tiny)
    would = build(check=True)
    assert builder.whole() == first
    did = build()
    assert sorted(one["path"] for one in did["fetched"]) == sorted(f"wheels/{one.path.name}" for one in (tiny, other))
    assert did["removed"] == would["removed"] == ["wheels/tiny-1.0-py3-none-any.whl"]
    assert builder.whole().serial > first.serial
    assert builder.held() == builder.named() | {"README"}
    assert builder.whole().entries()[f"wheels/{tiny.path.name}"].stacks == ("other", "tiny")

    builder.lock("tiny", make_wheel(builder.source, "tiny", "3.0"))
    assert build(keep=True, sets=["tiny"])["removed"] == []
    assert f"wheels/{tiny.path.name}" in builder.held() - builder.named()


def test_a_damaged_file_is_fetched_again_and_nothing_signed_anew(builder: Builder, build: Module) -> None:
    build()
    before = (builder.depot / "manifest.json").read_bytes()
    wheel = builder.depot / "wheels" / "tiny-1.0-py3-none-any.whl"
    wheel.write_bytes(b"damaged")
    assert [one["path"] for one in build()["fetched"]] == ["wheels/tiny-1.0-py3-none-any.whl"]
    builder.whole()
    assert (builder.depot / "manifest.json").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("manifest.json.sig", b"of another build", "not signed by the key"),
        ("manifest.json", b"{", "no manifest that can be read"),
        ("sbom.cdx.json", b"{}", "sbom.cdx.json is written again"),
    ],
)
def test_what_a_cut_between_two_renames_leaves_is_mended(
    builder: Builder, build: Module, name: str, data: bytes, reason: str
) -> None:
    build()
    serial = builder.whole().serial
    (builder.depot / name).write_bytes(data)
    did = build()
    assert did["changed"] and reason in did["reasons"][0]
    assert builder.whole().serial >= serial
    assert build()["changed"] is False


def test_a_manifest_that_ends_soon_is_renewed(builder: Builder, build: Module) -> None:
    build(expires_days=30)
    first = builder.whole()
    assert build(expires_days=80)["changed"] is False
    did = build(expires_days=100)
    assert did["reasons"] == [f"it expires {first.expires}"] and did["fetched"] == []
    assert builder.whole().files == first.files and builder.whole().serial > first.serial


def test_another_key_signs_anew(builder: Builder, build: Module, tmp_path: Path) -> None:
    build()
    builder.key = tmp_path / "new"
    did = build(signing_key=str(builder.key))
    assert did["key_created"] and did["reasons"] == ["it is not signed by the key"]
    builder.whole()


def test_without_a_key_the_command_that_makes_one_is_named(builder: Builder, build: Module) -> None:
    failed = build(create_key=False)
    assert failed["failed"] and f"ssh-keygen -t ed25519 -N '' -C dnnready-depot -f {builder.key}" in failed["msg"]
    assert not builder.depot.exists()


def test_an_encrypted_key_signs_through_the_agent(builder: Builder, build: Module, tmp_path: Path) -> None:
    builder.key.parent.mkdir()
    make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret words", "-f", str(builder.key)]
    subprocess.run(make, check=True)
    refused = build()
    assert refused["failed"] and "ssh-agent" in refused["msg"]
    assert not (builder.depot / "manifest.json").exists()
    socket, asker = tmp_path / "agent", tmp_path / "ask"
    asker.write_text("#!/bin/sh\necho secret words\n")
    asker.chmod(0o700)
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while not socket.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        told = {"SSH_AUTH_SOCK": str(socket), "SSH_ASKPASS": str(asker), "SSH_ASKPASS_REQUIRE": "force"}
        subprocess.run(["ssh-add", "-q", str(builder.key)], env={**os.environ, **told}, check=True)
        assert build(env={"SSH_AUTH_SOCK": str(socket)})["changed"]
        builder.whole()
    finally:
        agent.terminate()
        agent.wait(10)


@pytest.fixture
def started(builder: Builder, ansible_bin: Path, ansible_environment: dict[str, str]) -> Iterator[Callable[..., Any]]:
    """Starts the module in a process group of its own, which a test may kill."""
    running: list[subprocess.Popen[bytes]] = []

    def start(environment: dict[str, str]) -> subprocess.Popen[bytes]:
        command = [str(ansible_bin / "ansible"), "localhost", "-i", "localhost,", "-c", "local", "-m", "dnn_depot"]
        command += ["-e", f"ansible_python_interpreter={sys.executable}", "-a", json.dumps(builder.options)]
        child = subprocess.Popen(
            command,
            cwd=PROJECT,
            env={**ansible_environment, **builder.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        running.append(child)
        return child

    yield start
    for child in running:
        child.kill()
        child.wait()


def kill_all(mark: str) -> None:
    """Kill every process whose environment has `mark`, so that none of them sees another one die and cleans up."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (place / "environ").read_bytes() and int(place.name) != os.getpid():
                found.append(int(place.name))
        except OSError:
            continue
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for process in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)


def test_a_cut_while_fetching_leaves_the_old_depot_and_the_next_run_goes_on(
    builder: Builder, build: Module, started: Callable[..., Any]
) -> None:
    build()
    first = builder.whole()
    builder.lock("tiny", make_wheel(builder.source, "tiny", "2.0", content={"data": os.urandom(1 << 16)}))
    with serve(builder.source, seconds=60) as index:
        child = started({"PIP_NO_INDEX": "0", "PIP_INDEX_URL": index.url, "PIP_FIND_LINKS": "", "no_proxy": "*"})
        deadline = time.monotonic() + 60
        while not any(path.endswith(".whl") for path in index.asked) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert any(path.endswith(".whl") for path in index.asked)
        kill_all(f"PIP_CACHE_DIR={builder.environment['PIP_CACHE_DIR']}")
        child.wait()
    assert builder.whole() == first
    assert builder.held() - builder.named()  # what the cut left
    assert build()["changed"]
    assert builder.whole().serial > first.serial
    assert builder.held() == builder.named()


def test_only_one_builds_at_a_time(builder: Builder, build: Module) -> None:
    builder.depot.mkdir()
    with held(builder.depot / ".lock", "building the depot"):
        failed = build()
    assert failed["failed"] and "another run is at work" in failed["msg"]
    assert not (builder.depot / "manifest.json").exists()
    assert build()["changed"]


def test_another_file_than_the_lock_pins_never_appears(builder: Builder, build: Module) -> None:
    build()
    first = builder.whole()
    wheel = make_wheel(builder.source, "tiny", "2.0")
    builder.lock("tiny", wheel)
    wheel.path.write_bytes(wheel.path.read_bytes() + b"more")
    failed = build()
    assert failed["failed"] and "other files than the lock: tiny 2.0" in failed["msg"]
    assert builder.whole() == first and builder.held() == builder.named()


def test_an_index_that_does_not_answer_is_named(builder: Builder, build: Module) -> None:
    environment = {"PIP_NO_INDEX": "0", "PIP_FIND_LINKS": "", "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
    failed = build(env={**environment, "PIP_RETRIES": "0"})
    assert failed["failed"] and "pip cannot fetch tiny 1.0" in failed["msg"]
    assert builder.held() == set()


@pytest.fixture
def small(builder: Builder) -> Iterator[int]:
    """The depot on a file system of 512 KiB; the size of a wheel that does not fit."""
    builder.depot.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(builder.depot)], check=True)
    yield 1 << 20
    subprocess.run(["umount", str(builder.depot)], check=True)


@pytest.mark.root
@pytest.mark.parametrize("told", [True, False])
def test_a_full_disk_leaves_the_old_depot(builder: Builder, build: Module, small: int, told: bool) -> None:
    build()
    first = builder.whole()
    large = make_wheel(builder.source, "tiny", "2.0", content={"data": os.urandom(small)})
    path = builder.lock("tiny", large)
    if not told:  # a lock that lies about the size
        path.write_text(path.read_text().replace(str(large.path.stat().st_size), "1000"))
    failed = build()
    assert failed["failed"]
    assert ("bytes free, and" if told else "The disk is full: pip cannot fetch tiny 2.0") in failed["msg"]
    assert builder.whole() == first and builder.held() == builder.named()


@pytest.mark.frameworks
@pytest.mark.skipif(not list(WHEELHOUSE.glob("onednn_cpu_gomp-*")), reason="needs the wheels of `make test-host`")
def test_the_real_lock_of_onednn_from_a_directory_of_wheels(builder: Builder, build: Module) -> None:
    shutil.copytree(PROJECT / "locks" / "onednn", builder.locks / "onednn")
    did = build(sets=["onednn"], env={"PIP_FIND_LINKS": str(WHEELHOUSE)})
    assert (did["files"], did["bytes"]) == (1, 38888991)
    (wheel,) = [entry for entry in builder.whole().files if entry.kind == "wheel"]
    assert (wheel.name, wheel.version, wheel.architecture, wheel.stacks) == (
        "onednn-cpu-gomp",
        "2023.2.0",
        "x86_64",
        ("onednn",),
    )
    (component,) = json.loads((builder.depot / "sbom.cdx.json").read_text())["components"]
    assert component["licenses"] == [{"license": {"name": "Apache v2.0"}}]
    assert component["hashes"] == [{"alg": "SHA-256", "content": wheel.sha256}]


@pytest.mark.network
@pytest.mark.skipif(not shutil.which("apt-get"), reason="needs apt and a Debian mirror in its sources")
def test_debian_packages_come_with_all_that_they_depend_on(builder: Builder, build: Module, tmp_path: Path) -> None:
    debian = {
        "releases": [{"codename": "bookworm"}],
        "packages": {"any": ["libgomp1"], "bookworm": ["no-such-package"]},
    }
    would = build(check=True, **debian)
    assert not builder.depot.exists()
    did = build(**debian)
    assert did["fetched"] == would["fetched"]
    assert did["left_out"] == ["no-such-package for bookworm-amd64: the apt sources do not have it"]
    manifest = builder.whole()
    (repository,) = manifest.repositories
    assert (repository.path, repository.packages) == ("apt/bookworm-amd64", ("libgomp1",))
    names = {entry.name for entry in manifest.files if entry.kind == "package"}
    assert {"libgomp1", "libc6", "libgcc-s1", "gcc-12-base"} <= names
    # An apt that knows this directory alone installs from it.
    place = builder.depot / repository.path
    apt = Apt(tmp_path / "apt", "amd64", [f"deb [trusted=yes] file:{place} ./"])
    apt.update()
    assert {package.name for package in apt.closure(["libgomp1"])} == names
    before = builder.digests()
    assert build(**debian)["changed"] is False
    assert builder.digests() == before
    assert sorted(build()["removed"]) == sorted(name for name in before if name.startswith("apt/"))
    assert not (builder.depot / "apt" / "bookworm-amd64").exists()
    assert builder.held() == builder.named()
