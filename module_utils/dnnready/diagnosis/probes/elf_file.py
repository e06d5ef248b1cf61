"""What the dynamic loader reads of an ELF file, read without running anything (elf(5), the gABI, glibc's elf.h)."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from typing import BinaryIO, Optional

#: e_machine of the processors that we meet.
MACHINES = {
    3: "i386",
    21: "ppc64",
    22: "s390x",
    40: "arm",
    62: "x86_64",
    183: "aarch64",
    243: "riscv",
    258: "loongarch",
}

_PT_LOAD, _PT_DYNAMIC, _PT_INTERP, _PT_TLS, _PT_GNU_STACK = 1, 2, 3, 7, 0x6474E551
_DT_NEEDED, _DT_STRTAB, _DT_SONAME, _DT_RPATH, _DT_RUNPATH, _DT_FLAGS = 1, 5, 14, 15, 29, 30
_DT_VERNEED, _DT_VERNEEDNUM = 0x6FFFFFFE, 0x6FFFFFFF
_DF_STATIC_TLS = 0x10
_EXECUTABLE = 1
_LONGEST_NAME = 4096
_MOST_ENTRIES = 4096


class ElfError(ValueError):
    """The file is not ELF, or is damaged where the loader would read it."""


@dataclass(frozen=True)
class Segment:
    """One program header."""

    kind: int
    flags: int
    offset: int
    address: int
    file_bytes: int
    memory_bytes: int


@dataclass(frozen=True)
class Elf:
    """What the loader goes by. Sizes are bytes."""

    bits: int
    little: bool
    machine: str
    size: int
    end: int  #: where the headers say that the file ends
    interpreter: str = ""
    soname: str = ""
    needed: tuple[str, ...] = ()
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()
    versions: dict[str, tuple[str, ...]] = field(default_factory=dict)  #: soname: the versions that are needed of it
    stack_flags: Optional[int] = None  #: None without GNU_STACK
    tls_bytes: int = 0
    static_tls: bool = False

    @property
    def cut(self) -> bool:
        """Whether the file is shorter than its own headers say."""
        return self.size < self.end

    @property
    def executable_stack(self) -> bool:
        """Whether it asks for an executable stack."""
        return self.stack_flags is not None and bool(self.stack_flags & _EXECUTABLE)

    @property
    def musl(self) -> Optional[bool]:
        """Whether it is linked to musl; None where it says nothing."""
        names = (*self.needed, os.path.basename(self.interpreter))
        if any(name.startswith(("libc.musl-", "ld-musl-")) for name in names):
            return True
        return False if any(name.startswith(("libc.so.6", "ld-linux", "ld64.so")) for name in names) else None

    def newest(self, prefix: str) -> str:
        """The highest needed version of a family: newest("GLIBC_") is "2.34", "" where none is needed."""
        found = [name[len(prefix) :] for names in self.versions.values() for name in names if name.startswith(prefix)]
        numbers = [name for name in found if name and all(part.isdigit() for part in name.split("."))]
        return max(numbers, key=lambda name: [int(part) for part in name.split(".")], default="")


def read(path: str) -> Elf:
    """The file at a path. Raises ElfError, and OSError where it cannot be read."""
    with open(path, "rb") as stream:
        return parse(stream, os.fstat(stream.fileno()).st_size)


def whole(path: str) -> bool:
    """Whether a file is ELF and as long as its headers say."""
    try:
        return not read(path).cut
    except (OSError, ElfError):
        return False


def parse(stream: BinaryIO, size: int) -> Elf:
    """An ELF file of `size` bytes; reads its headers and the names it needs, a few kilobytes. Raises ElfError."""
    try:
        return _Reader(stream, size).elf()
    except (struct.error, OverflowError, IndexError) as error:
        raise ElfError(f"damaged headers: {error}") from error


class _Reader:
    def __init__(self, stream: BinaryIO, size: int) -> None:
        self.stream = stream
        self.size = size
        start = self.bytes(0, 16)
        if start[:4] != b"\x7fELF":
            raise ElfError(_not_elf(start, size))
        if start[4] not in (1, 2) or start[5] not in (1, 2):
            raise ElfError("unknown class or byte order")
        self.wide = start[4] == 2  # noqa: PLR2004 - ELFCLASS64
        self.order = "<" if start[5] == 1 else ">"

    def bytes(self, offset: int, length: int) -> bytes:
        """At most `length` bytes; nothing outside of the file."""
        if not 0 <= offset < self.size:
            return b""
        self.stream.seek(offset)
        return self.stream.read(length)

    def unpack(self, form: str, offset: int) -> tuple[int, ...]:
        """Numbers at an offset; struct.error where the file ends before."""
        form = self.order + form
        return struct.unpack(form, self.bytes(offset, struct.calcsize(form)))

    def elf(self) -> Elf:
        machine = self.unpack("H", 18)[0]
        if self.wide:
            table, sections = self.unpack("QQ", 32)
            entry, count, section_size, section_count = self.unpack("HHHH", 54)
        else:
            table, sections = self.unpack("II", 28)
            entry, count, section_size, section_count = self.unpack("HHHH", 42)
        segments = [self.segment(table + number * entry) for number in range(min(count, _MOST_ENTRIES))]
        end = max(
            [sections + section_size * section_count if sections else 0]
            + [each.offset + each.file_bytes for each in segments if each.kind == _PT_LOAD]
        )
        found = {each.kind: each for each in segments}
        interpreter = found.get(_PT_INTERP)
        stack, tls = found.get(_PT_GNU_STACK), found.get(_PT_TLS)
        common = {
            "bits": 64 if self.wide else 32,
            "little": self.order == "<",
            "machine": MACHINES.get(machine, f"machine {machine}"),
            "size": self.size,
            "end": end,
            "interpreter": self.string(interpreter.offset) if interpreter else "",
            "stack_flags": stack.flags if stack else None,
            "tls_bytes": tls.memory_bytes if tls else 0,
        }
        dynamic = found.get(_PT_DYNAMIC)
        if dynamic is None or end > self.size:
            return Elf(**common)  # type: ignore[arg-type]  # one dictionary for fields of several types
        return Elf(**common, **self.dynamic(dynamic, segments))  # type: ignore[arg-type]  # the same

    def segment(self, offset: int) -> Segment:
        if self.wide:
            kind, flags, start, address, _, size, memory, _ = self.unpack("IIQQQQQQ", offset)
        else:
            kind, start, address, _, size, memory, flags, _ = self.unpack("IIIIIIII", offset)
        return Segment(kind, flags, start, address, size, memory)

    def dynamic(self, where: Segment, segments: list[Segment]) -> dict[str, object]:
        """The entries of the dynamic section, with their strings."""
        form = "qQ" if self.wide else "iI"
        step = struct.calcsize("<" + form)
        entries: list[tuple[int, int]] = []
        for number in range(min(where.file_bytes // step, _MOST_ENTRIES)):
            tag, value = self.unpack(form, where.offset + number * step)
            if tag == 0:
                break
            entries.append((tag, value))
        last = dict(entries)
        strings = _place(last.get(_DT_STRTAB, 0), segments)

        def text(tag: int) -> list[str]:
            return [self.string(strings + value) for key, value in entries if key == tag]

        return {
            "needed": tuple(text(_DT_NEEDED)),
            "soname": "".join(text(_DT_SONAME)[:1]),
            "rpath": _folders(text(_DT_RPATH)),
            "runpath": _folders(text(_DT_RUNPATH)),
            "static_tls": bool(last.get(_DT_FLAGS, 0) & _DF_STATIC_TLS),
            "versions": self.needed_versions(
                _place(last[_DT_VERNEED], segments), strings, min(last.get(_DT_VERNEEDNUM, 0), _MOST_ENTRIES)
            )
            if _DT_VERNEED in last
            else {},
        }

    def needed_versions(self, offset: int, strings: int, count: int) -> dict[str, tuple[str, ...]]:
        """Verneed and Vernaux: which versions of which library."""
        found: dict[str, tuple[str, ...]] = {}
        for _ in range(count):
            _, names, library, first, following = self.unpack("HHIII", offset)
            place, versions = offset + first, []
            for _ in range(min(names, _MOST_ENTRIES)):
                _, _, _, name, further = self.unpack("IHHII", place)
                versions.append(self.string(strings + name))
                place += further
            found[self.string(strings + library)] = tuple(versions)
            offset += following
            if not following:
                break
        return found

    def string(self, offset: int) -> str:
        """The text up to the next NUL."""
        return self.bytes(offset, _LONGEST_NAME).split(b"\0", 1)[0].decode("utf-8", "replace")


def _place(address: int, segments: list[Segment]) -> int:
    """Where in the file an address of memory comes from."""
    for each in segments:
        if each.kind == _PT_LOAD and each.address <= address < each.address + each.file_bytes:
            return each.offset + address - each.address
    raise ElfError(f"the dynamic section points outside of the file ({address:#x})")


def _folders(texts: list[str]) -> tuple[str, ...]:
    return tuple(folder for text in texts for folder in text.split(":") if folder)


def _not_elf(start: bytes, size: int) -> str:
    if not size:
        return "empty"
    if start.startswith(b"version https://"):
        return "a Git LFS pointer, not the library"
    if start.startswith(b"!<arch>"):
        return "a static archive, no shared library"
    if start.startswith((b"/* GNU ld", b"INPUT", b"GROUP", b"OUTPUT")):
        return "a linker script, no shared library"
    if not start.strip(b"\0"):
        return "its beginning is zeros"
    return "no ELF header"
