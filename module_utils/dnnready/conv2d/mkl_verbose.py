"""What MKL prints under MKL_VERBOSE: which routine ran, on which sizes, with how many threads.

A header comes first (version, the architecture that it dispatches to, interface and threading layer), then a line for
each call: `MKL_VERBOSE SGEMM(N,N,676,32,28,...) 3.74ms CNR:OFF Dyn:1 FastMM:1 TID:0  NThr:2`. Nothing in a text makes
the parser raise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Optional

_HEADER = re.compile(
    r"MKL_VERBOSE (?:oneMKL|Intel\(R\) (?:oneAPI )?(?:MKL|Math Kernel Library))\s+(?:Version\s+)?"
    r"(\d{4}(?:\.\d+)?(?: Update \d+)?)(?: Patch \d+)?(.*?) for Intel\(R\) 64 architecture (.*), \w+ [\d.]+GHz(.*)"
)
_CALL = re.compile(r"MKL_VERBOSE ([A-Za-z_]\w*)\(([^()]*)\) ([\d.]+(?:e[+-]?\d+)?)(ns|us|ms|s)\b(.*)")
_THREADS = re.compile(r"\bNThr:(\d{1,9})")
_MILLISECONDS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3}


@dataclass(frozen=True)
class Header:
    """What the library says of itself: "2026 Update 2", the text of its ISA, "intel_thread"."""

    version: str = ""
    isa: str = ""
    threading: str = ""


@dataclass(frozen=True)
class Call:
    """One call of a routine."""

    routine: str
    arguments: tuple[str, ...]
    milliseconds: float
    threads: Optional[int]

    @property
    def sizes(self) -> Optional[tuple[int, int, int]]:
        """M, N and K of a matrix multiplication as the Fortran interface counts them."""
        try:
            m, n, k = (int(argument) for argument in self.arguments[2:5])
        except ValueError:
            return None
        return (m, n, k)

    def line(self) -> str:
        """The call as MKL prints it; `parse` reads the same call back."""
        threads = "" if self.threads is None else f" NThr:{self.threads}"
        return f"MKL_VERBOSE {self.routine}({','.join(self.arguments)}) {self.milliseconds!r}ms CNR:OFF{threads}"


class Parser:
    """Reads lines one by one, as they come between the marks of a probe."""

    def __init__(self) -> None:
        self.header = Header()

    def feed(self, line: str) -> list[Call]:
        """The call in one line of output, if there is one."""
        at = line.find("MKL_VERBOSE ")
        if at < 0:
            return []
        text = line[at:]
        header = _HEADER.match(text)
        if header:
            layers = header.group(4).split()
            self.header = Header(header.group(1), header.group(3).strip(), layers[-1] if layers else "")
            return []
        call = _CALL.match(text)
        if not call:
            return []
        try:
            milliseconds = float(call.group(3)) * _MILLISECONDS[call.group(4)]
        except ValueError:
            return []
        threads = _THREADS.search(call.group(5))
        arguments = tuple(call.group(2).split(","))
        return [Call(call.group(1), arguments, milliseconds, int(threads.group(1)) if threads else None)]


def parse(text: str) -> tuple[Header, tuple[Call, ...]]:
    """Parse a whole output of a program, whatever else stands in it."""
    return parse_lines(text.splitlines())


def parse_lines(lines: Iterable[str]) -> tuple[Header, tuple[Call, ...]]:
    """As `parse`, of lines."""
    parser = Parser()
    calls = tuple(call for line in lines for call in parser.feed(line))
    return parser.header, calls
