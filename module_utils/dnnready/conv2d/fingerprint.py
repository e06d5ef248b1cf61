"""What a proof was made with, so that an unchanged release need not be proven again.

A fingerprint holds while release, kernel, CPU, C library, probes and every loaded file (path, size, modification time)
are as they were. Looking costs a page of /proc/cpuinfo and one stat(2) per file: about a millisecond.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Optional

from ..files import canonical_json, sha256_text
from .probe_common import PROBE_VERSION
from .shapes import DEFAULT

#: One CPU's part of /proc/cpuinfo: reading all of it takes long where there are many.
_PAGE = 8192
_FIELDS = ("vendor_id", "model name", "flags", "CPU implementer", "CPU part", "Features", "isa", "uarch")


def fingerprint(release: str, libraries: Iterable[str], request: Mapping[str, Any]) -> dict[str, Any]:
    """The fingerprint of a proof that is being made; `libraries` are the files that its processes had loaded.

    `request` is what was asked: probes, shapes and environment. A temporary file that is gone again is left out.
    """
    looked = ((path, _stat(path)) for path in sorted(set(libraries)))
    return {
        "release": release,
        **local(),
        "request": sha256_text(canonical_json(request)),
        "files": [[path, *found] for path, found in looked if found is not None],
    }


def local(root: str = "/") -> dict[str, str]:
    """The machine's part: kernel, CPU, C library and the probes of this version of dnnready."""
    return {
        "kernel": " ".join((os.uname().sysname, os.uname().release, os.uname().machine)),
        "cpu": sha256_text(_cpu(os.path.join(root, "proc/cpuinfo"))),
        "libc": _libc(),
        "probes": sha256_text(canonical_json([PROBE_VERSION, DEFAULT])),
    }


#: What changed, in a user's words.
_WORDS = {
    "release": "the release is another one",
    "kernel": "the kernel is another one",
    "cpu": "the CPU is another one",
    "libc": "the C library is another one",
    "probes": "dnnready proves differently now",
}


def holds(proof: Any, release: str, request: Optional[Mapping[str, Any]] = None) -> tuple[bool, str]:
    """Whether a stored proof still speaks of this release on this machine, and why not.

    With `request` it must also have been asked for the same probes, shapes and environment. A proof that says
    `broken` never holds: what broke it, such as memory or a time limit, may be over.
    """
    kept = proof.get("fingerprint") if isinstance(proof, Mapping) else None
    if not isinstance(kept, Mapping) or proof.get("schema") != "dnnready/proof/1":
        return False, "there is no proof"
    if proof.get("verdict") == "broken":
        return False, "the last verdict was broken"
    now = {"release": release, **local()}
    for part, words in _WORDS.items():
        if kept.get(part) != now[part]:
            return False, words
    if request is not None and kept.get("request") != sha256_text(canonical_json(request)):
        return False, "other probes, shapes or variables are asked for"
    return _files(kept.get("files"))


def _files(entries: Any) -> tuple[bool, str]:
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        return False, "there is no proof"
    for entry in entries:
        if not isinstance(entry, Sequence) or len(entry) != len(("path", "size", "mtime")):
            return False, "there is no proof"
        found = _stat(str(entry[0]))
        if found is None:
            return False, f"{entry[0]} is gone"
        if found != list(entry[1:]):
            return False, f"{entry[0]} was replaced"
    return True, ""


def _stat(path: str) -> Optional[list[int]]:
    try:
        status = os.stat(path)
    except OSError:
        return None
    # Whole seconds: the layers of an image and most copies keep no more.
    return [status.st_size, int(status.st_mtime)]


def _cpu(path: str) -> str:
    """The lines about the first CPU that say which one it is; frequencies change by themselves."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            first = stream.read(_PAGE).split("\n\n", 1)[0]
    except OSError:
        return ""
    return "\n".join(line for line in first.splitlines() if line.partition(":")[0].strip() in _FIELDS)


def _libc() -> str:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (OSError, ValueError):
        return ""  # musl
