"""Disk, packages, user, limits and what the prefix holds."""

import json
import os
import pwd
import resource
import shutil
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.errors import DnnreadyError
from dnnready.host import disk, memory, packages, prefix, user
from dnnready.host.machine import Machine
from dnnready.process import run


def test_the_nearest_existing_directory_is_measured(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "file").touch()
    assert disk.existing_parent(str(tmp_path / "link/not/yet")) == str(tmp_path)
    assert disk.existing_parent(str(tmp_path / "file/below")) == str(tmp_path)
    entry = disk.probe(Machine(), "target", str(tmp_path / "not/yet"))
    state = os.statvfs(tmp_path)
    assert entry["path"] == str(tmp_path / "not/yet")
    assert entry["free_bytes"] == pytest.approx(state.f_bavail * state.f_frsize, rel=0.05)
    assert (entry["noexec"], entry["read_only"], entry["writable"]) == (False, False, True)
    assert str(tmp_path).startswith(entry["mount"])


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "/tmp"),
        ({"TMPDIR": "/var"}, "/var"),
        ({"TMPDIR": "/nonexistent", "TMP": "/usr"}, "/usr"),
        ({"TMPDIR": ""}, "/tmp"),
    ],
)
def test_temporary_directory(environment, expected):
    assert disk.temporary_directory(environment) == expected


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system in a namespace of its own")
@pytest.mark.parametrize(
    ("options", "noexec", "read_only", "inodes"),
    [("size=1m,nr_inodes=10,noexec", True, False, 9), ("size=1m,nr_inodes=10,ro", False, True, 9)],
)
def test_mount_options(tmp_path, options, noexec, read_only, inodes):
    code = "import json; from dnnready.host import disk; from dnnready.host.machine import Machine; "
    code += f"print(json.dumps(disk.probe(Machine(), 'target', {str(tmp_path / 'x')!r})))"
    command = f'mount -t tmpfs -o {options} tmpfs {tmp_path} && {sys.executable} -c "$CODE"'
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "CODE": code}
    done = run(["unshare", "-m", "sh", "-c", command], env=environment, timeout=60)
    if "unshare" in done.stderr:
        pytest.skip("no namespace of its own here")
    entry = json.loads(done.stdout)
    assert (entry["mount"], entry["filesystem"]) == (str(tmp_path), "tmpfs")
    assert (entry["noexec"], entry["read_only"], entry["free_inodes"]) == (noexec, read_only, inodes)
    assert entry["free_bytes"] <= 1 << 20
    assert entry["writable"] is not read_only


DPKG = "libgomp1:amd64\tlibgomp1\t12.2.0-14\tinstalled\n"


@pytest.mark.parametrize(
    ("text", "asked", "expected"),
    [
        ("", ["libgomp1"], {}),
        (DPKG, ["libgomp1", "nope"], {"libgomp1": "12.2.0-14"}),
        (DPKG, ["libgomp1:amd64"], {"libgomp1:amd64": "12.2.0-14"}),
        (DPKG, ["libgomp1:arm64"], {}),
        ("a\ta\t1\tconfig-files\n", ["a"], {}),
        ("a\ta\t1\thalf-configured\n", ["a"], {}),
        ("a:amd64\ta\t2\tinstalled\na:i386\ta\t1\tinstalled\n", ["a", "a:i386"], {"a": "2", "a:i386": "1"}),
        ("garbage\n", ["garbage"], {}),
    ],
)
def test_lines_of_dpkg_query(text, asked, expected):
    assert packages.parse(text, asked) == expected


@given(st.text(), st.lists(st.text()))
def test_any_lines_are_read_without_an_exception(text, asked):
    assert set(packages.parse(text, asked)) <= set(asked)


@pytest.mark.parametrize("name", ["-W", "lib*", "a b", "", "Lib", "a;b", "[a]", "ä-b"])
def test_names_that_dpkg_would_take_for_something_else_are_refused(name):
    with pytest.raises(DnnreadyError, match="no name of a Debian package"):
        packages.check_names(["libc6", name])


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="no dpkg here")
def test_dpkg_of_this_machine():
    found = packages.probe(Machine(), ["libc6", "libc6", "no-such-package"])
    assert found["manager"] == "dpkg"
    assert list(found["installed"]) == ["libc6"]
    assert found["missing"] == ["no-such-package"]


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="no dpkg here")
def test_dpkg_of_a_copied_machine(tmp_path):
    database = tmp_path / "var/lib/dpkg"
    database.mkdir(parents=True)
    status = "Package: only-there\nStatus: install ok installed\nArchitecture: all\nVersion: 7-1\n"
    (database / "status").write_text(f"{status}Maintainer: a <a@b>\nDescription: x\n")
    found = packages.probe(Machine(str(tmp_path)), ["only-there", "libc6"])
    assert found == {"manager": "dpkg", "installed": {"only-there": "7-1"}, "missing": ["libc6"]}


