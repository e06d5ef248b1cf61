"""What to do about a cause on this target: one command or one variable, and what healing may do by itself.

An action is plain data, carried by the finding: {kind, foreign, ...}. `foreign`: it touches what belongs to the
user, which healing leaves alone unless it is told otherwise. Kinds: release, packages, environment, readable, pip,
line (a line of a file that sets a variable), dropin (a drop-in of a systemd service).
"""

from __future__ import annotations

import glob
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Optional

from . import debian, libraries, pip_commands
from .causes import CAUSES
from .probe import Case
from .targets import login, stack


@dataclass(frozen=True)
class Way:
    """What to do, in words with a command in them, and the same for a program; "" and None where only advice helps."""

    text: str = ""
    action: Optional[dict[str, Any]] = None


NONE = Way()
_VARIABLE = frozenset(
    (
        "invalid_env_value",
        "isa_below_cpu",
        "onednn_not_enabled_at_runtime",
        "mkl_threading_layer_conflict",
        "dnn_library_version_conflict",
        "libstdcxx_too_old",
        "openmp_runtime_conflict",
        "undefined_symbol_mkl",
        "static_tls",
        "shadowed_or_partial_module",
        "glibc_too_old",
        "wrong_architecture",
        "mkl_library_missing",
        "thread_limit",
        "release_changed",
        "interpreter_missing",
    )
)
_LIBRARY = frozenset(
    (
        "openmp_runtime_missing",
        "system_library_missing",
        "blas_library_missing",
        "dnn_library_missing",
        "mkl_library_missing",
    )
)
#: Directives of a service that are to blame, and what would allow it. Only advice: it loosens what somebody decided.
_SANDBOX: Mapping[str, tuple[tuple[str, str], ...]] = {
    "selinux_or_noexec": (("MemoryDenyWriteExecute", "no"), ("NoExecPaths", "")),
    "thread_limit": (("TasksMax", "4096"), ("LimitNPROC", "4096")),
    "out_of_memory": (("MemoryMax", "2G"), ("MemoryHigh", "2G"), ("LimitAS", "infinity"), ("LimitDATA", "infinity")),
    "proc_sys_unavailable": (("ProcSubset", "all"), ("InaccessiblePaths", "")),
    "seccomp_blocks_threads": (("SystemCallFilter", ""),),
}
_UNSET = ("", "infinity", "no", "18446744073709551615", "all", "[not set]")


def choose(code: str, details: Mapping[str, str], case: Case) -> Way:
    """The way for a cause on a target."""
    chain: tuple[Callable[[str, Mapping[str, str], Case], Way], ...] = (
        _variable,
        _sandbox,
        _readable,
        _packages,
        _release,
        _pip,
    )
    return next((way for way in (one(code, details, case) for one in chain) if way is not NONE), NONE)


def _variable(code: str, details: Mapping[str, str], case: Case) -> Way:
    """A variable is to blame: take it away where it is set."""
    name, target = details.get("variable", ""), case.target
    if code == "release_changed" or (code in _VARIABLE and _in_release(name, case)):
        return _as_proven(name, case)
    if code not in _VARIABLE or name not in target.environment:
        return NONE
    if target.unit:
        content = f"[Service]\nUnsetEnvironment={name}\n"
        words = f"Take {name} away: systemctl edit {target.unit}, and write UnsetEnvironment={name} below [Service]"
        return Way(words, {"kind": "dropin", "foreign": True, "unit": target.unit, "content": content})
    place = login.origin(name)
    if place:
        path, _, line = place.rpartition(":")
        action = {"kind": "line", "foreign": True, "path": path, "line": int(line), "variable": name}
        return Way(f"Take {name} away: sed -i '{line}d' {shlex.quote(path)}", action)
    return Way(f"Take it away where the program is started: unset {name}")


def _in_release(name: str, case: Case) -> bool:
    return bool(name) and case.target.own and name in stack.variables(case.target.release_path)


