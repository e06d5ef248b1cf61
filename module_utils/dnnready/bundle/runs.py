"""One convolution with everything that can speak speaking: the loader, the DNN library, the framework."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..conv2d import harness, shapes
from ..conv2d.selection import select
from ..diagnosis.target import Target
from ..process import Completed, run
from . import limits
from .bundle import Bundle

#: Variables that make each reader speak. oneDNN 3 understands `all`; oneDNN 2 reads a number, and stops at the comma.
TALK: Mapping[str, str] = {
    "ONEDNN_VERBOSE": "2,all",
    "DNNL_VERBOSE": "2",
    "MKLDNN_VERBOSE": "2",
    "MKL_VERBOSE": "1",
    "OMP_DISPLAY_ENV": "true",
    "TF_CPP_MIN_LOG_LEVEL": "0",
    "TF_CPP_MAX_VLOG_LEVEL": "1",
    "PYTHONFAULTHANDLER": "1",
    "LD_DEBUG": "libs,versions",
}
_LOADER_BYTES = 4 << 20
LONGEST = 120.0
#: Which framework a module that can be imported stands for.
MODULES = {"torch": "pytorch", "tensorflow": "tensorflow"}
#: How a shell says that a signal ended a process.
_SHELL = {"SIGILL": "Illegal instruction", "SIGSEGV": "Segmentation fault", "SIGBUS": "Bus error", "SIGKILL": "Killed"}
_WORDS = 20_000
#: Information of TensorFlow's C++ log in both of its forms, and OpenMP's settings.
_CHATTER = re.compile(
    r"I\d{4} [\d:. ]+|\d{4}-\d\d-\d\d [\d:.]+:? I "
    r"| *(?:\[host\] )?_?(?:OMP|KMP)_\w+ ?=|OPENMP DISPLAY"
)
_LOOK = "import importlib.util as u; print(*[n for n in ('torch', 'tensorflow') if u.find_spec(n)])"


def fill(bundle: Bundle, folder: str, probe: str, target: Target, within: float) -> str:
    """Run one convolution of a probe, and add its output, its end and what the loader wrote; its errors.

    Raises DnnreadyError where the interpreter cannot be started.
    """
    python = target.python
    question = {"shapes": _shapes(probe), "repeats": 0}
    with tempfile.TemporaryDirectory(prefix="dnnready-loader-") as directory:
        talk = {**TALK, "LD_DEBUG_OUTPUT": os.path.join(directory, "loader")}
        surroundings = harness.Surroundings(launch=_launch(talk))
        done = harness.run(probe, python, question, target.environment, min(within, LONGEST), surroundings=surroundings)
        loader = _loader_trace(directory)
    place = f"{folder}/conv2d-{probe}"
    ended = done.completed
    what = f"one convolution of {probe} in {python}"
    bundle.document(f"{place}/ended.json", _end(done), f"end of {what}", python, seconds=ended.wall_seconds)
    bundle.text(f"{place}/stderr.txt", ended.stderr, f"error output of {what}", python)
    bundle.text(f"{place}/stdout.txt", ended.stdout, f"output of {what}", python)
    if loader:
        bundle.text(f"{place}/loader.txt", loader, f"loader trace of {what}", "LD_DEBUG=libs,versions")
    else:
        bundle.leave_out(f"loader trace of {what}", "the loader wrote none: only glibc's has LD_DEBUG")
    return _errors(done)


def _launch(talk: Mapping[str, str]) -> Callable[..., Completed]:
    """Starts a probe with variables that win over the harness's own, which ask for less."""

    def start(argv: Sequence[str], *, env: Mapping[str, str], **rest: Any) -> Completed:
        return run(argv, env={**env, **talk}, **rest)

    return start


def frameworks(python: str, environment: Mapping[str, str]) -> list[str]:
    """The probes for the frameworks that an interpreter finds; none is imported. Raises DnnreadyError."""
    with tempfile.TemporaryDirectory(prefix="dnnready-look-") as directory:
        variables = harness.child_environment("", environment, directory)
        done = run([python, "-c", _LOOK], env=variables, timeout=60, cwd=directory)
    return [MODULES[name] for name in done.stdout.split() if name in MODULES]


def _shapes(probe: str) -> list[dict[str, Any]]:
    """The convolution that every framework sends to the DNN library on any CPU."""
    return [shape for shape in select(probe, "") if shape["name"] == shapes.CONTROL]


def _loader_trace(directory: str) -> str:
    """What the loader wrote of each process, the probe's own first: it has the smallest number."""
    texts = []
    for name in sorted(os.listdir(directory), key=lambda name: (len(name), name)):
        text, _ = limits.read(os.path.join(directory, name), _LOADER_BYTES)
        texts.append(f"# {name}\n{text}")
    return "\n".join(texts)


def _end(done: harness.Run) -> dict[str, Any]:
    ended = done.completed
    return {
        "exit_code": ended.exit_code,
        "signal": ended.signal,
        "timed_out": ended.timed_out,
        "wall_seconds": round(ended.wall_seconds, 3),
        "cpu_seconds": round(ended.cpu_seconds, 3),
        "peak_rss_bytes": ended.peak_rss_bytes,
        "result": done.observation.result,
        "unfinished": done.observation.unfinished,
        "library_errors": done.observation.errors,
        "variables": dict(TALK),
    }


def _errors(done: harness.Run) -> str:
    """Of a run that failed: what it wrote without its chatter, and its end in the words of a shell; else nothing.

    What was asked for here (graphs, settings, decisions) would be read as errors by whoever explains a log.
    """
    ended, result = done.completed, done.observation.result
    words = [str(record["error"]) for record in (result or {}).get("convolutions", []) if record.get("error")]
    if ended.ok and result is not None and not words and not done.observation.errors:
        return ""
    words += done.observation.errors
    words += [ended.stdout[-_WORDS:]] if result is None else []
    words += [_SHELL.get(ended.signal, ended.signal)] if ended.signal and not ended.timed_out else []
    spoken = (line for line in ended.stderr.splitlines() if not _CHATTER.match(line))
    return "\n".join([*spoken, *words])
