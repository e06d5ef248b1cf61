"""All stacks of a host together: room, notes, and the list for people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.preflight import notes, preflight, render
from dnnready.preflight.case import older, size

from .conftest import DISK, GIB, HOST, LOCK, MKL, PYTHON, PYTORCH, TENSORFLOW, changed

# Two releases of each: 2, 1 and 4 GiB. A quarter of one is the download: 256 MiB, 128 MiB, 512 MiB.
ALL = {"pytorch": PYTORCH, "mkl": MKL, "tensorflow": TENSORFLOW}
CHOICE = {"python": PYTHON, "lock": LOCK, "locks": [LOCK]}
SEVEN = {"disk.target.free_bytes": 7 * GIB, "disk.temporary.free_bytes": 7 * GIB}
ONE_TENSORFLOW = {"tensorflow": {"current": None, "releases": ["a"]}}
OTHER = {"disk.temporary.mount": "/tmp", "disk.temporary.free_bytes": 8 * GIB}


def look(changes=(), definitions=ALL, choices=None, **settings):
    given_choices = choices or dict.fromkeys(definitions, CHOICE)
    return preflight(changed(HOST, dict(changes)), definitions, given_choices, {"scope": "host", **settings})


def blocked(result):
    return [(blocker["stack"], blocker["code"]) for blocker in result["blockers"]]


def releases(*names):
    return {name: {"current": "b", "releases": ["a", "b"]} for name in names}


@pytest.mark.parametrize(
    ("facts", "short"),
    [
        ({"disk.target.free_bytes": 8 * GIB}, []),
        # 7 GiB and the largest download on the same file system.
        ({"disk.target.free_bytes": 7 * GIB + GIB // 2}, []),
        ({"disk.target.free_bytes": 7 * GIB + GIB // 2 - 1}, ["tensorflow"]),
        ({"disk.target.free_bytes": 7 * GIB, **OTHER}, []),
        ({"disk.target.free_bytes": 7 * GIB - 1, **OTHER}, ["tensorflow"]),
        # In the order of the stacks, and a later smaller one may still fit.
        ({"disk.target.free_bytes": 2 * GIB, **OTHER}, ["mkl", "tensorflow"]),
        ({"disk.target.free_bytes": GIB, **OTHER}, ["pytorch", "tensorflow"]),
        ({"disk.target.free_bytes": 0, **OTHER}, ["pytorch", "mkl", "tensorflow"]),
        ({"disk.target.free_bytes": None, "disk.temporary.free_bytes": None}, []),
        # Room for downloads elsewhere.
        ({**OTHER, "disk.temporary.free_bytes": GIB // 2}, []),
        ({**OTHER, "disk.temporary.free_bytes": GIB // 2 - 1}, ["tensorflow"]),
        ({**OTHER, "disk.temporary.free_bytes": 0}, ["pytorch", "mkl", "tensorflow"]),
        # Without a mount table equal numbers mean the same file system.
        ({**SEVEN, "disk.target.mount": None}, ["tensorflow"]),
        ({**SEVEN, "disk.target.mount": "/opt"}, []),
        ({"disk.target.free_inodes": 1000}, ["pytorch", "mkl", "tensorflow"]),
        ({"disk.target.free_inodes": 70_000}, ["mkl", "tensorflow"]),
        ({"disk.target.free_inodes": None}, []),
        # What is there already needs no room again.
        ({"disk.target.free_bytes": GIB, **OTHER, "stacks": releases("pytorch", "tensorflow")}, []),
        ({"disk.target.free_bytes": 3 * GIB, **OTHER, "stacks": ONE_TENSORFLOW}, ["tensorflow"]),
        ({"disk.target.free_bytes": 5 * GIB, **OTHER, "stacks": ONE_TENSORFLOW}, []),
    ],
)  # fmt: skip
def test_room_for_two_releases_of_all_stacks(facts, short):
    assert blocked(look(facts)) == [(name, "no_disk_space") for name in short]


def test_the_text_names_sizes_place_and_stacks():
    (found,) = look({"disk.target.free_bytes": 6 * GIB})["blockers"]
    assert found["text"] == (
        "Two releases of pytorch, mkl, tensorflow need 7.5 GiB below /opt/dnnready, 512 MiB of them for the download; "
        "/ has 6 GiB free."
    )
    assert found["way_out"] == "Free 1.5 GiB there, or set dnnready_prefix to another file system."
    (found,) = look({**OTHER, "disk.temporary.free_bytes": 1 << 20, "disk.temporary.path": "/tmp"}, {"mkl": MKL})[
        "blockers"
    ]
    assert found["text"] == "Downloads of Intel MKL need 128 MiB in /tmp; /tmp has 1 MiB free."


def test_the_size_of_the_download_may_be_known():
    lock = {**LOCK, "download_bytes": 3 * GIB}
    facts = {**OTHER, "disk.temporary.free_bytes": 2 * GIB}
    found = look(facts, {"mkl": MKL}, {"mkl": {**CHOICE, "lock": lock}})
    assert blocked(found) == [("mkl", "no_disk_space")]


def test_a_second_run_is_never_refused_for_what_the_first_one_wrote():
    installed, free = {}, 7 * GIB
    for name, definition in ALL.items():
        assert blocked(look({"disk.target.free_bytes": free, **OTHER, "stacks": installed})) == []
        installed[name] = {"current": "a", "releases": ["a"]}
        free -= definition["needs"]["installed_bytes"]
    assert blocked(look({"disk.target.free_bytes": free, **OTHER, "stacks": installed})) == []


SAME, ANOTHER = "0" * 64, "1" * 64


def one_stack(releases, locks):
    return {"tensorflow": {"current": None, "releases": releases, "locks": locks}}


@pytest.mark.parametrize(
    ("there", "facts", "settings", "needed"),
    [
        # TensorFlow needs 2 GiB installed and 0.5 GiB for its download, which here goes elsewhere.
        (one_stack([], []), {}, {}, 4 * GIB),
        (one_stack(["a"], [ANOTHER]), {}, {}, 2 * GIB),
        (one_stack(["a", "b"], [ANOTHER]), {}, {}, 2 * GIB),
        (one_stack(["a", "b"], [SAME]), {}, {}, 0),
        # The same lock is linked, where that is certain.
        (one_stack(["a"], [SAME]), {}, {}, GIB // 5),
        (one_stack(["a"], [SAME]), {"disk.target.filesystem": "overlay"}, {}, 2 * GIB),
        (one_stack(["a"], [SAME]), {"disk.target.filesystem": None}, {}, 2 * GIB),
        (one_stack(["a"], [SAME]), {}, {"force": True}, 2 * GIB),
        (one_stack(["a", "b"], [SAME]), {}, {"force": True}, 2 * GIB),
        (one_stack(["a"], []), {}, {}, 2 * GIB),
        # What came from a depot stays.
        (one_stack([], []), {}, {"depot": True}, 5 * GIB),
        (one_stack(["a"], [ANOTHER]), {}, {"depot": True}, 2 * GIB + GIB // 2),
        (one_stack(["a"], [SAME]), {}, {"depot": True}, GIB // 5 + GIB // 2),
        (one_stack(["a", "b"], [SAME]), {}, {"depot": True}, 0),
        (one_stack([], []), {"disk.temporary.free_bytes": 0}, {"depot": True}, 5 * GIB),
    ],
)  # fmt: skip
def test_the_room_for_one_stack(there, facts, settings, needed):
    for free, short in ((needed, []), (needed - 1, [("tensorflow", "no_disk_space")])):
        found = look(
            {"disk.target.free_bytes": free, **OTHER, "stacks": there, **facts}, {"tensorflow": TENSORFLOW}, **settings
        )
        assert blocked(found) == (short if needed else [])


def test_stacks_that_can_never_run_take_no_room():
    facts = {"cpu.flags": ["sse4_1"], "disk.target.free_bytes": 4 * GIB}
    assert blocked(look(facts)) == [("tensorflow", "cpu_lacks_instructions")]


def test_stacks_that_something_curable_blocks_come_last():
    choices = {**dict.fromkeys(ALL, CHOICE), "pytorch": {"python": None, "lock": None, "locks": []}}
    found = look({"disk.target.free_bytes": 5 * GIB, **OTHER}, choices=choices)
    assert blocked(found) == [("pytorch", "python_version_no_wheel"), ("pytorch", "no_disk_space")]


def test_distribution_packages_do_not_lie_below_the_prefix():
    definitions = {"pytorch": {**PYTORCH, "source": "distribution"}}
    assert blocked(look({"disk.target.free_bytes": 0}, definitions)) == []


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        ({}, []),
        ({"cpu.emulated": True}, ["emulated_cpu"]),
        ({"cpu.flags": ["avx2", "amx_tile"]}, ["amx_not_usable"]),
        ({"cpu.isa": "sse41"}, ["old_isa"]),
        ({"gpu.devices": ["NVIDIA T4", "NVIDIA T4"]}, ["gpu_unused"]),
        ({"cores.quota": 1.5, "cores.effective": 1}, ["cpu_quota"]),
        ({"cores.quota": 8.0}, []),
        ({"cores.affinity": [0]}, ["cpu_affinity"]),
        ({"cores.affinity": [0, 1], "cores.physical": 1, "cores.online": 2}, ["hyperthreads"]),
        ({"cores.numa_nodes": 2}, ["numa"]),
        ({"memory.available_bytes": 600 << 20}, ["memory_in_use"]),
        ({"memory.available_bytes": None}, []),
        ({"kernel_files.sys_cpu": False}, ["sys_unreadable"]),
        ({"kernel_files.proc": False}, ["proc_unreadable"]),
        ({"wx.allowed": None}, ["wx_unknown"]),
    ],
)
def test_notes(facts, codes):
    found = notes(changed(HOST, facts), list(ALL.values()))
    assert [note["code"] for note in found] == [code for code in codes if code]
    assert all(note["text"].endswith(".") for note in found)


def test_notes_come_with_the_blockers():
    assert [note["code"] for note in look({"cores.numa_nodes": 2})["notes"]] == ["numa"]


def test_a_throttled_host_is_told_so():
    (note,) = notes(changed(HOST, {"cores.quota": 0.5, "cores.effective": 1}))
    assert "0.5 of 4 CPUs" in note["text"]
    assert "throttled" in note["text"]


def test_the_list_says_once_what_stops_several_stacks():
    result = look({"wx.allowed": False, "cpu.flags": ["sse4_1"], "disk.target.noexec": True})
    text = render(result["blockers"])
    assert text.count("mounted noexec") == 1
    assert text.count("primitive") == 1
    lines = text.splitlines()
    headings = [line for line in lines if not line.startswith(" ")]
    assert headings == ["pytorch, mkl, tensorflow:", "pytorch, tensorflow:", "tensorflow:"]
    assert (
        sum(line.startswith("  - ") for line in lines) == sum(line.startswith("    Way out: ") for line in lines) == 3
    )


def test_nothing_to_list():
    assert render([]) == ""


@given(
    st.lists(
        st.fixed_dictionaries({key: st.sampled_from("abc") for key in ("code", "stack", "text", "way_out", "evidence")})
    )
)
def test_every_blocker_is_on_the_list(found):
    text = render(found)
    for blocker in found:
        assert any(
            blocker["stack"] in line and f"  - {blocker['text']}\n    Way out: {blocker['way_out']}" in text
            for line in text.splitlines()
            if not line.startswith(" ")
        )


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1 << 10, "1 KiB"), (1536, "1.5 KiB"), (256 << 20, "256 MiB"),
     (2.43e9, "2.3 GiB"), (12.34 * GIB, "12 GiB")],
)  # fmt: skip
def test_sizes(count, text):
    assert size(count) == text


@given(st.lists(st.integers(0, 99), min_size=1, max_size=4), st.lists(st.integers(0, 99), min_size=1, max_size=4))
def test_versions_compare_as_numbers(left, right):
    def dotted(numbers):
        return ".".join(map(str, numbers))

    assert older(dotted(left), dotted(right)) == (left < right)


def test_the_disks_of_these_tests_are_one():
    assert HOST["disk"]["temporary"] == {**DISK, "path": "/tmp"}
