"""What the dynamic loader says of itself: ld.so(8) with LD_TRACE_LOADED_OBJECTS and LD_DEBUG=libs; musl's --list."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_PICKED = re.compile(r"^\s+(\S.*?) => (/.*?) \(0x[0-9a-f]+\)$", re.MULTILINE)
_MISSING = re.compile(r"^\s+(\S.*?) => not found$", re.MULTILINE)
_MUSL_MISSING = re.compile(r"Error loading shared library ([^:]+): [^(]*\(needed by (.+)\)")
_VERSION = re.compile(r"(/?[^\s:]+): version [`']([^']+)' not found \(required by ([^)]+)\)")
_IGNORED = re.compile(r"object '(.+)' from LD_PRELOAD cannot be preloaded \((.+)\): ignored")
_FATAL = re.compile(r"error while loading shared libraries: ([^:\n]+): (.+)$", re.MULTILINE)
_UNDEFINED = re.compile(r"undefined symbol: ([^\s,]+)(?:, version (\S+))?\s+\((.+)\)$", re.MULTILINE)
_MUSL_UNDEFINED = re.compile(r"Error relocating (.+): (\S+): symbol not found")
_FIND = re.compile(r"find library=(.+) \[\d+\]; searching")
_SEARCH = re.compile(r"search (?:path=.*\t\t\((.+)\)|cache=(\S+))")
_DETAIL = re.compile(r"\s*\d+:\t")
_TRY = re.compile(r"trying file=(.+)$")


@dataclass
class Trace:
    """What the loader took, and what it did not find."""

    picked: dict[str, str] = field(default_factory=dict)  #: soname: path
    reasons: dict[str, str] = field(default_factory=dict)  #: soname: why that path, in the loader's words
    missing: list[str] = field(default_factory=list)
    versions: list[tuple[str, str, str]] = field(default_factory=list)  #: (file, version that it lacks, needed by)
    ignored: list[tuple[str, str]] = field(default_factory=list)  #: (file that cannot be loaded, why)
    undefined: list[tuple[str, str]] = field(default_factory=list)  #: (symbol, needed by)
    signal: str = ""  #: that ended the loader itself


def parse(output: str, debug: str) -> Trace:
    """The trace on the standard output, and the words of LD_DEBUG with errors on the other stream. Never raises."""
    # LD_DEBUG writes thousands of lines, and repeats in them the errors that the loader prints anyway.
    both = "\n".join([output, *(line for line in debug.splitlines() if not _DETAIL.match(line))])
    fatal = _FATAL.findall(both)
    return Trace(
        picked=dict(_PICKED.findall(output)),
        reasons=_reasons(debug),
        missing=list(
            dict.fromkeys(
                [
                    *_MISSING.findall(output),
                    *(name.strip() for name, _ in _MUSL_MISSING.findall(both)),
                    *(name for name, why in fatal if "cannot open" in why and "/" not in name),
                ]
            )
        ),
        versions=list(dict.fromkeys(_VERSION.findall(both))),
        ignored=list(dict.fromkeys([*_IGNORED.findall(both), *(each for each in fatal if "/" in each[0])])),
        undefined=list(
            dict.fromkeys(
                [(symbol, path) for symbol, _, path in _UNDEFINED.findall(both)]
                + [(symbol, path) for path, symbol in _MUSL_UNDEFINED.findall(both)]
            )
        ),
    )


def _reasons(debug: str) -> dict[str, str]:
    """Why each library was found where it was: the search that was on when its last file was tried."""
    reasons: dict[str, str] = {}
    name = search = ""
    for line in debug.splitlines():
        found = _FIND.search(line)
        if found:
            name, search = found[1], ""
            continue
        where = _SEARCH.search(line)
        if where:
            search = where[1] or where[2]
        elif name and search and _TRY.search(line):
            reasons[name] = search
    return reasons