def _as_proven(name: str, case: Case) -> Way:
    wanted = stack.spec(case.target.release_path).get("environment") or {}
    own = case.target.stack
    if name in wanted and str(wanted[name]) == stack.variables(case.target.release_path).get(name):
        words = f"Take {name} out of the inventory ({own}_environment), then: ansible-playbook site.yml"
        return Way(words)
    words = f"Write the release's variables as they were proven: dnnready heal {own}"
    return Way(words, {"kind": "environment", "foreign": False})


def _sandbox(code: str, _details: Mapping[str, str], case: Case) -> Way:
    """A directive of the service is to blame: which, and what would allow it."""
    properties = case.target.properties
    if not case.target.unit or code not in _SANDBOX:
        return NONE
    for directive, allowed in _SANDBOX[code]:
        if properties.get(directive, "") not in _UNSET:
            words = f"systemctl edit {case.target.unit}, and write {directive}={allowed} below [Service]"
            return Way(f"{words} (it has {directive}={properties[directive][:60]})")
    return NONE


def _readable(code: str, details: Mapping[str, str], case: Case) -> Way:
    path = details.get("path") or details.get("library", "")
    if code != "files_not_readable" or not path:
        return NONE
    foreign = not case.target.own
    if "/bin/" in path:  # a program without any x is not mended by X
        return Way(f"chmod a+rx {shlex.quote(path)}", {"kind": "readable", "foreign": foreign, "path": path})
    root = path if foreign else case.target.release_path
    return Way(f"chmod -R a+rX {shlex.quote(root)}", {"kind": "readable", "foreign": foreign, "path": root})


def _packages(code: str, details: Mapping[str, str], case: Case) -> Way:
    """A library of the system: the package that brings it."""
    if code not in _LIBRARY or case.facts.package_manager != "apt":
        return NONE
    library = libraries.basename(details.get("library", ""))
    names = [libraries.package(library, "apt") or ""] if library and not libraries.hashed(library) else []
    spec = stack.spec(case.target.release_path) if case.target.own else {}
    if case.target.own and spec.get("source") != "distribution" and _comes_with_wheel(library, case):
        return NONE
    # Where a package of the distribution needs the library, its own list of dependencies is the best answer.
    wanted = debian.missing_dependencies(details.get("needed_by", "")) or sorted(filter(None, names))
    if not wanted:
        return NONE
    # A package that is installed and whose file is gone is only mended by installing it again.
    words = f"apt-get install --reinstall {' '.join(wanted)}"
    return Way(words, {"kind": "packages", "foreign": False, "names": wanted})


def _comes_with_wheel(library: str, case: Case) -> bool:
    """Whether a library is part of the release's own wheels, as their RECORD or a look at the folder says."""
    bundled = case.fact("records", "missing") or []
    if any(libraries.basename(str(path)) == library for path in bundled):
        return True
    return libraries.family(library) in ("dnn", "mkl") and case.target.stack != "pytorch"


def _release(code: str, details: Mapping[str, str], case: Case) -> Way:
    """dnnready's own stack: build the release again from its lock."""
    cause = CAUSES[code]
    own = case.target
    mends = cause.healer in ("release", "loader", "packages") or code in ("shadowed_or_partial_module", "exec_stack")
    if not own.own or not mends or details.get("variable", "") in own.environment:
        return NONE
    if code == "release_not_current" and _finished(case):
        return Way(f"Make the release current again: dnnready heal {own.stack}", {"kind": "current", "foreign": False})
    if not own.release or not stack.spec(own.release_path):
        return Way("Provision the host: ansible-playbook site.yml")
    return Way(f"Build the release again: dnnready heal {own.stack}", {"kind": "release", "foreign": False})


def _finished(case: Case) -> bool:
    """Whether `current` is what is missing, and not the release."""
    if case.target.release_path and os.path.isdir(case.target.release_path):
        return False
    return bool(glob.glob(os.path.join(glob.escape(case.stack_directory), "releases", "[0-9a-f]*", "proof.json")))


def _pip(code: str, details: Mapping[str, str], case: Case) -> Way:
    """Somebody's own environment: the pip command that mends it."""
    words = pip_commands.command(code, details, case)
    if not words or case.target.own:
        return NONE
    return Way(shlex.join(words), {"kind": "pip", "foreign": True, "command": list(words)})
