"""The libraries that an import of a framework begins with, and what lies beside them."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...host import loader
from ...host.machine import Machine
from ..probe import Case

#: Below the folder of a module: what its import loads first; the first pattern that has a file counts, for each group.
_FIRST: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "pytorch": (
        ("torch", ("_C.*.so", "_C.so")),
        ("torch", ("lib/libtorch_global_deps.so",)),
        ("numpy", ("_core/_multiarray_umath*.so", "core/_multiarray_umath*.so")),
    ),
    "tensorflow": (
        ("tensorflow", ("python/_pywrap_tensorflow_internal*.so", "python/_pywrap_tensorflow_common*.so")),
        ("numpy", ("_core/_multiarray_umath*.so", "core/_multiarray_umath*.so")),
        ("ml_dtypes", ("_ml_dtypes_ext*.so",)),
    ),
}
#: Loaded by their users on demand, on hosts that have what they need.
_ON_DEMAND = re.compile(r"nvrtc|nvshmem|cuda|test|_hip|_xpu|shm_windows|backend_with_compiler")
_BESIDE = {"torch": ("lib/*.so*",), "tensorflow": ("*.so*", "python/*.so")}
_SONAMES = {
    "onednn": ("libdnnl", ("libdnnl.so.3", "libdnnl.so.3.6", "libdnnl.so.2", "libdnnl.so.1")),
    "mkl": ("libmkl_rt", ("libmkl_rt.so.3", "libmkl_rt.so.2", "libmkl_rt.so.1", "libmkl_rt.so")),
}
#: MKL_THREADING_LAYER: the part of MKL that starts threads, and the runtime that it needs.
_LAYERS = {
    "INTEL": ("intel_thread", "libiomp5.so"),
    "GNU": ("gnu_thread", "libgomp.so.1"),
    "TBB": ("tbb_thread", ""),
    "SEQUENTIAL": ("sequential", ""),
}
_WHERE = ("/usr/local/lib", "/usr/lib", "/usr/lib64", "/opt")
_DEEP = 5
_MOST_FOLDERS = 4000


@dataclass(frozen=True)
class Start:
    """What a framework begins with. `paths` is empty where a library was looked for and not found."""

    framework: str
    paths: tuple[str, ...]
    wanted: str = ""  #: the library that was looked for by name
    looked: tuple[str, ...] = ()  #: where


def starts(case: Case) -> list[Start]:
    """Of every framework of the case."""
    roots = case.fact("inventory", "roots", {})
    ends = [end for end in case.fact("inventory", "suffixes", ()) if end.endswith(".so")]
    found = []
    for framework in case.frameworks:
        if framework in _SONAMES:
            found.extend(_alone(case, framework))
        elif framework in _FIRST:
            paths = [
                path
                for module, patterns in _FIRST[framework]
                if module in roots
                for path in _matching(roots[module], patterns, ends)
            ]
            if paths:
                found.append(Start(framework, tuple(paths)))
    return found


def beside(case: Case) -> list[str]:
    """The further libraries of the frameworks found, without those that are loaded on demand."""
    roots = case.fact("inventory", "roots", {})
    paths = [
        path
        for module, patterns in _BESIDE.items()
        if module in roots
        for pattern in patterns
        for path in sorted(glob.glob(os.path.join(glob.escape(roots[module]), pattern)))
    ]
    for each in case.fact("inventory", "site", ()):
        for package in ("numpy", "h5py", "torch", "tensorflow", "ml_dtypes"):
            paths.extend(sorted(glob.glob(os.path.join(glob.escape(each), f"{package}*.libs", "*.so*"))))
    return [path for path in paths if os.path.isfile(path) and not _ON_DEMAND.search(os.path.basename(path))]


def _matching(root: str, patterns: Sequence[str], ends: Sequence[str]) -> list[str]:
    """The file that the interpreter would take: the one with its own ending, else any."""
    for pattern in patterns:
        paths = sorted(glob.glob(os.path.join(glob.escape(root), pattern)))
        for end in ends:
            fitting = [path for path in paths if os.path.basename(path).partition(".")[2] == end.lstrip(".")]
            if fitting:
                return fitting[:1]
        if paths:
            return paths[:1]
    return []


def visible(case: Case) -> list[str]:
    """The folders in which the libraries alone are looked for, before the loader's cache."""
    prefix = case.fact("inventory", "python", {}).get("prefix", "")
    folders = case.target.environment.get("LD_LIBRARY_PATH", "").split(":")
    return [folder for folder in (*folders, os.path.join(prefix, "lib") if prefix else "") if folder]


