"""Runs a probe in the interpreter of a stack, and sorts what it printed.

The child gets the release's own environment and little else: no PYTHONPATH, no user site, a temporary directory as
home and working directory (Keras writes into the home), no byte code written. So a proof changes nothing on the host,
and nothing of the caller's shell leaks into it. The diagnosis wants the opposite, what a program really meets: then
the given environment is all of it, and the child starts where and how the program does.
"""

from __future__ import annotations

import importlib.abc
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Optional, Union, cast

from .. import process
from . import (
    mkl_verbose,
    probe_common,
    probe_library,
    probe_mkl,
    probe_onednn,
    probe_onednn_library,
    probe_pytorch,
    probe_reference,
    probe_tensorflow,
    verbose,
)

#: The texts that make a probe; the last one is its program. Named imports, so that AnsiballZ ships them.
MODULES: dict[str, tuple[ModuleType, ...]] = {
    "onednn": (probe_reference, probe_common, probe_library, probe_onednn_library, probe_onednn),
    "mkl": (probe_reference, probe_common, probe_library, probe_mkl),
    "pytorch": (probe_reference, probe_common, probe_pytorch),
    "tensorflow": (probe_reference, probe_common, probe_tensorflow),
}

#: Switched on before the start: the libraries read them once, when they are loaded.
VERBOSE = {
    "mkl": {"MKL_VERBOSE": "1"},
    "": {"ONEDNN_VERBOSE": "1", "DNNL_VERBOSE": "1", "MKLDNN_VERBOSE": "1"},
}

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_UNWANTED = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONINSPECT")

#: Puts the texts into a package of their own, so that their relative imports work without dnnready installed.
_BUNDLE = """\
import sys, types
package = types.ModuleType("dnnready_probe")
package.__path__ = []
sys.modules["dnnready_probe"] = package
sys.argv = ["dnnready_probe", {request!r}]
for name, text in {sources!r}:
    last = name == {program!r}
    module = types.ModuleType("__main__" if last else "dnnready_probe." + name)
    module.__package__ = "dnnready_probe"
    sys.modules[module.__name__] = module
    exec(compile(text, name + ".py", "exec"), module.__dict__)
"""

Key = tuple[str, str, str]  #: name, mode and phase of a convolution
Line = Union[verbose.Record, mkl_verbose.Call]


@dataclass
class Observation:
    """What a probe and the library under it printed."""

    result: Optional[dict[str, Any]] = None  #: the probe's own answer; None where it did not come to its end
    header: Union[verbose.Header, mkl_verbose.Header] = field(default_factory=verbose.Header)
    lines: dict[Key, list[Line]] = field(default_factory=dict)  #: convolutions that the library ran, by the marks
    unfinished: Optional[Key] = None  #: the convolution during which the output ended
    errors: list[str] = field(default_factory=list)  #: what the library reported as errors

    def of(self, name: str, mode: str, phase: str) -> list[Line]:
        """The library's lines about convolutions between the marks."""
        return self.lines.get((name, mode, phase), [])

    def silent(self, phase: str) -> Optional[bool]:
        """Whether no convolution of a phase was run by the library; None where the phase did not happen."""
        found = [lines for key, lines in self.lines.items() if key[2] == phase]
        return not any(found) if found else None


@dataclass(frozen=True)
class Run:
    """A probe that ended, one way or another."""

    completed: process.Completed
    observation: Observation


@dataclass(frozen=True)
class Surroundings:
    """Where and how the child starts. As it is: apart from everything else on the host."""

    launch: Callable[..., process.Completed] = process.run
    whole: bool = False  #: the given environment is all that the child gets
    directory: str = ""  #: where it starts; "" for a temporary directory


APART = Surroundings()


def run(
    probe: str,
    python: str,
    request: Mapping[str, Any],
    environment: Mapping[str, str],
    timeout: float,
    *,
    surroundings: Surroundings = APART,
) -> Run:
    """Run a probe under `python` for `timeout` seconds at most.

    Raises DnnreadyError only where the interpreter cannot be started at all.
    """
    with tempfile.TemporaryDirectory(prefix="dnnready-probe-") as directory:
        variables = whole_environment if surroundings.whole else child_environment
        completed = surroundings.launch(
            [python, "-"],
            env=variables(probe, environment, directory),
            timeout=timeout,
            stdin=bundle(MODULES[probe], request),
            cwd=surroundings.directory or directory,
        )
    return Run(completed, observe(probe, completed.stdout))


def bundle(modules: Sequence[ModuleType], request: Mapping[str, Any]) -> str:
    """One program text of a probe and its request, for the standard input of any Python."""
    sources = [(module.__name__.rpartition(".")[2], source(module)) for module in modules]
    return _BUNDLE.format(request=json.dumps(request), sources=sources, program=sources[-1][0])


def source(module: ModuleType) -> str:
    """The text of a module, wherever it was loaded from: a file, a zipapp, AnsiballZ's archive."""
    loader = cast("importlib.abc.InspectLoader", module.__spec__.loader if module.__spec__ else module.__loader__)
    return cast("str", loader.get_source(module.__name__))


def child_environment(probe: str, environment: Mapping[str, str], directory: str) -> dict[str, str]:
    """What the child sees: a little, the release's variables, and what makes the library speak."""
    wanted = {name: value for name, value in environment.items() if name not in _UNWANTED}
    return {
        "PATH": _PATH,
        "LANG": "C.UTF-8",
        **wanted,
        "HOME": directory,
        "TMPDIR": directory,
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        **VERBOSE.get(probe, VERBOSE[""]),
    }


def whole_environment(probe: str, environment: Mapping[str, str], directory: str) -> dict[str, str]:
    """What a program meets, and what makes the library speak. Keras would write into the home."""
    return {
        **environment,
        "KERAS_HOME": directory,
        "PYTHONDONTWRITEBYTECODE": "1",
        **VERBOSE.get(probe, VERBOSE[""]),
    }


def observe(probe: str, output: str) -> Observation:
    """Sort an output by the marks of the probe. Nothing in it makes this raise."""
    parser: Any = mkl_verbose.Parser() if probe == "mkl" else verbose.Parser()
    seen = Observation()
    current: Optional[Key] = None
    for line in output.splitlines():
        word, _, rest = line.partition(" ")
        if word == "dnnready:begin":
            current = _key(rest)
            if current is not None:
                seen.lines.setdefault(current, [])
        elif word == "dnnready:end":
            current = None
        elif word == "dnnready:result":
            seen.result = _answer(rest)
        else:
            records = [record for record in parser.feed(line) if is_convolution(record)]
            if current is not None:
                seen.lines[current].extend(records)
    seen.header = parser.header
    seen.errors = list(getattr(parser, "errors", []))
    seen.unfinished = current
    return seen


def is_convolution(line: Line) -> bool:
    """Whether a line of a library proves a convolution: with MKL, the multiplication that makes it."""
    if isinstance(line, mkl_verbose.Call):
        return line.routine.upper() == "SGEMM"
    return line.is_convolution


def implementation(line: Line) -> str:
    """The name under which a proof keeps what ran."""
    return f"mkl:{line.routine.lower()}" if isinstance(line, mkl_verbose.Call) else line.implementation


def _key(text: str) -> Optional[Key]:
    parts = text.split()
    return (parts[0], parts[1], parts[2]) if len(parts) == len(("name", "mode", "phase")) else None


def _answer(text: str) -> Optional[dict[str, Any]]:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) and isinstance(answer.get("convolutions"), list) else None
