"""A whole bundle of stacks that are broken, hang, crash or tell secrets."""

from __future__ import annotations

import json
import os
import sys

import pytest

from dnnready.bundle import collect as collecting
from dnnready.bundle import packages
from dnnready.bundle.collect import Request, collect, plan
from dnnready.errors import DnnreadyError

RELEASE = "0123456789abcdef"
SECRET = "hunter2-Zq81"
HOST = {"schema": "dnnready/host/1", "os": {"id": "debian"}}


def stack(prefix, name, body, environment="OMP_NUM_THREADS=1\n"):
    """A stack whose interpreter does as the body says."""
    root = prefix / "stacks" / name
    release = root / "releases" / RELEASE
    python = release / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n{body}\n")
    python.chmod(0o755)
    spec = {"id": RELEASE, "probes": ["pytorch"], "options": {}, "environment": {"API_KEY": SECRET}}
    (release / "manifest.json").write_text(json.dumps({"schema": "dnnready/manifest/1", "spec": spec}))
    (release / "environment").write_text(environment)
    (release / "venv" / "libx.so.1").write_bytes(b"x" * 1000)
    (root / "current").symlink_to(f"releases/{RELEASE}")
    return root


def bare(more=""):
    """An interpreter without frameworks."""
    return f'{more}exec {sys.executable} -I -S "$@"'


def texts(bundle):
    return {entry["path"]: bundle.member(entry["path"]).decode() for entry in bundle.index()["members"]}


def missing(bundle):
    return {entry["what"]: entry["why"] for entry in bundle.left_out}


def test_a_stack_without_its_framework_is_explained(tmp_path):
    stack(tmp_path, "mine", bare())
    found = texts(collect(Request(str(tmp_path), host=HOST)))
    place = "stacks/mine"
    assert json.loads(found[f"{place}/conv2d-pytorch/ended.json"])["exit_code"] == 1
    assert "No module named 'torch'" in found[f"{place}/conv2d-pytorch/stderr.txt"]
    assert json.loads(found[f"{place}/explanation-1.json"])["findings"][0]["cause"] == "framework_not_installed"
    assert "find library=" in found[f"{place}/conv2d-pytorch/loader.txt"]
    assert found[f"{place}/hashes.txt"].endswith("\t1000\tlibx.so.1\n")
    assert json.loads(found["host.json"]) == HOST
    assert {"machine/cpuinfo.txt", "machine/limits.txt", f"{place}/manifest.json"} <= set(found)


def test_secrets_do_not_enter(tmp_path, monkeypatch):
    monkeypatch.setenv("MY_TOKEN", SECRET + "-of-the-shell")
    tell = (
        f"echo 'say {SECRET}' >&2; echo 'password={SECRET}'; echo {SECRET}-of-the-shell; cat /proc/self/environ >&2; "
    )
    root = stack(tmp_path, "mine", bare(tell), f"OMP_NUM_THREADS=1\nDB_PASSWORD={SECRET}\n")
    (root / "failed").mkdir()
    (root / "failed" / f"{RELEASE}.log").write_text(f"pip install https://u:{SECRET}@index.example/simple\n")
    (root / "progress.json").write_text(json.dumps({"note": f"Authorization: Bearer {SECRET}"}))
    found = texts(collect(Request(str(tmp_path), host={"token": SECRET})))
    assert [path for path, text in found.items() if SECRET in text] == []
    assert "OMP_NUM_THREADS=1" in found["stacks/mine/environment.txt"]
    assert "say [redacted]" in found["stacks/mine/conv2d-pytorch/stderr.txt"]


def test_a_crash_is_explained(tmp_path):
    stack(tmp_path, "mine", "kill -ILL $$")
    found = texts(collect(Request(str(tmp_path), host=HOST)))
    assert json.loads(found["stacks/mine/conv2d-pytorch/ended.json"])["signal"] == "SIGILL"
    assert json.loads(found["stacks/mine/explanation-1.json"])["ending"] == "SIGILL"


def test_a_hang_ends_with_the_time_of_the_bundle(tmp_path):
    stack(tmp_path, "mine", "sleep 60")
    bundle = collect(Request(str(tmp_path), host=HOST, timeout=2))
    assert bundle.index()["seconds"] < 15
    assert any("longer" in why or "over" in why for why in missing(bundle).values())


def test_a_flood_is_cut(tmp_path):
    stack(tmp_path, "mine", "yes 'a line of a flood' | head -c 6000000; exit 3")
    bundle = collect(Request(str(tmp_path), host=HOST, max_bytes=4 << 20))
    entry = next(entry for entry in bundle.index()["members"] if entry["path"].endswith("stdout.txt"))
    assert entry["truncated"]
    assert sum(entry["bytes"] for entry in bundle.index()["members"]) < 4 << 20


