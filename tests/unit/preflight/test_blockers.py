"""What keeps a stack from a host, one spoilt fact at a time."""

import json
from pathlib import Path

import jsonschema
import pytest

from dnnready.preflight import blockers

from .conftest import HOST, LOCK, MKL, PYTHON, PYTORCH, TENSORFLOW, changed

STACKS = {"tensorflow": TENSORFLOW, "pytorch": PYTORCH, "mkl": MKL}
HOME_PYTHON = {**PYTHON, "path": "/home/alice/.pyenv/versions/3.11.7/bin/python3.11", "aliases": [], "shared": False}
AARCH64 = {"cpu.architecture": "aarch64", "cpu.flags": ["fp", "asimd"], "cpu.model": "Cortex-A72"}
NO_DPKG = {"packages.manager": None, "packages.missing": ["libstdc++6", "libgl1"]}


def find(stack="pytorch", changes=(), settings=None, *, lock=LOCK, python=PYTHON, locks=(LOCK,), **definition):
    return blockers(
        changed(HOST, dict(changes)),
        changed(STACKS[stack], definition),
        lock,
        python,
        {"scope": "host", "python": "", **(settings or {})},
        locks=locks,
    )


def codes(found):
    return [blocker["code"] for blocker in found]


def test_the_host_of_these_tests_is_a_host_document():
    schema = Path(__file__).resolve().parents[3] / "docs/schema/host-1.json"
    jsonschema.Draft202012Validator(json.loads(schema.read_text())).validate(HOST)


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("scope", ["host", "user"])
def test_a_good_host_has_no_blocker(stack, scope):
    assert find(stack, settings={"scope": scope}) == []


TRUTH = [
    # stack, facts, code, what the text and the way out must name
    ("tensorflow", {"cpu.flags": ["sse4_1"]}, "cpu_lacks_instructions", ["AVX", "i5-8250U", "SIGILL"]),
    ("pytorch", {"cpu.flags": ["sse4_1"]}, None, []),
    ("tensorflow", {"cpu.flags": []}, None, []),  # unknown is not absent
    ("tensorflow", AARCH64, "wrong_architecture", ["x86_64", "aarch64"]),
    ("pytorch", AARCH64, None, []),
    ("pytorch", {"cpu.architecture": "armv7l"}, "wrong_architecture", ["x86_64 and aarch64", "armv7l"]),
    ("pytorch", {"python": [{**PYTHON, "bits": 32}]}, "wrong_architecture", ["32-bit", "64-bit image"]),
    ("pytorch", {"libc.name": "musl", "libc.version": "1.2.4", "libstdcxx": None}, "musl_libc", ["musl 1.2.4"]),
    ("pytorch", {"libc.version": "2.26"}, "glibc_too_old", ["2.28", "2.26", "Debian 10", "_source: distribution"]),
    ("pytorch", {"libc.version": "2.9"}, "glibc_too_old", []),
    ("pytorch", {"libc.version": "2.28"}, None, []),
    ("pytorch", {"libc.version": ""}, None, []),
    ("pytorch", {"libstdcxx.glibcxx": "3.4.22"}, "libstdcxx_too_old", ["GLIBCXX_3.4.24", "GLIBCXX_3.4.22"]),
    ("pytorch", {"libstdcxx.glibcxx": "3.4.24"}, None, []),
    ("mkl", {"libstdcxx": None}, None, []),
    ("pytorch", {"python": [{**PYTHON, "venv": False}], **NO_DPKG}, None, []),  # the chosen one counts
    ("pytorch", {"disk.target.noexec": True}, "selinux_or_noexec", ["noexec", "/opt/dnnready", "dnnready_prefix"]),
    ("pytorch", {"disk.target.read_only": True}, "read_only_target", ["read-only", "remount,rw /"]),
    ("pytorch", {"disk.target.noexec": None, "disk.target.read_only": None}, None, []),
    ("pytorch", {"memory.limit_bytes": 256 << 20}, "out_of_memory", ["512 MiB", "256 MiB", "--memory"]),
    ("pytorch", {"memory.limit_bytes": 512 << 20}, None, []),
    ("pytorch", {"memory.total_bytes": 400 << 20}, "out_of_memory", ["400 MiB"]),
    ("pytorch", {"memory.total_bytes": None}, None, []),
    ("pytorch", {"memory.available_bytes": 1 << 20}, None, []),  # others may give it back: a note
    ("pytorch", {"memory.address_space_bytes": 1 << 30}, "out_of_memory", ["1 GiB", "1.3 GiB", "ulimit -v"]),
    ("pytorch", {"memory.address_space_bytes": 2 << 30}, None, []),
    ("pytorch", {"limits.processes": 1}, "thread_limit", ["1 processes", "4 threads", "ulimit -u"]),
    ("pytorch", {"limits.processes": 5}, None, []),
    ("pytorch", {"limits.processes": None}, None, []),
    ("pytorch", {"wx.allowed": False}, "onednn_primitive_error", ["not create a primitive", "DenyWriteExecute"]),
    ("tensorflow", {"wx.allowed": False}, "onednn_primitive_error", []),
    ("pytorch", {"wx.allowed": None}, None, []),
    ("mkl", {"wx.allowed": False}, None, []),
    ("tensorflow", {"kernel_files.proc": False}, "proc_sys_unavailable", ["/proc", "mount -t proc"]),
    ("pytorch", {"kernel_files.proc": False}, None, []),
]  # fmt: skip


