"""From facts and wishes to release specs, or to blockers."""

import copy

import pytest

from dnnready.conv2d.row import without_proof
from dnnready.plan.plan import plan
from dnnready.plan.row import failed_row, refused_row

PLACE = {
    "path": "/opt",
    "mount": "/",
    "filesystem": "ext4",
    "free_bytes": 50 << 30,
    "free_inodes": 10**7,
    "noexec": False,
    "read_only": False,
    "writable": True,
}


def python(version, path=""):
    short = ".".join(version.split(".")[:2])
    return {
        "path": path or f"/usr/bin/python{short}",
        "version": version,
        "tag": "cp" + short.replace(".", ""),
        "implementation": "CPython",
        "bits": 64,
        "venv": True,
        "externally_managed": True,
        "shared": True,
        "aliases": [],
    }


HOST = {
    "schema": "dnnready/host/1",
    "target": "/opt/dnnready",
    "cpu": {
        "architecture": "x86_64",
        "vendor": "GenuineIntel",
        "model": "a CPU",
        "level": "x86-64-v3",
        "flags": ["sse4_1", "avx", "f16c", "fma", "avx2"],
        "isa": "avx2",
        "emulated": False,
    },
    "cores": {
        "effective": 4,
        "online": 8,
        "affinity": list(range(8)),
        "quota": None,
        "physical": 4,
        "threads_per_core": 2,
        "numa_nodes": 1,
    },
    "libc": {"name": "glibc", "version": "2.36"},
    "libstdcxx": {"path": "/usr/lib/libstdc++.so.6", "glibcxx": "3.4.30"},
    "os": {"id": "debian", "version_id": "12", "codename": "bookworm", "kernel": "6.1"},
    "python": [python("3.11.2")],
    "memory": {"total_bytes": 16 << 30, "available_bytes": 12 << 30, "limit_bytes": None, "address_space_bytes": None},
    "disk": {"target": PLACE, "temporary": PLACE},
    "limits": {"processes": None, "open_files": 1024, "locked_bytes": None, "stack_bytes": None},
    "wx": {"allowed": True},
    "kernel_files": {"proc": True, "sys_cpu": True},
    "virtualization": {"kind": None, "container": None},
    "gpu": {"devices": [], "nvidia_driver": None},
    "packages": {"manager": "dpkg", "installed": {"libstdc++6": "12"}, "missing": ["python3-venv", "python3-torch"]},
    "user": {"uid": 0, "name": "root", "home": "/root", "data_home": "/root/.local/share"},
    "program": {"path": "/opt/dnnready/bin/dnnready", "sha256": None},
    "unknown": [],
}
LOCK = {
    "tag": "cp311",
    "architecture": "x86_64",
    "glibc": "2.28",
    "path": "/locks/pytorch/cp311-x86_64.txt",
    "sha256": "a" * 64,
    "download_bytes": 200 << 20,
}
LOCKS = {"pytorch": [LOCK]}
TORCH = {
    "source": "auto",
    "locks": "pytorch",
    "packages": {"bookworm": ["python3-torch"], "trixie": ["python3-torch"]},
    "probes": ["pytorch"],
    "needs": {"architectures": ["x86_64"], "installed_bytes": 1 << 30},
}
SETTINGS = {
    "prefix": "/opt/dnnready",
    "scope": "host",
    "python": "",
    "partial": False,
    "keep_releases": 0,
    "known": ["pytorch"],
    "can_become": True,
}


def planned(host=None, definition=None, locks=None, **settings):
    wishes = {"pytorch": {**TORCH, **(definition or {})}}
    return plan({**HOST, **(host or {})}, wishes, LOCKS if locks is None else locks, {**SETTINGS, **settings})


def test_a_covered_host_gets_a_release_spec_and_no_blocker():
    result = planned()
    entry = result["stacks"]["pytorch"]
    assert result["blockers"] == []
    assert entry["blocked"] is False
    assert entry["row"] is None
    assert entry["spec"]["source"] == "wheel"
    assert entry["spec"]["python"] == "/usr/bin/python3.11"
    assert entry["spec"]["lock_sha256"] == LOCK["sha256"]
    assert entry["spec"]["environment"]["OMP_NUM_THREADS"] == "4"
    assert entry["requirements_path"] == LOCK["path"]
    assert entry["missing_packages"] == ["python3-venv"]


TRIXIE = {"os": {**HOST["os"], "codename": "trixie"}, "python": [python("3.13.5")]}


@pytest.mark.parametrize(
    ("host", "source", "expected", "packages"),
    [
        ({}, "auto", "wheel", []),
        ({}, "distribution", "distribution", ["python3-torch"]),
        (TRIXIE, "auto", "distribution", ["python3-torch"]),
    ],
)
def test_auto_takes_the_wheel_where_a_lock_covers_the_host(host, source, expected, packages):
    spec = planned(host, {"source": source})["stacks"]["pytorch"]["spec"]
    assert (spec["source"], spec["packages"]) == (expected, packages)
    assert bool(spec["lock_sha256"]) == (expected == "wheel")