def test_a_stack_without_a_release_shows_its_failed_build(tmp_path):
    failed = tmp_path / "stacks" / "mine" / "failed"
    failed.mkdir(parents=True)
    for number in range(5):
        log = failed / f"{number:016x}.log"
        log.write_text("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n")
        os.utime(log, (number, number))
    bundle = collect(Request(str(tmp_path), host=HOST))
    found = texts(bundle)
    assert [path for path in found if "/failed/" in path] == [
        f"stacks/mine/failed/{number:016x}.log" for number in (2, 3, 4)
    ]
    assert json.loads(found["stacks/mine/explanation-1.json"])["findings"][0]["cause"] == "no_disk_space"
    assert missing(bundle)["convolutions of stack mine"] == "it has no current release"


@pytest.mark.parametrize("damage", ["manifest.json", "environment"])
def test_damaged_documents_take_nothing_else_with_them(tmp_path, damage):
    root = stack(tmp_path, "mine", bare())
    (root / "releases" / RELEASE / damage).write_text("{ not what it was")
    bundle = collect(Request(str(tmp_path), host=HOST))
    assert [what for what in missing(bundle) if damage in what or "variables of" in what or "convolution" in what]
    assert "stacks/mine/hashes.txt" in texts(bundle)


def test_every_collector_may_break(tmp_path, monkeypatch):
    stack(tmp_path, "mine", bare())

    def broken(*_arguments, **_more):
        raise RuntimeError("broken")

    for module, names in {
        collecting.machine_state: ["fill"],
        collecting.system_log: ["fill"],
        collecting.releases: ["fill"],
        collecting.runs: ["fill"],
        packages: ["fill_system", "fill_python", "fill_hashes"],
    }.items():
        for name in names:
            monkeypatch.setattr(module, name, broken)
    bundle = collect(Request(str(tmp_path), host=HOST))
    assert list(texts(bundle)) == ["host.json"]
    assert set(missing(bundle).values()) == {"RuntimeError: broken"}


def test_the_diagnosis_is_asked_where_there_is_one(tmp_path):
    stack(tmp_path, "mine", bare())
    cases = []

    def findings(case):
        cases.append(case)
        return [{"schema": "dnnready/diagnosis/1", "note": f"password={SECRET}"}]

    found = texts(collect(Request(str(tmp_path), host=HOST, findings=findings)))
    assert (cases[0].target.kind, cases[0].target.stack, cases[0].target.frameworks) == ("stack", "mine", ("pytorch",))
    assert cases[0].host == HOST
    assert SECRET not in found["stacks/mine/diagnosis-1.json"]


def test_an_interpreter_of_somebody_else(tmp_path):
    package = tmp_path / "site" / "torch"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('libgomp.so.1: cannot open shared object file')\n")
    python = tmp_path / "python"
    add = f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})"
    start = f'if [ "$1" = -c ]; then exec {sys.executable} -c "{add}\n$2"; fi\n(echo "{add}"; cat) | {sys.executable} -'
    python.write_text(f"#!/bin/sh\n{start}\n")
    python.chmod(0o755)
    found = texts(collect(Request(str(tmp_path), host=HOST, python=str(python))))
    assert "libgomp.so.1" in found["python/conv2d-pytorch/stderr.txt"]
    assert json.loads(found["python/explanation-1.json"])["findings"][0]["cause"] == "openmp_runtime_missing"
    assert "pytest\t" in found["python/packages.txt"]


def test_an_interpreter_without_a_framework(tmp_path):
    bundle = collect(Request(str(tmp_path), host=HOST, python=sys.executable))
    assert missing(bundle)[f"convolutions of {sys.executable}"] == "it finds neither torch nor tensorflow"


def test_hashes_are_bounded(tmp_path, monkeypatch):
    root = stack(tmp_path, "mine", bare())
    for number in range(5):
        (root / "releases" / RELEASE / "venv" / f"liby{number}.so").write_bytes(b"y" * 1000)
    monkeypatch.setattr(packages, "HASH_BYTES", 2500)
    bundle = collect(Request(str(tmp_path), host=HOST))
    assert len(texts(bundle)["stacks/mine/hashes.txt"].splitlines()) == 2
    assert any(what.startswith("hashes of 4 libraries") for what in missing(bundle))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"max_bytes": 100}, "Give at least 1048576 bytes"),
        ({"timeout": 0}, "more than no seconds"),
        ({"days": -1}, "more than no seconds"),
        ({"python": "/nowhere/python"}, "There is no interpreter /nowhere/python"),
        ({"units": ["a b"]}, "not the name of a systemd unit"),
        ({"stacks": ["../x"]}, "No place for stack"),
    ],
)
def test_what_is_refused(tmp_path, wrong, message):
    with pytest.raises(DnnreadyError, match=message):
        plan(Request(str(tmp_path), **wrong))


def test_a_plan_runs_nothing(tmp_path):
    stack(tmp_path, "mine", f"touch {tmp_path}/ran")
    _, parts = plan(Request(str(tmp_path), units=("camera",), python=sys.executable))
    what = [part.what for part in parts]
    assert {"unit camera.service", "convolutions of stack mine", f"convolutions of {sys.executable}"} <= set(what)
    assert not (tmp_path / "ran").exists()
