"""Control groups: every layout in which limits stand somewhere above a process."""

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.host import cgroup, mounts
from dnnready.host.machine import Machine

V2 = "30 23 0:27 {root} /sys/fs/cgroup rw shared:8 - cgroup2 cgroup2 rw,nsdelegate"
V1 = "31 23 0:28 {root} /sys/fs/cgroup/{names} rw - cgroup cgroup rw,{names}"
BOTH = "/sys/fs/cgroup/cpu,cpuacct"


@pytest.mark.parametrize(
    ("membership", "mountinfo", "expected"),
    [
        ("0::/", V2.format(root="/"), [(2, ("/sys/fs/cgroup",))]),
        (
            "0::/a/b",
            V2.format(root="/"),
            [(2, ("/sys/fs/cgroup/a/b", "/sys/fs/cgroup/a", "/sys/fs/cgroup"))],
        ),
        # A container without a namespace of its own sees its part alone.
        ("0::/docker/5f", V2.format(root="/docker/5f"), [(2, ("/sys/fs/cgroup",))]),
        ("0::/docker/5f/x", V2.format(root="/docker/5f"), [(2, ("/sys/fs/cgroup/x", "/sys/fs/cgroup"))]),
        ("0::/docker/5fa", V2.format(root="/docker/5f"), [(2, ("/sys/fs/cgroup",))]),
        # The group lies outside the namespace.
        ("0::/../other", V2.format(root="/"), [(2, ("/sys/fs/cgroup",))]),
        ("3:cpu,cpuacct:/a", V1.format(root="/", names="cpu,cpuacct"), [(1, (f"{BOTH}/a", BOTH))]),
        # A named hierarchy is no controller of that name.
        ("1:name=systemd:/a", V1.format(root="/", names="cpu"), []),
        ("3:cpu:/", V2.format(root="/"), []),
        ("garbage\n::\n0:", V2.format(root="/"), []),
        ("", "", []),
    ],
)
def test_hierarchies(membership, mountinfo, expected):
    found = cgroup.hierarchies(membership, mountinfo)
    assert [(group.version, group.directories) for group in found] == expected


def place(root, files):
    for name, text in files.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Machine(str(root))


@pytest.mark.parametrize(
    ("files", "quota", "memory", "processes"),
    [
        ({}, None, None, None),
        ({"cpu.max": "max 100000\n", "memory.max": "max\n", "pids.max": "max\n"}, None, None, None),
        ({"cpu.max": "50000 100000\n", "memory.max": "1048576\n", "pids.max": "7\n"}, 0.5, 1 << 20, 7),
        # Without the own file the parent's counts, and the smaller one in any case.
        ({"../cpu.max": "150000 100000\n", "../memory.high": "4096\n", "../pids.max": "9"}, 1.5, 4096, 9),
        (
            {"cpu.max": "400000 100000", "../cpu.max": "150000 100000", "memory.max": "8", "../memory.max": "9"},
            1.5,
            8,
            None,
        ),
        ({"cpu.max": "garbage", "memory.max": "", "pids.max": "-1"}, None, None, None),
        ({"cpu.max": "100000 0"}, None, None, None),
    ],
)
def test_limits_of_version_2(tmp_path, files, quota, memory, processes):
    named = {posixpath.normpath(f"/sys/fs/cgroup/a/b/{name}"): text for name, text in files.items()}
    machine = place(
        tmp_path, {**named, "/proc/self/cgroup": "0::/a/b\n", "/proc/self/mountinfo": V2.format(root="/") + "\n"}
    )
    assert cgroup.cpu_quota(machine) == quota
    assert cgroup.memory_limit(machine) == memory
    assert cgroup.process_limit(machine) == processes


@pytest.mark.parametrize(
    ("quota_us", "memory", "stat", "expected"),
    [
        ("-1", "9223372036854771712", "", (None, None)),
        ("200000", "536870912", "", (2.0, 536870912)),
        # A group above the mount, which only memory.stat tells of.
        ("-1", "9223372036854771712", "cache 5\nhierarchical_memory_limit 1073741824\n", (None, 1 << 30)),
    ],
)
def test_limits_of_version_1(tmp_path, quota_us, memory, stat, expected):
    machine = place(
        tmp_path,
        {
            "/proc/self/cgroup": "2:memory:/x\n1:cpu:/x\n",
            "/proc/self/mountinfo": "\n".join(V1.format(root="/", names=names) for names in ("cpu", "memory")),
            "/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us": quota_us,
            "/sys/fs/cgroup/cpu/x/cpu.cfs_period_us": "100000",
            "/sys/fs/cgroup/memory/x/memory.limit_in_bytes": memory,
            "/sys/fs/cgroup/memory/x/memory.stat": stat,
        },
    )
    assert (cgroup.cpu_quota(machine), cgroup.memory_limit(machine)) == expected


@given(st.text(), st.text())
def test_any_text_is_read_without_an_exception(membership, mountinfo):
    for group in cgroup.hierarchies(membership, mountinfo):
        assert group.directories


@given(st.text(alphabet="/.ab", max_size=12))
def test_directories_stay_below_the_mount(group):
    for found in cgroup.hierarchies(f"0::/{group}", V2.format(root="/")):
        assert all(
            (path + "/").startswith("/sys/fs/cgroup/") and "/../" not in path + "/" for path in found.directories
        )


@pytest.mark.parametrize(
    ("path", "point"),
    [
        ("/", "/"),
        ("/opt/x", "/"),
        ("/srv/a b", "/srv/a b"),
        ("/srv/a b/c", "/srv/a b"),
        ("/srv/a bc", "/"),
        ("/tmp", "/tmp"),
    ],
)
def test_the_longest_mount_point_holds_a_path(path, point):
    text = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 8:2 / /srv/a\\040b rw - xfs /dev/sdb1 rw\n"
    text += "3 1 0:5 / /tmp rw - ext4 hidden rw\n4 1 0:6 / /tmp rw,noexec - tmpfs over ro\nshort line\n"
    found = mounts.holding(mounts.parse(text), path)
    assert found.point == point
    if point == "/tmp":
        assert (found.source, found.options) == ("over", {"rw", "noexec", "ro"})


@given(st.text())
def test_any_mount_table_is_read_without_an_exception(text):
    mounts.parse(text)
