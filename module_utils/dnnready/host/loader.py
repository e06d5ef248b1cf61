"""Where the dynamic loader of glibc finds a library: its cache, then the usual directories."""

from __future__ import annotations

import os
import struct
from typing import Optional

from .machine import Machine

_MAGIC = b"glibc-ld.so.cache1.1"
#: Header: magic, number of entries, length of the strings, flags, three bytes, extension offset, three words.
_HEADER = struct.Struct("=20sIIB3xI12x")
#: Entry: flags, offset of the name, offset of the path (both from the header), OS version, hardware capabilities.
_ENTRY = struct.Struct("=iIIIQ")
_ARCHITECTURE_MASK = 0xFF00
#: sysdeps/generic/ldconfig.h: FLAG_X8664_LIB64, FLAG_AARCH64_LIB64, FLAG_POWERPC_LIB64, FLAG_S390_LIB64,
#: FLAG_RISCV_FLOAT_ABI_DOUBLE.
_ARCHITECTURES = {"x86_64": 0x0300, "aarch64": 0x0A00, "ppc64le": 0x0500, "s390x": 0x0400, "riscv64": 0x1000}


def cached(data: bytes, name: str, architecture: str) -> list[str]:
    """The paths of a library in the bytes of /etc/ld.so.cache, those of the architecture alone where it is known.

    Raises ValueError where the bytes are not such a cache.
    """
    start = data.find(_MAGIC)  # older glibc writes an old-format table in front
    if start < 0 or len(data) < start + _HEADER.size:
        raise ValueError("ld.so.cache has an unknown format")
    _, count, _, _, _ = _HEADER.unpack_from(data, start)
    wanted = _ARCHITECTURES.get(architecture)
    first = start + _HEADER.size
    if first + count * _ENTRY.size > len(data):
        raise ValueError("ld.so.cache is cut off")
    found = []
    for flags, key, value, _, _ in _ENTRY.iter_unpack(data[first : first + count * _ENTRY.size]):
        if wanted is not None and flags & _ARCHITECTURE_MASK != wanted:
            continue
        if _string(data, start + key) == name:
            found.append(_string(data, start + value))
    return found


def _string(data: bytes, offset: int) -> str:
    end = data.find(b"\0", offset)
    return data[offset:end].decode("utf-8", "replace") if 0 <= offset <= end else ""


def find(machine: Machine, name: str, architecture: str) -> Optional[str]:
    """The file that the loader would take for a library (without LD_LIBRARY_PATH), None where there is none."""
    paths = []
    try:
        with open(machine.path("/etc/ld.so.cache"), "rb") as stream:
            paths = cached(stream.read(), name, architecture)
    except (OSError, ValueError):
        pass  # images without ldconfig: the loader then goes by its built-in directories
    triplet = f"{architecture}-linux-gnu"
    paths += [f"{directory}/{name}" for directory in (f"/lib/{triplet}", f"/usr/lib/{triplet}", "/lib64", "/usr/lib64")]
    paths += [f"{directory}/{name}" for directory in ("/lib", "/usr/lib", "/usr/local/lib")]
    return next((path for path in paths if os.path.isfile(machine.path(path))), None)
