"""The judge of what a power cut loses: real traces are safe, and without any one of their syncs they are not."""

from __future__ import annotations

import re

import pytest

from tests.faults.kill import order

STACK = "/p/stacks/onednn"
NEW = f"{STACK}/releases/47e115de9a70c3ca"
#: A switch as strace wrote it down, shortened.
SWITCH = f"""\
7 unlink("{STACK}/switch.json") = -1 ENOENT (No such file or directory)
7 syncfs(4<{NEW}>) = 0
7 write(4<{STACK}/.switch.json.akb8ceq8.dnnready>, "{{\\n"..., 304) = 304
7 fsync(4<{STACK}/.switch.json.akb8ceq8.dnnready>) = 0
7 rename("{STACK}/.switch.json.akb8ceq8.dnnready", "{STACK}/switch.json") = 0
7 fsync(4<{STACK}>) = 0
7 symlink("releases/47e115de9a70c3ca", "{STACK}/.current.7") = 0
7 rename("{STACK}/.current.7", "{STACK}/current") = 0
7 fsync(4<{STACK}>) = 0
7 mkdir("/tmp/dnnready-probe", 0700) = 0
7 unlink("{STACK}/switch.json") = 0
7 fsync(4<{STACK}>) = 0
7 +++ exited with 0 +++
"""
#: The end of a build; its wheel is installed by another process.
BUILD = f"""\
7 write(4<{NEW}/.manifest.json.aaaaaaaa.dnnready>, "{{\\n"..., 304) = 304
7 fsync(4<{NEW}/.manifest.json.aaaaaaaa.dnnready>) = 0
7 rename("{NEW}/.manifest.json.aaaaaaaa.dnnready", "{NEW}/manifest.json") = 0
7 fsync(4<{NEW}>) = 0
8 write(5<{NEW}/venv/lib/libdnnl.so.3>, "\\177ELF"..., 65536) = 65536
9 rename("{STACK}/.progress.json", "{STACK}/progress.json") = 0
7 syncfs(4<{NEW}>) = 0
7 write(4<{NEW}/.manifest.json.bbbbbbbb.dnnready>, "{{\\n"..., 904) = 904
7 fsync(4<{NEW}/.manifest.json.bbbbbbbb.dnnready>) = 0
7 rename("{NEW}/.manifest.json.bbbbbbbb.dnnready", "{NEW}/manifest.json") = 0
7 fsync(4<{NEW}>) = 0
"""


@pytest.mark.parametrize("trace", [SWITCH, BUILD], ids=["switch", "build"])
def test_what_is_synced_in_time_is_safe(trace: str) -> None:
    assert order.unsafe(trace, STACK) == []


def syncs() -> list[tuple[str, int]]:
    return [
        (trace, number)
        for trace in (SWITCH, BUILD)
        for number, line in enumerate(trace.splitlines())
        if re.search(r" (fsync|syncfs)\(", line)
    ]


@pytest.mark.parametrize(("trace", "number"), syncs())
def test_no_sync_may_be_missing(trace: str, number: int) -> None:
    lines = trace.splitlines()
    assert order.unsafe("\n".join(lines[:number] + lines[number + 1 :]), STACK) != []


def test_a_switch_without_a_way_back_is_seen() -> None:
    trace = "\n".join(line for line in SWITCH.splitlines() if "switch.json" not in line)
    assert set(order.unsafe(trace, STACK)) == {
        "`current` moves before the way back is on the disk",
        "the switch never becomes final",
    }


def test_what_is_written_after_the_sync_is_seen() -> None:
    late = f'8 write(5<{NEW}/venv/lib/libdnnl.so.3>, "x", 1) = 1\n'
    trace = BUILD.replace(
        "7 write(4<" + NEW + "/.manifest.json.bbbbbbbb", late + "7 write(4<" + NEW + "/.manifest.json.bbbbbbbb"
    )
    assert order.unsafe(trace, STACK) == [f"{NEW} says that it is installed before its files are on the disk"]