@pytest.mark.parametrize(("stack", "facts", "code", "named"), TRUTH)
def test_one_spoilt_fact(stack, facts, code, named):
    found = find(stack, facts)
    assert codes(found) == ([code] if code else [])
    for blocker in found:
        assert blocker["stack"] == stack
        assert blocker["text"]
        assert blocker["way_out"]
        assert blocker["evidence"]
        said = f"{blocker['text']} {blocker['way_out']}"
        assert [words for words in named if words not in said] == []


def test_onednn_switched_off_needs_no_executable_memory():
    assert find("tensorflow", {"wx.allowed": False}, options={"onednn_convolution": "off"}) == []


@pytest.mark.parametrize(
    ("virtualization", "emulated", "way"),
    [("none", False, "Use a CPU that has it"), ("kvm", False, "-cpu host"), ("none", True, "-cpu host")],
)
def test_virtual_machines_may_hide_what_the_cpu_has(virtualization, emulated, way):
    facts = {"cpu.flags": ["sse4_1"], "virtualization.kind": virtualization, "cpu.emulated": emulated}
    assert way in find("tensorflow", facts)[0]["way_out"]


def test_nothing_else_is_said_of_a_stack_that_does_not_exist_for_the_cpu():
    facts = {**AARCH64, "memory.limit_bytes": 1, "wx.allowed": False}
    assert codes(find("tensorflow", facts, lock=None, python=None)) == ["wrong_architecture"]


class TestInterpreter:
    """Which Python, and which lock for it."""

    def test_no_lock_for_any_interpreter(self):
        locks = [{**LOCK, "tag": "cp310"}, {**LOCK, "tag": "cp311", "architecture": "aarch64"}]
        (found,) = find(lock=None, python=None, locks=locks)
        assert found["code"] == "python_version_no_wheel"
        assert "Found: cp311 (x86_64)" in found["text"]
        assert "cp310 (x86_64), cp311 (aarch64)" in found["text"]
        assert "make lock ARGS='--set pytorch --python 3.11 --architecture x86_64'" in found["way_out"]
        assert "pytorch_source: distribution (python3-torch)" in found["way_out"]

    @pytest.mark.parametrize(
        "facts", [{"os.codename": "noble", "os.id": "ubuntu"}, {"packages.manager": None}], ids=["ubuntu", "no dpkg"]
    )
    def test_the_distribution_is_offered_only_where_it_has_the_stack(self, facts):
        (found,) = find(lock=None, python=None, changes=facts)
        assert "distribution" not in found["way_out"]

    def test_a_custom_stack_is_locked_by_its_owner(self):
        (found,) = find(lock=None, python=None, locks=(), requirements_file="app/requirements.txt")
        assert "Lock app/requirements.txt again for Python 3.11 on x86_64." in found["way_out"]
        assert "Locks: none." in found["text"]

    def test_interpreters_of_one_user_do_not_serve_the_host(self):
        facts = {"python": [{**PYTHON, "tag": "cp39", "version": "3.9.2"}, HOME_PYTHON]}
        (found,) = find(lock=None, python=None, changes=facts)
        assert "Found: cp39 for every user, cp311 below a home directory" in found["text"]
        assert f"For alice alone: -e dnnready_scope=user takes {HOME_PYTHON['path']}." in found["way_out"]
        assert find(changes=facts, python=HOME_PYTHON, settings={"scope": "user"}) == []

    def test_no_python_at_all(self):
        (found,) = find(lock=None, python=None, changes={"python": []})
        assert "Found: none" in found["text"]
        assert "apt-get install python3-venv" in found["way_out"]

    @pytest.mark.parametrize("wanted", ["3.12", "cp312", "/opt/py/bin/python3", "3.1"])
    def test_the_wanted_interpreter_is_absent(self, wanted):
        facts = {"unknown": [{"what": "python", "why": f"{wanted} is not an executable file"}]}
        (found,) = find(lock=None, python=None, changes=facts, settings={"python": wanted})
        assert found["code"] == "python_version_no_wheel"
        assert wanted in found["text"]
        assert "dnnready_python" in found["text"]
        assert "Found: cp311" in found["text"]
        assert found["evidence"] == f"{wanted} is not an executable file"

    @pytest.mark.parametrize("wanted", ["3.11", "3.11.2", "cp311", "/usr/bin/python3", "/usr/bin/python3.11"])
    def test_the_wanted_interpreter_is_there(self, wanted):
        assert find(settings={"python": wanted}) == []
        (found,) = find(lock=None, python=None, locks=(), settings={"python": wanted})
        assert "No lock of PyTorch" in found["text"]

    @pytest.mark.parametrize(
        ("path", "settings", "facts", "way"),
        [
            ("/usr/bin/python3.11", {}, {}, None),  # the role installs python3-venv
            ("/usr/bin/python3.11", {"can_become": False}, {}, "sudo apt-get install python3.11-venv"),
            ("/usr/bin/python3.11", {"scope": "user"}, {}, "sudo apt-get install python3.11-venv"),
            ("/usr/bin/python3.11", {}, {"packages.manager": None}, "Install ensurepip"),
            ("/opt/py/bin/python3.11", {}, {}, "Install ensurepip for /opt/py/bin/python3.11."),
        ],
    )
    def test_venv(self, path, settings, facts, way):
        found = find(python={**PYTHON, "path": path, "venv": False}, settings=settings, changes=facts)
        assert codes(found) == (["system_library_missing"] if way else [])
        assert not way or way in found[0]["way_out"]