def _alone(case: Case, framework: str) -> list[Start]:
    """As conv2d/probe_library.py finds them; with MKL, what its front loads afterwards by name."""
    start = _front(case, framework)
    return [start, *_behind_mkl(case, start.paths[0])] if framework == "mkl" and start.paths else [start]


def _behind_mkl(case: Case, front: str) -> list[Start]:
    """The parts of MKL beside libmkl_rt, and the OpenMP runtime of the threading layer."""
    folder = os.path.dirname(os.path.realpath(front))
    end = os.path.basename(os.path.realpath(front)).partition("libmkl_rt")[2]
    layer = case.target.environment.get("MKL_THREADING_LAYER", "").upper() or "INTEL"
    thread, runtime = _LAYERS.get(layer, _LAYERS["SEQUENTIAL"])
    parts = [os.path.join(folder, f"libmkl_{part}{end}") for part in ("core", "intel_lp64", thread)]
    found = [Start("mkl", (), os.path.basename(path), (folder,)) for path in parts if not os.path.isfile(path)]
    folders = [*visible(case), folder]
    if runtime and not cached(case, runtime) and not any(os.path.isfile(os.path.join(at, runtime)) for at in folders):
        found.append(Start("mkl", (), runtime, (*dict.fromkeys(folders), "/etc/ld.so.cache")))
    return found


def _front(case: Case, framework: str) -> Start:
    stem, sonames = _SONAMES[framework]
    folders = visible(case)
    for folder in folders:
        files = sorted(glob.glob(os.path.join(glob.escape(folder), f"{stem}.so*")), key=lambda path: (len(path), path))
        if files:
            return Start(framework, (files[0],))
    for name in sonames:
        path = cached(case, name)
        if path:
            return Start(framework, (path,))
    return Start(framework, (), sonames[0], (*dict.fromkeys(folders), "/etc/ld.so.cache"))


def cached(case: Case, name: str) -> str:
    """The file that the loader's cache has for a soname, "" for none."""
    return loader.find(Machine(), name, case.facts.architecture) or ""


def on_disk(case: Case, name: str) -> list[str]:
    """Where a library lies although the loader does not look there: the environment, the usual places, /opt."""
    stem = name.partition(".so")[0]
    prefix = case.fact("inventory", "python", {}).get("prefix", "")
    site = [os.path.dirname(root) for root in case.fact("inventory", "roots", {}).values()]
    found: list[str] = []
    budget = _MOST_FOLDERS
    for top in dict.fromkeys(filter(None, (os.path.join(prefix, "lib") if prefix else "", *site, *_WHERE))):
        base = top.rstrip("/").count("/")
        for folder, folders, files in os.walk(top):
            budget -= 1
            if budget < 0 or len(found) > 3:  # noqa: PLR2004 - enough to be shown
                return found
            if folder.count("/") - base >= _DEEP:
                folders[:] = []
            folders[:] = [each for each in folders if each not in ("dnnready", "__pycache__", "include", "share")]
            found.extend(
                os.path.join(folder, each)
                for each in files
                if each.startswith(stem) and (each == name or each.startswith(f"{stem}.so"))
            )
    # The very name first: another version may lie there too.
    return sorted(dict.fromkeys(found), key=lambda path: (os.path.basename(path) != name, path))


def own_copy(needed_by: str, paths: Sequence[str], name: str) -> str:
    """The file that a library would get by its own RPATH or RUNPATH, "" for none."""
    folder = os.path.dirname(os.path.realpath(needed_by))
    for path in paths:
        place = re.sub(r"\$\{?ORIGIN\}?", folder.replace("\\", r"\\"), path)
        if os.path.isfile(os.path.join(place, name)):
            return os.path.realpath(os.path.join(place, name))
    return ""


def interpreter(facts: Mapping[str, Any]) -> str:
    """The real file of the interpreter."""
    return os.path.realpath(facts.get("python", {}).get("executable") or "")
