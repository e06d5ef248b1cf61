"""What every probe shares: marks on standard output, the measuring, the request and the answer.

Standard library only: with probe_reference and one probe this text is fed to the interpreter of a stack, which knows
nothing of dnnready. A probe prints, each on a line of its own,

    dnnready:begin NAME MODE PHASE      before a convolution, PHASE being checked, timed or control
    dnnready:end NAME MODE PHASE        after it
    dnnready:result {...}               one JSON object, at the end

and flushes C's streams before each of them: so the lines that the DNN library writes by printf(3) stand between the
marks of the convolution that caused them.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Callable, Optional

from .probe_reference import Shape, compare, operations

#: Raised whenever a probe asks or answers something else: stored proofs of an older kind no longer hold.
PROBE_VERSION = 2


def say(text: str) -> None:
    """One line on standard output, after everything that Python or C wrote before."""
    flush_streams()
    os.write(1, f"\n{text}\n".encode())


def flush_streams() -> None:
    """Python's and C's buffers: the DNN library prints through the latter."""
    sys.stdout.flush()
    ctypes.CDLL(None).fflush(None)


@contextmanager
def marked(shape: Shape, mode: str, phase: str) -> Iterator[None]:
    """Marks around a convolution, so that the lines between them are known to be its own."""
    say(f"dnnready:begin {shape['name']} {mode} {phase}")
    try:
        yield
    finally:
        say(f"dnnready:end {shape['name']} {mode} {phase}")


@contextmanager
def recorded(record: dict[str, Any]) -> Iterator[None]:
    """A convolution that raises is a finding, not the end of the probe."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - frameworks raise classes of their own, all of them are findings
        record["error"] = f"{type(error).__name__}: {error}"[:2000]


def cpu_seconds(work: Callable[[], Any], repeats: int) -> list[float]:
    """CPU seconds of the whole process (all threads) for each call."""
    taken = []
    for _ in range(repeats):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return taken


def examine(
    shape: Shape,
    mode: str,
    repeats: int,
    prepare: Callable[[], tuple[Any, ...]],
    timing: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> dict[str, Any]:
    """Run one convolution: once between marks and checked, then timed inside `timing()`.

    `prepare` returns (run, read): `run()` convolves, `read(result)` returns Tensors. Without repeats nothing is timed.
    """
    record: dict[str, Any] = {"name": shape["name"], "mode": mode, "operations": operations(shape)}
    with recorded(record):
        run, read = prepare()
        with marked(shape, mode, "checked"):
            result = run()
        tensors = read(result)
        record["output_shape"] = list(tensors.output_shape)
        record["numbers"] = compare(shape, tensors)
        if repeats:
            with timing(), marked(shape, mode, "timed"):
                run()
                record["cpu_seconds"] = cpu_seconds(run, repeats)
    return record


def libraries() -> list[str]:
    """Files of the shared libraries in this process; empty where /proc is not readable."""
    found = set()
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as stream:
            for line in stream:
                path = line.rstrip("\n").split(maxsplit=5)[-1]
                if path.startswith("/") and ".so" in path:
                    found.add(path)
    except OSError:
        return []
    return sorted(found)


def affinity() -> Optional[int]:
    """How many CPUs this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


def spread(count: int, seed: int, scale: float = 1.0) -> list[float]:
    """Numbers between -scale and scale from a fixed generator, repeated after a prime number of them."""
    period = min(count, 8191)
    state = seed
    values = []
    for _ in range(period):
        state = (state * 1103515245 + 12345) % 2**31
        values.append(scale * ((state >> 7) / 2**23 - 1.0))
    return (values * (count // period + 1))[:count]


def main(probe: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer the request given as the first argument, or on standard input: {shapes, repeats}."""
    text = sys.argv[1] if len(sys.argv) > 1 else sys.stdin.read()
    result = probe(json.loads(text))
    result["libraries"] = libraries()
    say("dnnready:result " + json.dumps(result, sort_keys=True))