@pytest.mark.parametrize(
    ("host", "definition", "settings", "words"),
    [
        (TRIXIE, {"source": "wheel"}, {}, ["cp313", "make lock", "pytorch_source: distribution"]),
        ({"python": []}, {"packages": {}}, {}, ["Python"]),
        ({}, {}, {"python": "3.12"}, ["3.12"]),
        ({}, {"environment": {"GOMP_CPU_AFFINITY": "all"}}, {}, ["GOMP_CPU_AFFINITY", "spin"]),
        ({}, {"environment": {"OMP_NUM_THREADS": 0}}, {}, ["OMP_NUM_THREADS"]),
        ({}, {"environment": {"APP": "a\nb"}}, {}, ["APP"]),
        ({}, {"environment": {"OMP_NUM_THREADS": 1.5}}, {}, ["OMP_NUM_THREADS", "quotes"]),
        (
            {"cpu": {**HOST["cpu"], "flags": ["sse4_1"], "isa": "sse41"}},
            {"needs": {"cpu_flags": ["avx"]}},
            {},
            ["avx", "a CPU"],
        ),
        ({"libc": {"name": "glibc", "version": "2.17"}}, {"packages": {}}, {}, ["2.28", "2.17"]),
    ],
)
def test_what_cannot_be_is_a_blocker_with_a_way_out_and_a_row(host, definition, settings, words):
    result = planned(host, definition, **settings)
    said = " ".join(f"{blocker['text']} {blocker['way_out']}" for blocker in result["blockers"])
    assert [word for word in words if word.lower() not in said.lower()] == []
    assert all(blocker["way_out"] for blocker in result["blockers"])
    entry = result["stacks"]["pytorch"]
    assert entry["blocked"] is True
    assert entry["row"]["verdict"] == "refused"
    assert entry["row"]["next"]


def test_all_blockers_of_all_stacks_come_at_once():
    wishes = {
        "pytorch": {**TORCH, "environment": {"MKL_NUM_THREADS": "abc", "OMP_NUM_THREADS": "-1"}},
        "tensorflow": {"locks": "tensorflow", "probes": ["tensorflow"], "environment": {"TF_NUM_INTRAOP_THREADS": -1}},
    }
    result = plan(HOST, wishes, {**LOCKS, "tensorflow": [LOCK]}, SETTINGS)
    assert {blocker["evidence"] for blocker in result["blockers"]} >= {
        "MKL_NUM_THREADS",
        "OMP_NUM_THREADS",
        "TF_NUM_INTRAOP_THREADS",
    }
    assert "(and 1 more)" in result["stacks"]["pytorch"]["row"]["cause"]["text"]


def test_one_stack_s_blocker_leaves_the_other_its_spec():
    wishes = {"pytorch": TORCH, "app": {**TORCH, "environment": {"OMP_NUM_THREADS": "none"}}}
    result = plan(HOST, wishes, LOCKS, SETTINGS)
    assert [result["stacks"][name]["blocked"] for name in ("pytorch", "app")] == [False, True]


def test_the_same_wishes_give_the_same_id_and_others_another():
    def identifier(**changes):
        return planned(**changes)["stacks"]["pytorch"]["spec"]["id"]

    assert identifier() == identifier(host=copy.deepcopy(HOST))
    assert identifier() != identifier(definition={"environment": {"OMP_NUM_THREADS": 1}})
    assert identifier() != identifier(locks={"pytorch": [{**LOCK, "sha256": "b" * 64}]})
    assert identifier() != identifier(host={"python": [python("3.11.9")]})
    free = {**PLACE, "free_bytes": 40 << 30}
    assert identifier() == identifier(host={"disk": {"target": free, "temporary": free}})


def test_the_user_wins_and_a_null_removes():
    spec = planned(definition={"environment": {"OMP_NUM_THREADS": 2, "GLIBC_TUNABLES": None}})["stacks"]["pytorch"][
        "spec"
    ]
    assert spec["environment"] == {"OMP_NUM_THREADS": "2"}


def test_a_variable_that_nothing_reads_is_said_and_does_not_block():
    entry = planned(definition={"environment": {"KMP_AFFINITY": "compact"}})["stacks"]["pytorch"]
    assert entry["blocked"] is False
    assert [finding["variable"] for finding in entry["findings"] if finding["level"] == "warning"] == ["KMP_AFFINITY"]


def test_a_wish_without_sense_is_a_blocker_and_the_others_keep_their_spec():
    result = plan(HOST, {"torch": {}, "pytorch": TORCH}, LOCKS, SETTINGS)
    assert [(blocker["stack"], blocker["code"]) for blocker in result["blockers"]] == [("torch", "invalid_definition")]
    assert "Unknown stack 'torch'" in result["blockers"][0]["text"]
    assert result["stacks"]["torch"]["blocked"] is True
    assert result["stacks"]["torch"]["row"]["verdict"] == "refused"
    assert result["stacks"]["pytorch"]["blocked"] is False


def test_rows_of_stacks_without_a_proof_have_every_field():
    for row in (refused_row("a", []), failed_row("a", "id", "no network", "Build the release", "")):
        assert set(row) == set(without_proof("a", "", "unproven", "", ""))
    assert failed_row("a", "id", "no network", "Build", "")["cause"]["text"] == "Build: no network"
