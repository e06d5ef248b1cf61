"""What oneDNN prints under ONEDNN_VERBOSE: which primitive ran, by which implementation, on which memory.

Formats (each is held by a captured fixture): 3.3 and later `onednn_verbose,v1,primitive,exec,cpu,convolution,...`;
2.5 to 3.2 `onednn_verbose,exec,cpu,...`; 1.2 to 2.4 `dnnl_verbose,exec,cpu,...`; 1.0 `mkldnn_verbose,exec,cpu,...`;
0.x `mkldnn_verbose,exec,convolution,...`, without engine and attributes. Where a line `template:` (`prim_template:` up
to 3.2) came before, it names the columns. Nothing in a text makes the parser raise: what is cut or mixed is counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Optional

_START = re.compile(r"(?:onednn|dnnl|mkldnn)_verbose,")
_VERSION_MARK = re.compile(r"v\d+\Z")
_TIMESTAMP = re.compile(r"\d+\.\d+\Z")
_TEMPLATE = re.compile(r"(?:prim_)?template:(.+)\Z")
_LIBRARY = re.compile(r"(?:oneDNN|DNNL|MKL-DNN)\s+v(\d+\.\d+[\w.]*)(?:\s+\((?:commit|Git Hash)\s+([^)]*)\))?")
_DTYPE = re.compile(
    r"(.+)_(f64|f32|f16|bf16|tf32|s32|s8|u8|s4|u4|f8_e5m2|f8_e4m3|e8m0|f4_e2m1|f4_e3m0|boolean|undef)\Z"
)

_TAIL = ("memory_descriptors", "attributes", "auxiliary", "problem_desc", "exec_time")
#: Columns by their number, for libraries that print no template (2.0 and older).
_KNOWN_COLUMNS: dict[int, tuple[str, ...]] = {
    10: ("operation", "engine", "primitive", "implementation", "prop_kind", *_TAIL),
    9: ("operation", "engine", "primitive", "implementation", "prop_kind", _TAIL[0], *_TAIL[2:]),
    8: ("operation", "primitive", "implementation", "prop_kind", _TAIL[0], *_TAIL[2:]),
}
_NEEDED = ("operation", "primitive", "implementation", "exec_time")


@dataclass(frozen=True)
class Memory:
    """One memory descriptor: which argument, its dtype (f32, bf16, ...) and its layout tag (abcd, aBcd16b, nchw)."""

    argument: str
    dtype: str
    layout: str


@dataclass(frozen=True)
class Record:
    """One line about a primitive: `operation` is exec, or create:cache_miss and the like."""

    operation: str
    engine: str
    primitive: str
    implementation: str
    prop_kind: str
    memory_descriptors: str
    attributes: str
    auxiliary: str
    problem: str
    milliseconds: float
    component: str = ""
    timestamp: Optional[float] = None

    @property
    def memories(self) -> dict[str, Memory]:
        """The memory descriptors by argument: src, wei, bia, dst."""
        found = (_memory(text) for text in self.memory_descriptors.split())
        return {memory.argument: memory for memory in found}

    @property
    def is_convolution(self) -> bool:
        """Whether this line proves that a convolution was executed on the CPU."""
        return self.operation == "exec" and self.primitive == "convolution" and self.engine in ("cpu", "")

    def line(self) -> str:
        """The record as oneDNN 3 prints it; `parse` reads the same record back."""
        stamp = [] if self.timestamp is None else [f"{self.timestamp:.6f}"]
        fields = (
            self.operation,
            self.engine,
            self.primitive,
            self.implementation,
            self.prop_kind,
            self.memory_descriptors,
            self.attributes,
            self.auxiliary,
            self.problem,
            repr(self.milliseconds),
        )
        return ",".join(["onednn_verbose", "v1", *stamp, self.component or "primitive", *fields])


@dataclass(frozen=True)
class Header:
    """What a library says of itself before its first primitive; "" and None where it says nothing."""

    version: str = ""
    commit: str = ""
    runtime: str = ""
    threads: Optional[int] = None
    isa: str = ""


class Parser:
    """Reads lines one by one, as they come between the marks of a probe."""

    def __init__(self) -> None:
        self.header = Header()
        self.errors: list[str] = []  #: what the library reported as errors
        self.damaged = 0  #: lines that began well and made no sense
        self._columns: dict[str, tuple[str, ...]] = {}

    def feed(self, line: str) -> list[Record]:
        """The records in one line of output: several where lines ran into each other."""
        starts = [match.start() for match in _START.finditer(line)]
        ends = [*starts[1:], len(line)]
        records = (self._one(line[start:end].rstrip("\r\n")) for start, end in zip(starts, ends))
        return [record for record in records if record is not None]

    def _one(self, text: str) -> Optional[Record]:
        fields = text.split(",")[1:]
        marked = bool(fields and _VERSION_MARK.match(fields[0]))
        if marked:
            fields.pop(0)
        timestamp = float(fields.pop(0)) if fields and _TIMESTAMP.match(fields[0]) else None
        component = fields.pop(0) if marked and fields and fields[0] != "info" else ""
        if not fields:
            self.damaged += 1
            return None
        if fields[0] == "info":
            self._info(component, fields[1:])
            return None
        if fields[0] in ("error", "warn"):
            self.errors.append(",".join(fields[1:]))
            return None
        if component == "graph" or fields[0].endswith((":check", ":dispatch")):
            return None  # other columns, and never a proof
        record = self._record(component, fields)
        if record is None:
            self.damaged += 1
            return None
        return replace(record, timestamp=timestamp)

    def _info(self, component: str, fields: Sequence[str]) -> None:
        rest = ",".join(fields)
        template = _TEMPLATE.match(rest)
        if template:
            names = tuple(name for name in template.group(1).split(",") if name != "timestamp")
            self._columns[component] = names
            return
        library = _LIBRARY.search(rest)
        if library:
            self.header = replace(self.header, version=library.group(1), commit=library.group(2) or "")
            rest = rest[library.end() :].lstrip(",")  # 0.x: the ISA stands behind the version
            if rest and not self.header.isa:
                self.header = replace(self.header, isa=rest.strip())
        elif rest.startswith("cpu,runtime:"):
            self._runtime(rest[len("cpu,runtime:") :])
        elif rest.startswith("cpu,isa:"):
            self.header = replace(self.header, isa=rest[len("cpu,isa:") :].strip())
        elif rest.startswith("Detected ISA is "):
            self.header = replace(self.header, isa=rest[len("Detected ISA is ") :].strip())

    def _runtime(self, text: str) -> None:
        runtime, _, rest = text.partition(",")
        threads = re.search(r"nthr:(\d{1,9})", rest)
        self.header = replace(self.header, runtime=runtime, threads=int(threads.group(1)) if threads else None)

    def _record(self, component: str, fields: Sequence[str]) -> Optional[Record]:
        columns = self._columns.get(component, ())
        if len(columns) != len(fields):  # no template, or gemm_api of 2.7, which leaves out a column of its template
            columns = _KNOWN_COLUMNS.get(len(fields), ())
        if any(name not in columns for name in _NEEDED):
            return None
        values = dict(zip(columns, fields))
        try:
            milliseconds = float(values["exec_time"])
        except ValueError:
            return None
        return Record(
            operation=values["operation"],
            engine=values.get("engine", ""),
            primitive=values["primitive"],
            implementation=values["implementation"],
            prop_kind=values.get("prop_kind", ""),
            memory_descriptors=values.get("memory_descriptors", ""),
            attributes=values.get("attributes", ""),
            auxiliary=values.get("auxiliary", ""),
            problem=values.get("problem_desc", ""),
            milliseconds=milliseconds,
            component=component,
        )


@dataclass(frozen=True)
class Output:
    """A whole text, parsed."""

    header: Header
    records: tuple[Record, ...]
    errors: tuple[str, ...]
    damaged: int


def parse(text: str) -> Output:
    """Parse a whole output of a program, whatever else stands in it."""
    return parse_lines(text.splitlines())


def parse_lines(lines: Iterable[str]) -> Output:
    """As `parse`, of lines."""
    parser = Parser()
    records = [record for line in lines for record in parser.feed(line)]
    return Output(parser.header, tuple(records), tuple(parser.errors), parser.damaged)


def _memory(text: str) -> Memory:
    """3.3: `src:f32:a:blocked:abcd::f0`, 1.0 to 3.2: `src_f32::blocked:abcd:f0`, 0.x: `fsrc:nchw`, `in:f32_nchw`."""
    argument, _, rest = text.partition(":")
    parts = rest.split(":")
    old = _DTYPE.match(argument)
    if old:
        return Memory(old.group(1), old.group(2), parts[2] if len(parts) > 2 else "")  # noqa: PLR2004 - kind before it
    if len(parts) > 1:
        return Memory(argument, parts[0], parts[3] if len(parts) > 3 else "")  # noqa: PLR2004 - as above
    dtype, _, layout = rest.rpartition("_")
    return Memory(argument[1:] if argument.startswith("f") else argument, dtype, layout)
