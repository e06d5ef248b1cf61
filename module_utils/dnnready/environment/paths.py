"""Grammars of what the dynamic loader and the allocators read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .grammar import Grammar
from .said import shown

#: Stands for the directory of the release, which is not known before its id is.
RELEASE = "{release}"

#: Tunables that take words instead of a number.
_TUNABLES_OF_WORDS = ("glibc.cpu.hwcaps", "glibc.cpu.x86_ibt", "glibc.cpu.x86_shstk", "glibc.cpu.name")


def absolute(path: str) -> bool:
    """Whether a path means the same in every working directory."""
    return path.startswith("/") or path == RELEASE or path.startswith(f"{RELEASE}/")


@dataclass(frozen=True)
class PathList(Grammar):
    """Absolute directories with colons between them."""

    def words(self) -> str:
        """What each must be."""
        return "absolute directories with colons between"

    def problem(self, value: str) -> str:
        """Empty parts and relative paths both make the loader search the working directory."""
        for path in value.split(":"):
            if not path:
                return "is empty" if not value else "has an empty part, which means the working directory"
            if not absolute(path):
                return f"has the relative path {shown(path)}"
        return ""


@dataclass(frozen=True)
class Preload(Grammar):
    """Libraries with colons between them: absolute paths, or names that the loader finds by itself."""

    def words(self) -> str:
        """What each must be."""
        return "absolute paths or plain names of libraries with colons between"

    def problem(self, value: str) -> str:
        """A relative path with a slash depends on the working directory."""
        for path in re.split(r"[:\s]", value):
            if not path:
                return "is empty" if not value else "has an empty part"
            if "/" in path and not absolute(path):
                return f"has the relative path {shown(path)}"
        return ""

    @staticmethod
    def libraries(value: str) -> list[str]:
        """The parts of a value."""
        return [path for path in re.split(r"[:\s]", value) if path]


@dataclass(frozen=True)
class Tunables(Grammar):
    """GLIBC_TUNABLES: `name=number` with colons between."""

    def words(self) -> str:
        """An example."""
        return "names and numbers such as glibc.malloc.mmap_threshold=33554432, with colons between"

    def problem(self, value: str) -> str:
        """Not a name, or not a plain number: glibc knows no suffixes."""
        for item in value.split(":"):
            match = re.fullmatch(r"(glibc\.[a-z0-9_]+\.[a-z0-9_]+)=(.*)", item)
            if match is None:
                return f"has {shown(item)}, which is not name=number" if item else "is empty somewhere"
            plain = re.fullmatch(r"0x[0-9a-fA-F]{1,16}|[0-9]{1,20}", match[2])
            if not plain and match[1] not in _TUNABLES_OF_WORDS:
                return f"gives {match[1]} {shown(match[2])}, which is not a plain number"
        return ""

    @staticmethod
    def settings(value: str) -> Iterator[tuple[str, int]]:
        """Names with their numbers; those that take words have 0."""
        for item in value.split(":"):
            name, _, text = item.partition("=")
            yield name, number(text)


def number(text: str) -> int:
    """A number as strtoul(3) with base 0 reads it; 0 for what is none."""
    if re.fullmatch(r"0x[0-9a-fA-F]+", text):
        return int(text, 16)
    if re.fullmatch(r"0[0-7]*", text):
        return int(text, 8)
    return int(text) if re.fullmatch(r"[0-9]+", text) else 0


_JEMALLOC = {
    "background_thread": "true|false",
    "dirty_decay_ms": r"-1|[0-9]+",
    "muzzy_decay_ms": r"-1|[0-9]+",
    "metadata_thp": "disabled|auto|always",
    "narenas": r"default|[0-9]+(\.[0-9]+)?",
    "oversize_threshold": r"[0-9]+",
    "percpu_arena": "disabled|percpu|phycpu",
    "retain": "true|false",
    "tcache": "true|false",
    "thp": "default|always|never",
}


@dataclass(frozen=True)
class JemallocOptions(Grammar):
    """MALLOC_CONF: `key:value` with commas between; keys that are not listed above pass."""

    def words(self) -> str:
        """An example."""
        return "keys and values such as background_thread:true,dirty_decay_ms:10000"

    def problem(self, value: str) -> str:
        """Not a pair, or a value that its key does not take."""
        for item in value.split(","):
            match = re.fullmatch(r"([a-z][a-z0-9_.]*):([^:]+)", item)
            if match is None:
                return f"has {shown(item)}, which is not key:value" if item else "has an empty part"
            if not re.fullmatch(_JEMALLOC.get(match[1], ".*"), match[2]):
                return f"gives {match[1]} {shown(match[2])}, which is not {_JEMALLOC[match[1]]}"
        return ""
