"""The module dnn_bundle and playbooks/collect_logs.yml for real, on this machine and its oneDNN stack."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile
from pathlib import Path

import jsonschema
import pytest

from tests.integration.conv2d_stacks import real

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/schema/bundle-1.json").read_text())
SECRET = "hunter2-Zq81-planted"
RELEASE = "0123456789abcdef"


@pytest.fixture
def prefix(tmp_path):
    """A prefix with the real oneDNN under a release of its own, which tells a secret wherever a stack can."""
    onednn = real("onednn")
    release = tmp_path / "prefix" / "stacks" / "onednn" / "releases" / RELEASE
    (release / "venv" / "bin").mkdir(parents=True)
    python = release / "venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\necho "token: {SECRET}" >&2\nexec {onednn.python} "$@"\n')
    python.chmod(0o755)
    spec = {"id": RELEASE, "probes": ["onednn"], "options": {}, "environment": {"APP_TOKEN": SECRET}}
    (release / "manifest.json").write_text(json.dumps({"schema": "dnnready/manifest/1", "spec": spec}))
    variables = {**onednn.environment, "APP_TOKEN": SECRET, "APP_TITLE": "Camera"}
    (release / "environment").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    (release.parents[1] / "current").symlink_to(f"releases/{RELEASE}")
    failed = release.parents[1] / "failed"
    failed.mkdir()
    (failed / f"{RELEASE}.log").write_text(f"Looking in indexes: https://user:{SECRET}@index.example/simple\n")
    return tmp_path / "prefix"


def unpacked(path):
    """The members of a bundle as texts; the index must tell the truth about them."""
    with tarfile.open(path) as tar:
        members = {entry.name.removeprefix("dnnready-logs/"): tar.extractfile(entry).read().decode() for entry in tar}
    index = json.loads(members.pop("index.json"))
    jsonschema.Draft202012Validator(SCHEMA).validate(index)
    assert {entry["path"]: entry["bytes"] for entry in index["members"]} == {
        name: len(text.encode()) for name, text in members.items()
    }
    return members, index


def snapshot(directory):
    return {
        str(path): (path.lstat().st_mtime_ns, path.lstat().st_mode, path.lstat().st_size)
        for path in directory.rglob("*")
    }


def provoke_kernel_line():
    """Have a process die by an illegal instruction; its kernel line, "" where this user may not read the buffer."""
    program = (
        "import ctypes, mmap, platform\n"
        "code = {'x86_64': b'\\x0f\\x0b', 'aarch64': b'\\x00\\x00\\x00\\x00'}[platform.machine()]\n"
        "page = mmap.mmap(-1, 4096, prot=7)\n"
        "page.write(code)\n"
        "ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program])
    child.wait(30)
    lines = subprocess.run(["dmesg"], capture_output=True, text=True, check=False).stdout.splitlines()
    return next((line for line in reversed(lines) if f"[{child.pid}]" in line and "opcode" in line), "")


@pytest.mark.frameworks
@pytest.mark.every_core
def test_the_playbook_fetches_a_bundle_and_leaves_nothing(run_playbook, prefix, tmp_path):
    line = provoke_kernel_line()
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    before = snapshot(prefix)
    wishes = {"dnnready_scope": "user", "dnnready_prefix": str(prefix), "logs_directory": str(tmp_path / "logs")}
    shell = {"TMPDIR": str(temporary), "DEPLOY_TOKEN": f"{SECRET}-shell"}
    done = run_playbook(ROOT / "playbooks/collect_logs.yml", wishes, env=shell)
    assert (done.rc, "changed=0" in done.stdout) == (0, True), done.stdout + done.stderr

    [fetched] = (tmp_path / "logs").iterdir()
    assert re.fullmatch(r"localhost-\d{8}T\d{6}Z\.tar\.gz", fetched.name)
    assert stat.S_IMODE(fetched.stat().st_mode) == 0o600
    assert str(fetched) in " ".join(done.stdout.split()).replace("- ", "-")
    assert "left out: " in " ".join(done.stdout.split())
    assert list(temporary.glob("dnnready-*")) == []
    assert snapshot(prefix) == before

    listed = subprocess.run(["tar", "tzf", fetched], capture_output=True, text=True, check=True).stdout
    assert listed.splitlines()[0] == "dnnready-logs/index.json"
    members, index = unpacked(fetched)
    place = "stacks/onednn"
    assert [name for name, text in members.items() if SECRET in text] == []
    assert SECRET not in json.dumps(index) + done.stdout
    assert "APP_TITLE=[value not shown]" in members[f"{place}/environment.txt"]
    assert re.search(r"onednn_verbose,.*exec,cpu,convolution", members[f"{place}/conv2d-onednn/stdout.txt"])
    assert re.search(r"onednn_verbose,.*create", members[f"{place}/conv2d-onednn/stdout.txt"])
    assert "calling init" in members[f"{place}/conv2d-onednn/loader.txt"]
    assert json.loads(members[f"{place}/conv2d-onednn/ended.json"])["exit_code"] == 0
    assert json.loads(members["host.json"])["target"] == str(prefix)
    wanted = {"machine/cpuinfo.txt", "machine/limits.txt", "machine/loader-cache.txt", f"{place}/hashes.txt"}
    assert wanted <= set(members)
    if line:
        assert line.split("traps: ")[-1] in members["system-log.txt"]
    else:
        assert [entry for entry in index["left_out"] if entry["what"].startswith("system log")]


def test_check_mode_says_what_it_would_collect(run_playbook, tmp_path):
    wishes = {
        "dnnready_scope": "user",
        "dnnready_prefix": str(tmp_path / "none"),
        "logs_directory": str(tmp_path / "logs"),
    }
    done = run_playbook(ROOT / "playbooks/collect_logs.yml", {**wishes, "logs_units": ["camera"]}, check=True)
    words = " ".join(done.stdout.split())
    assert (done.rc, "changed=0" in words) == (0, True), done.stdout + done.stderr
    assert "localhost would collect: " in words
    assert "journal of camera.service" in words
    assert not (tmp_path / "logs").exists()


def test_a_host_without_stacks_journal_and_systemd(run_module, tmp_path):
    """Only Python's own directory on PATH: no journalctl, dmesg, systemctl, dpkg-query."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "env").symlink_to(shutil.which("env"))
    (tmp_path / "bin" / "sh").symlink_to(shutil.which("sh"))
    keywords = {"environment": {"PATH": str(tmp_path / "bin")}}
    arguments = {"prefix": str(tmp_path / "none"), "directory": str(tmp_path), "units": ["camera"]}
    result = run_module("dnn_bundle", arguments, keywords=keywords)
    assert not result["failed"], result
    missing = {entry["what"]: entry["why"] for entry in result["left_out"]}
    assert "Cannot start journalctl" in missing["system log: journal"]
    assert "Cannot start dmesg" in missing["system log: dmesg"]
    assert "Cannot start systemctl" in missing["unit camera.service"]
    members, _ = unpacked(result["path"])
    assert "machine/cpuinfo.txt" in members
    assert stat.S_IMODE(os.stat(result["path"]).st_mode) == 0o600
    assert result["size"] == os.stat(result["path"]).st_size


