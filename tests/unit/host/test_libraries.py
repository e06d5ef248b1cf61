"""The loader's cache, C and C++ library."""

import struct
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.host import libc, loader
from dnnready.host.machine import Machine


def cache(entries):
    """The bytes of ld.so.cache: (flags, name, path) each."""
    header, entry = struct.Struct("=20sIIB3xI12x"), struct.Struct("=iIIIQ")
    start = header.size + entry.size * len(entries)
    table, strings = b"", b""
    for flags, name, path in entries:
        key = start + len(strings)
        strings += name.encode() + b"\0"
        table += entry.pack(flags, key, start + len(strings), 0, 0)
        strings += path.encode() + b"\0"
    return header.pack(b"glibc-ld.so.cache1.1", len(entries), len(strings), 2, 0) + table + strings


def test_only_libraries_of_the_architecture_count():
    data = cache(
        [(0x0003, "libx.so.1", "/lib32/libx.so.1"), (0x0303, "libx.so.1", "/lib/libx.so.1"), (0x0303, "liby.so", "/y")]
    )
    assert loader.cached(data, "libx.so.1", "x86_64") == ["/lib/libx.so.1"]
    assert loader.cached(data, "libx.so.1", "aarch64") == []
    assert loader.cached(data, "libx.so.1", "sparc") == ["/lib32/libx.so.1", "/lib/libx.so.1"]


def test_an_old_table_may_stand_in_front():
    # Offsets count from the new table on.
    data = b"ld.so-1.7.0\0\1\0\0\0" + b"\0" * 16 + cache([(0x0A03, "a", "/a")])
    assert loader.cached(data, "a", "aarch64") == ["/a"]


@given(st.binary(max_size=200))
def test_other_bytes_are_refused(data):
    with pytest.raises(ValueError, match=r"ld\.so\.cache has an unknown format"):
        loader.cached(data, "libx.so", "x86_64")


@given(st.binary(max_size=200))
def test_a_damaged_cache_is_refused_or_has_no_such_library(data):
    try:
        assert loader.cached(b"glibc-ld.so.cache1.1" + data, "libx.so", "x86_64") == []
    except ValueError as error:
        assert "ld.so.cache" in str(error)


def test_a_cut_cache_is_refused():
    whole = cache([(0x0303, "libx.so.1", "/lib/libx.so.1")] * 20)
    with pytest.raises(ValueError, match="cut off"):
        loader.cached(whole[:200], "libx.so.1", "x86_64")


def test_the_cache_of_this_machine_says_what_ldconfig_says():
    listed = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    path = next(line.split("=> ")[1] for line in listed.splitlines() if "libc.so.6 " in line and "x86-64" in line)
    assert loader.find(Machine(), "libc.so.6", "x86_64") == path


def test_without_a_cache_the_usual_directories_are_searched(tmp_path):
    library = tmp_path / "usr/lib/aarch64-linux-gnu/libstdc++.so.6"
    library.parent.mkdir(parents=True)
    library.write_bytes(b"\0GLIBCXX_3.4.9\0GLIBCXX_3.4.30\0GLIBCXX_3.4.3\0GLIBCXX_DEBUG_MESSAGE_LENGTH\0")
    machine = Machine(str(tmp_path))
    expected = {"path": "/usr/lib/aarch64-linux-gnu/libstdc++.so.6", "glibcxx": "3.4.30"}
    assert libc.libstdcxx(machine, "aarch64") == expected
    assert libc.libstdcxx(machine, "x86_64") is None


def test_glibc_tells_its_version_in_the_file_too(tmp_path):
    library = tmp_path / "lib64/libc.so.6"
    library.parent.mkdir()
    library.write_bytes(b"\x7fELF GNU C Library (Ubuntu GLIBC 2.35-0ubuntu3) stable release version 2.35.\nmore")
    machine = Machine(str(tmp_path))
    assert libc.probe(machine, "x86_64") == {"name": "glibc", "version": "2.35"}
    library.write_bytes(b"")
    assert machine.ask("libc", "failed", libc.probe, machine, "x86_64") == "failed"


def test_this_machine():
    here = libc.probe(Machine(), "x86_64")
    assert here["name"] == "glibc"
    assert here["version"] == libc.newest(loader.find(Machine(), "libc.so.6", "x86_64"), libc._RELEASE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('ID="rocky"\nVERSION_ID="9.4"\n', ("rocky", "9.4", "")),
        ("ID=debian\nVERSION_CODENAME='sid'\nPRETTY_NAME=\"Debian GNU/Linux sid\"\n", ("debian", "", "sid")),
        ("# ID=no\n", ("", "", "")),
    ],
)
def test_os_release(tmp_path, text, expected):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text(text)
    found = libc.os_release(Machine(str(tmp_path)))
    assert (found["id"], found["version_id"], found["codename"]) == expected
