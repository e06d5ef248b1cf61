"""The convolutions of a proof: what was asked, what the library says ran, whether the numbers are right."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from . import isa, mkl_verbose, verbose, verdict
from .elsewhere import why_elsewhere
from .harness import Line, Observation, implementation
from .probe_reference import operations, output_shape


def describe(
    probe: str, asked: Sequence[Mapping[str, Any]], seen: Observation, threads: Optional[int]
) -> list[dict[str, Any]]:
    """A record for each convolution that a probe answered for, in its order."""
    wanted = {shape["name"]: shape for shape in asked}
    answers = seen.result["convolutions"] if seen.result else []
    return [
        _record(probe, wanted[answer["name"]], answer, seen, threads)
        for answer in answers
        if isinstance(answer, dict) and answer.get("name") in wanted
    ]


def evidence(records: Sequence[Mapping[str, Any]]) -> tuple[verdict.Convolution, ...]:
    """The records as the verdict sees them.

    Kernels of frameworks may sum up bfloat16 in bfloat16: where no verdict rests on such a shape, its numbers are shown
    and not judged.
    """
    return tuple(
        verdict.Convolution(
            name=record["name"] if record["mode"] in ("direct", "eager") else f"{record['name']} ({record['mode']})",
            required=record["role"] == "required",
            error=record["error"] or "",
            right=record["numbers"]["right"] if record["numbers"] and _judged(record) else None,
            implementations=tuple(record["implementations"]),
            reason=record["why"],
        )
        for record in records
    )


def _judged(record: Mapping[str, Any]) -> bool:
    return bool(record["role"] == "required" or record["dtype"] == "float32" or record["implementations"])


def _record(
    probe: str, shape: Mapping[str, Any], answer: Mapping[str, Any], seen: Observation, threads: Optional[int]
) -> dict[str, Any]:
    mode = str(answer.get("mode", ""))
    lines = seen.of(shape["name"], mode, "checked")
    names = list(dict.fromkeys(map(implementation, lines)))
    taken = _median(answer.get("cpu_seconds"))
    timed = set(map(implementation, seen.of(shape["name"], mode, "timed")))
    same = timed == set(names)  # with one thread, frameworks may send a shape elsewhere
    error = answer.get("error")
    elsewhere = "" if names or error else why_elsewhere(probe, shape, threads)
    if any(map(isa.is_reference, names)):
        elsewhere = "The library has no kernel for it on this CPU and ran plain C++."
    record = {
        "name": shape["name"],
        "about": shape["about"],
        "mode": mode,
        "role": shape["role"],
        "input": shape["input"],
        "filters": shape["filters"],
        "kernel": shape["kernel"],
        "stride": shape["stride"],
        "padding": shape["padding"],
        "dilation": shape["dilation"],
        "groups": shape["groups"],
        "dtype": shape["dtype"],
        "layout": shape["layout"],
        "output_expected": list(output_shape(shape)),
        "output": answer.get("output_shape"),
        "implementations": names,
        "isa": [found for found in map(isa.of_implementation, names) if found],
        "memory": _memory(lines),
        "problem": _problem(lines),
        "numbers": answer.get("numbers"),
        "operations": operations(shape),
        "cpu_seconds": taken if same else None,
        "gflops_per_cpu_second": operations(shape) / taken / 1e9 if taken and same else None,
        "why": elsewhere,
        "error": str(error) if error else None,
    }
    late = answer.get("environment_inside")
    if late:
        record["environment_inside"] = _late(late, seen)
    return record


def _median(values: Any) -> Optional[float]:
    return statistics.median(values) if isinstance(values, list) and values else None


def _memory(lines: Sequence[Line]) -> dict[str, str]:
    """dtype and layout of source, weights and destination, as the library names them: {"src": "f32 acdb"}."""
    for line in lines:
        if isinstance(line, verbose.Record):
            return {
                name: f"{memory.dtype} {memory.layout}".strip()
                for name, memory in line.memories.items()
                if memory.layout and memory.dtype != "undef"
            }
    return {}


def _problem(lines: Sequence[Line]) -> str:
    for line in lines:
        if isinstance(line, verbose.Record):
            return line.problem
        if isinstance(line, mkl_verbose.Call):
            return "x".join(map(str, line.sizes or ()))
    return ""


#: Libraries that read KMP_ variables at all.
_READS_KMP = ("libiomp5", "libomp.", "libomp5", "libomp-")


def openmp(libraries: Sequence[str]) -> list[str]:
    """The OpenMP runtimes among the files of a process."""
    names = (path.rsplit("/", 1)[-1] for path in libraries)
    return sorted({name for name in names if name.startswith(("libgomp", *_READS_KMP))})


def _late(late: Mapping[str, Any], seen: Observation) -> dict[str, Any]:
    """What came of variables that were set from inside the program."""
    runtimes = openmp((seen.result or {}).get("libraries", []))
    moved = late.get("affinity_before") != late.get("affinity_after")
    readers = [name for name in runtimes if name.startswith(_READS_KMP)]
    if moved:
        text = "It changed the CPUs that this process may use."
    elif readers:
        text = f"Too late: {readers[0]} read its variables when it was loaded. Set it before the program starts."
    else:
        loaded = f" ({', '.join(runtimes)} does not know it)" if runtimes else ""
        text = f"Nothing in this process reads it: Intel's OpenMP runtime is not loaded{loaded}."
    return {"set": dict(late.get("set", {})), "effect": moved, "text": text}