def test_without_dpkg_everything_is_missing(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert packages.probe(Machine(), ["a", "b"]) == {"manager": None, "installed": {}, "missing": ["a", "b"]}


OWN = pwd.getpwuid(os.geteuid()).pw_dir


@pytest.mark.parametrize(
    ("environment", "home", "data_home"),
    [
        ({}, OWN, f"{OWN}/.local/share"),
        ({"HOME": OWN, "XDG_DATA_HOME": "/srv/data"}, OWN, "/srv/data"),
        ({"HOME": OWN, "XDG_DATA_HOME": "relative"}, OWN, f"{OWN}/.local/share"),
        ({"HOME": "/nonexistent"}, OWN, f"{OWN}/.local/share"),
        ({"HOME": "relative"}, OWN, f"{OWN}/.local/share"),
    ],
)
def test_home_and_data(environment, home, data_home):
    found = user.probe(environment)
    assert (found["uid"], found["home"], found["data_home"]) == (os.geteuid(), home, data_home)


def test_another_home_of_the_same_owner_counts(tmp_path):
    assert user.probe({"HOME": str(tmp_path)})["home"] == str(tmp_path)


def test_a_number_without_account(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 3999999)
    assert user.probe({}) == {"uid": 3999999, "name": "3999999", "home": "/", "data_home": "/.local/share"}
    # The home of whoever called sudo is not this one's.
    assert user.probe({"HOME": "/home/x", "XDG_DATA_HOME": "/home/x/d"})["home"] == "/home/x"


@pytest.mark.parametrize(
    ("target", "scope", "expected"),
    [("", "host", "/opt/dnnready"), ("", "user", "/d/dnnready"), ("/x", "user", "/x"), ("/x", "host", "/x")],
)
def test_prefix(target, scope, expected):
    assert prefix.resolve(target, scope, "/d") == expected


def test_what_the_prefix_holds(tmp_path):
    machine, target = Machine(), str(tmp_path)
    assert prefix.stacks(machine, target) == {}
    assert prefix.program(machine, target) == {"path": f"{target}/bin/dnnready", "sha256": None}
    for stack, release in (("mkl", "aa"), ("mkl", "bb"), ("mkl", ".tmp"), ("pytorch", "cc"), ("onednn", "dd")):
        (tmp_path / "stacks" / stack / "releases" / release).mkdir(parents=True)
    for release, state in (("aa", "building"), ("bb", "installed")):
        manifest = {"state": state, "spec": {"lock_sha256": ("1" if state == "installed" else "2") * 64}}
        (tmp_path / "stacks/mkl/releases" / release / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "stacks/pytorch/releases/cc/manifest.json").write_text("{cut")
    (tmp_path / "stacks/mkl/current").symlink_to("releases/bb")
    (tmp_path / "stacks/pytorch/current").symlink_to("releases/gone")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/dnnready").write_bytes(b"")
    assert prefix.stacks(machine, target) == {
        "mkl": {"current": "bb", "releases": ["aa", "bb"], "locks": ["1" * 64]},
        "pytorch": {"current": None, "releases": ["cc"], "locks": []},
        "onednn": {"current": None, "releases": ["dd"], "locks": []},
    }
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert prefix.program(machine, target)["sha256"] == empty


@pytest.mark.parametrize(
    ("limit", "value", "path"),
    [("RLIMIT_AS", 4 << 30, "memory.address_space_bytes"), ("RLIMIT_NOFILE", 100, "limits.open_files")],
)
def test_a_limit_set_for_real_is_seen(limit, value, path):
    code = f"""
import json, resource
resource.setrlimit(resource.{limit}, ({value}, {value}))
from dnnready.host import memory
from dnnready.host.machine import Machine
print(json.dumps({{"memory": memory.probe(Machine()), "limits": memory.limits(Machine())}}))
"""
    done = run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, timeout=60)
    part, key = path.split(".")
    assert json.loads(done.stdout)[part][key] == value


def test_limits_agree_with_the_file_of_the_kernel(tmp_path):
    (tmp_path / "proc/self").mkdir(parents=True)
    with open("/proc/self/limits") as stream:
        (tmp_path / "proc/self/limits").write_text(stream.read())
    for name in ("NPROC", "NOFILE", "MEMLOCK", "STACK", "AS"):
        soft = resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[0]
        expected = None if soft == resource.RLIM_INFINITY else soft
        assert memory.soft_limit(Machine(), name) == expected
        assert memory.soft_limit(Machine(str(tmp_path)), name) == expected
