"""Finding and loading a shared library without a framework; for the probes of oneDNN and MKL alone.

Standard library only, see probe_common.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import glob
import os
import sys
from array import array
from collections.abc import Sequence
from typing import Any


def candidates(stem: str, sonames: Sequence[str]) -> list[str]:
    """Where a library may be: LD_LIBRARY_PATH, this environment's lib, the loader's cache, then bare names.

    In a folder the names come first that programs are linked to: some wheels have a copy under each name.
    """
    found: list[str] = []
    folders = [*os.environ.get("LD_LIBRARY_PATH", "").split(":"), os.path.join(sys.prefix, "lib")]
    for folder in filter(None, folders):
        files = glob.glob(os.path.join(glob.escape(folder), f"{stem}.so*"))
        found.extend(sorted(files, key=lambda path: (os.path.basename(path) not in sonames, len(path), path)))
    known = ctypes.util.find_library(stem[3:])
    return list(dict.fromkeys([*found, *([known] if known else []), *sonames]))


def load(stem: str, sonames: Sequence[str]) -> Any:
    """The first candidate that loads; OSError with what the loader said of each otherwise."""
    said = []
    for name in candidates(stem, sonames):
        try:
            return ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
        except OSError as error:
            said.append(str(error))
    raise OSError("; ".join(dict.fromkeys(said)))


def pointer(buffer: array[float]) -> Any:
    """A float32 array for C, without a copy; it keeps the array alive."""
    return (ctypes.c_float * len(buffer)).from_buffer(buffer)