class TestPackages:
    """What the distribution has to bring."""

    @pytest.mark.parametrize(
        ("settings", "facts", "code", "way"),
        [
            ({}, {"packages.missing": ["libgl1"]}, None, ""),
            ({"scope": "user"}, {"packages.missing": ["libgl1"]}, "system_library_missing", "apt-get install libgl1"),
            ({"can_become": False}, {"packages.missing": ["libgl1"]}, "system_library_missing", "Once, as root"),
            ({}, NO_DPKG, "system_library_missing", "counterparts"),
            ({}, {"packages.missing": ["unasked"]}, None, ""),
        ],
    )
    def test_missing_system_packages(self, settings, facts, code, way):
        found = find(settings=settings, changes=facts, system_packages=["libstdc++6", "libgl1"])
        assert codes(found) == ([code] if code else [])
        assert all("libgl1" in blocker["text"] and way in blocker["way_out"] for blocker in found)

    @pytest.mark.parametrize(
        ("settings", "manager", "packages", "way"),
        [
            ({}, "dpkg", ["libstdc++6"], None),  # the role installs it
            ({}, "dpkg", [], "apt-get install libstdc++6"),
            ({"scope": "user"}, "dpkg", ["libstdc++6"], "apt-get install libstdc++6"),
            ({}, None, ["libstdc++6"], "run-time library of GCC"),
        ],
    )
    def test_no_libstdcxx(self, settings, manager, packages, way):
        facts = {"libstdcxx": None, "packages.manager": manager, "packages.missing": ["libstdc++6"]}
        found = find(settings=settings, changes=facts, system_packages=packages)
        assert codes(found) == (["system_library_missing"] if way else [])
        assert not way or way in found[0]["way_out"]

    @pytest.mark.parametrize(
        ("facts", "settings", "code", "named"),
        [
            ({}, {}, None, []),
            ({"packages.missing": ["python3-torch"]}, {}, None, []),
            ({"packages.missing": ["python3-torch"]}, {"scope": "user"}, "system_library_missing", ["python3-torch"]),
            ({"os.codename": "bullseye", "os.version_id": "11"}, {}, "no_distribution_package",
             ["debian 11 bullseye", "bookworm, trixie", "pytorch_source: wheel"]),
            ({"packages.manager": None, "os.id": "fedora"}, {}, "no_distribution_package", ["fedora"]),
            # What the wheels would need does not matter.
            ({"libc.version": "2.17", "libstdcxx": None}, {}, None, []),
        ],
    )  # fmt: skip
    def test_source_distribution(self, facts, settings, code, named):
        found = find(changes=facts, settings=settings, lock=None, source="distribution")
        assert codes(found) == ([code] if code else [])
        assert all(words in f"{found[0]['text']} {found[0]['way_out']}" for words in named)

    def test_source_distribution_without_its_python(self):
        (found,) = find(changes={"python": [HOME_PYTHON]}, lock=None, python=None, source="distribution")
        assert found["way_out"] == "sudo apt-get install python3"


@pytest.mark.parametrize(
    ("scope", "writable", "code"),
    [("user", False, ["target_not_writable"]), ("host", False, []), ("user", True, []), ("user", None, [])],
)
def test_the_users_own_target_must_be_writable(scope, writable, code):
    assert codes(find(changes={"disk.target.writable": writable}, settings={"scope": scope})) == code


def test_everything_wrong_is_said_at_once():
    facts = {"disk.target.noexec": True, "wx.allowed": False, "limits.processes": 1, "memory.limit_bytes": 1 << 20}
    found = codes(find("tensorflow", {**facts, "cpu.flags": ["sse4_1"], "kernel_files.proc": False}))
    assert set(found) == {
        "cpu_lacks_instructions", "selinux_or_noexec", "onednn_primitive_error", "thread_limit", "out_of_memory",
        "proc_sys_unavailable",
    }  # fmt: skip
