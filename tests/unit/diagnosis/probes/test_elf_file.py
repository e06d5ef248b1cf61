"""The reader of ELF files, against real ones and against any bytes."""

import io
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.diagnosis.probes import elf_file

from .places import LIBRARY, library, needs_glibc

pytestmark = needs_glibc


def parsed(data):
    return elf_file.parse(io.BytesIO(data), len(data))


def test_a_library_of_this_machine():
    elf = elf_file.read(LIBRARY)
    assert (elf.machine, elf.bits) == (platform.machine(), 64)
    assert elf.soname == "libstdc++.so.6"
    assert {"libc.so.6", "libm.so.6", "libgcc_s.so.1"} <= set(elf.needed)
    assert elf.musl is False
    assert not elf.cut
    assert not elf.executable_stack
    assert elf.newest("GLIBC_").startswith("2.")
    assert elf.newest("GLIBCXX_") == ""


def test_the_interpreter_names_its_loader():
    elf = elf_file.read(os.path.realpath(sys.executable))
    assert Path(elf.interpreter).is_file()


@pytest.mark.skipif(not shutil.which("readelf"), reason="needs readelf")
def test_it_reads_what_readelf_reads():
    printed = subprocess.run(["readelf", "-dW", LIBRARY], capture_output=True, text=True, check=True).stdout
    wanted = [line.partition("[")[2].rstrip("]") for line in printed.splitlines() if "(NEEDED)" in line]
    assert list(elf_file.read(LIBRARY).needed) == wanted


@pytest.mark.parametrize("part", [0.001, 0.5, 0.9, 0.999])
def test_a_cut_file_is_known_by_its_own_headers(part):
    data = library()
    assert parsed(data[: int(len(data) * part)]).cut


def test_another_processor_and_an_executable_stack():
    data = bytearray(library())
    data[18:20] = (183).to_bytes(2, "little")
    assert parsed(bytes(data)).machine == "aarch64"
    data = bytearray(library())
    table, entry, count = (int.from_bytes(data[at : at + size], "little") for at, size in ((32, 8), (54, 2), (56, 2)))
    for at in range(table, table + entry * count, entry):
        if int.from_bytes(data[at : at + 4], "little") == 0x6474E551:
            data[at + 4] |= 1
    assert parsed(bytes(data)).executable_stack


def test_musl_is_known_by_the_name_of_its_library():
    assert parsed(library((b"libc.so.6\0", b"libc.musl-"))).musl is True


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (bytes(4096), "zeros"),
        (b"/* GNU ld script */ INPUT(x)", "linker script"),
        (b"!<arch>\n", "static archive"),
        (b"\x7fELF\x09\x01" + bytes(80), "class"),
        (b"<html>", "no ELF header"),
    ],
)
def test_what_is_no_library_is_called_what_it_is(data, words):
    with pytest.raises(elf_file.ElfError, match=words):
        parsed(data)


def read_or_refuse(data):
    try:
        elf = parsed(data)
    except elf_file.ElfError:
        return
    assert isinstance(elf.cut, bool)
    assert isinstance(elf.newest("GLIBC_"), str)


@given(st.binary(max_size=300), st.sampled_from([b"", b"\x7fELF\x02\x01", b"\x7fELF\x01\x02", b"\x7fELF\x02\x02"]))
def test_any_bytes_are_read_or_refused(data, start):
    read_or_refuse(start + data)


@given(st.lists(st.tuples(st.integers(0, 1023), st.integers(0, 255)), max_size=20), st.integers(64, 4096))
def test_damaged_headers_are_read_or_refused(changes, length):
    data = bytearray(library()[:length] if length % 3 else library())
    for place, value in changes:
        data[place % len(data)] = value
    read_or_refuse(bytes(data))
