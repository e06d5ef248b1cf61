"""Whether what is installed was built for this interpreter, C library and processor (PEP 425, PEP 600, PEP 656)."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..facts import version
from ..probe import Case, Suspicion

_PLATFORM = re.compile(r"(?P<kind>manylinux|musllinux|linux|macosx|win)(?P<number>_\d+_\d+|\d+)?_?(?P<machine>\w+)?")
_LEGACY = {"1": "2.5", "2010": "2.12", "2014": "2.17"}
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "i686": "i386", "armv7l": "arm", "armv6l": "arm"}
#: The extension that a framework starts with, below its folder.
_EXTENSIONS = {"torch": ("_C*.so",), "numpy": ("_core/_multiarray_umath*.so", "core/_multiarray_umath*.so")}


Misfit = tuple[str, float, str, str]  #: cause, weight, why, what is wanted
_FITS: Misfit = ("", 0.0, "", "")


def machine(name: str) -> str:
    """One name for each processor."""
    return _MACHINES.get(name, name)


def suspicions(case: Case, python: Mapping[str, Any], distribution: Mapping[str, Any]) -> Iterator[Suspicion]:
    """What the tags of a wheel say against this interpreter; one that fits is enough."""
    misfits = [_misfit(case, python, tag) for each in distribution["tags"] for tag in _single(each)]
    if not misfits or "" in (cause for cause, *_ in misfits):
        return
    cause, weight, why, wanted = misfits[0]
    named = f"{distribution['name']} {distribution['version']}"
    evidence = [f"{named} was installed from a wheel for {' and '.join(distribution['tags'][:2])}; {why}"]
    yield Suspicion(
        cause,
        weight,
        evidence,
        {"library": distribution["name"], "requirement": distribution["name"], "wanted": wanted},
    )


def _single(tag: str) -> Iterator[tuple[str, str, str]]:
    """cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64 stands for two."""
    parts = tag.split("-")
    if len(parts) == len(("python", "abi", "platform")):
        for interpreter in parts[0].split("."):
            for abi in parts[1].split("."):
                for platform in parts[2].split("."):
                    yield interpreter, abi, platform


def _misfit(case: Case, python: Mapping[str, Any], tag: tuple[str, str, str]) -> Misfit:
    """Why a tag does not fit; "" as the cause where it does."""
    interpreter, abi, platform = tag
    match = _PLATFORM.fullmatch(platform)
    found = _elsewhere(case, python, match) if match and platform != "any" else _FITS
    if (
        found[0]
        or python["implementation"] != "cpython"
        or not re.fullmatch(r"cp\d{2,3}", interpreter)
        or abi == "none"
    ):
        return found
    stable = abi == "abi3" and version(f"3.{interpreter[3:]}") <= version(python["version"])
    exact = interpreter == python["tag"] and abi in (interpreter, f"{interpreter}m", f"{interpreter}mu")
    threaded = abi == f"{interpreter}t" and interpreter == python["tag"] and python.get("free_threaded")
    if stable or exact or threaded:
        return _FITS
    return "extension_abi_mismatch", 0.92, f"the interpreter is {python['tag']} ({python['version']})", ""


def _elsewhere(case: Case, python: Mapping[str, Any], match: re.Match[str]) -> Misfit:
    """Another system, processor or C library."""
    built, here = machine(match["machine"] or ""), machine(python["machine"])
    if python["bits"] == 32:  # noqa: PLR2004 - a 32-bit interpreter on a 64-bit kernel
        here = {"x86_64": "i386", "aarch64": "arm"}.get(here, here)
    if match["kind"] in ("macosx", "win"):
        return "wrong_architecture", 0.9, "this is Linux", ""
    if built and here and built != here:
        return "wrong_architecture", 0.9, f"the interpreter is for {here}", ""
    number = match["number"] or ""
    wanted = _LEGACY.get(number, number.strip("_").replace("_", "."))
    if match["kind"] == "musllinux" and case.facts.musl is False:
        return "musl_libc", 0.9, "this host has glibc", ""
    if match["kind"] == "manylinux" and case.facts.musl:
        return "musl_libc", 0.9, "this host has musl", ""
    old = match["kind"] == "manylinux" and wanted and case.facts.glibc_at_least(wanted) is False
    return ("glibc_too_old", 0.8, f"this host has glibc {case.facts.get('libc.version')}", wanted) if old else _FITS


def modules(facts: Mapping[str, Any]) -> Iterator[Suspicion]:
    """Extension modules that are all for other Pythons: the environment was copied, or its Python was replaced."""
    ends = tuple(end for end in facts["suffixes"] if end.endswith(".so"))
    for module, patterns in _EXTENSIONS.items():
        root = facts["roots"].get(module)
        if not root or not ends:
            continue
        found = [path for pattern in patterns for path in glob.glob(os.path.join(glob.escape(root), pattern))]
        stems = {os.path.basename(path).partition(".")[0] for path in found}
        for stem in sorted(stems & {"_C", "_multiarray_umath"}):
            names = sorted(os.path.basename(path) for path in found if os.path.basename(path).startswith(f"{stem}."))
            if names and not any(name == stem + end for name in names for end in ends):
                evidence = [f"{root} has {', '.join(names)}; the interpreter loads only {stem}{ends[0]}"]
                details = {"library": names[0], "requirement": module, "module": module}
                yield Suspicion("extension_abi_mismatch", 0.93, evidence, details)