def test_the_bounds_hold(run_module, tmp_path):
    release = tmp_path / "stacks" / "mine" / "releases" / RELEASE
    (release / "venv" / "bin").mkdir(parents=True)
    python = release / "venv" / "bin" / "python"
    python.write_text("#!/bin/sh\nhead -c 3000000 /dev/urandom | od -x\nsleep 60\n")
    python.chmod(0o755)
    spec = {"id": RELEASE, "probes": ["pytorch", "tensorflow"]}
    (release / "manifest.json").write_text(json.dumps({"schema": "dnnready/manifest/1", "spec": spec}))
    (release.parents[1] / "current").symlink_to(f"releases/{RELEASE}")
    arguments = {"prefix": str(tmp_path), "directory": str(tmp_path), "max_bytes": 1 << 20, "timeout": 3}
    result = run_module("dnn_bundle", arguments)
    assert not result["failed"], result
    assert result["size"] <= 1 << 20
    assert sum(entry["bytes"] for entry in result["members"]) <= 1 << 20
    assert unpacked(result["path"])[1]["seconds"] < 15


def test_a_file_is_removed_where_fetching_fails(run_playbook, tmp_path):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    (tmp_path / "file").write_text("no directory")
    wishes = {
        "dnnready_scope": "user",
        "dnnready_prefix": str(tmp_path / "none"),
        "logs_directory": str(tmp_path / "file" / "logs"),
    }
    done = run_playbook(ROOT / "playbooks/collect_logs.yml", wishes, env={"TMPDIR": str(temporary)})
    assert done.rc == 2, done.stdout
    assert "Not a directory" in done.stdout
    assert "Remove it from the host" in done.stdout
    assert list(temporary.glob("dnnready-logs-*")) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_bytes": 10}, "Give at least 1048576 bytes"),
        ({"directory": "/nowhere"}, "Cannot write the bundle"),
    ],
)
def test_what_is_refused(run_module, tmp_path, arguments, message):
    result = run_module("dnn_bundle", {"prefix": str(tmp_path), **arguments})
    assert result["failed"]
    assert message in result["msg"]
