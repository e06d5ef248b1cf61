"""The environment that fits a host, and how a user's own settings go over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, Union

from ..errors import DnnreadyError
from .catalogue import find
from .glibc import MMAP_LIMIT_GONE, MMAP_LIMIT_OLD, glibc_version
from .paths import RELEASE

CONVOLUTION = ("required", "auto", "off")
ALLOCATOR = ("auto", "glibc_tuned", "default")

#: Below this memory `allocator: auto` leaves malloc alone: what it keeps would be missed elsewhere.
_PLENTY = 4 << 30
#: Share of the memory that malloc may keep, as a power of two within these bounds.
_KEPT_SHARE, _KEPT_LEAST, _KEPT_MOST = 8, 64 << 20, 1 << 30


@dataclass(frozen=True)
class Recommendation:
    """A computed value, and why it is that one."""

    value: str
    why: str


def recommended(
    host: Mapping[str, Any], readers: Sequence[str], options: Optional[Mapping[str, Any]] = None
) -> dict[str, Recommendation]:
    """Values for a stack on a host; only variables that one of `readers` reads.

    `options` are those of the stack definition: onednn_convolution (required, auto, off), allocator (auto,
    glibc_tuned, default) and library_path (directories relative to the release). Others are not ours.
    Raises DnnreadyError for another word.
    """
    options = options or {}
    convolution = _option(options, "onednn_convolution", CONVOLUTION, "auto")
    allocator = _option(options, "allocator", ALLOCATOR, "auto")
    return {
        **_threads(host["cores"], readers),
        **(_tensorflow(host["cores"], convolution) if "tensorflow" in readers else {}),
        **_threading_layer(readers),
        **_library_path(options.get("library_path") or []),
        **_allocator(host, readers, allocator),
    }


def _option(options: Mapping[str, Any], name: str, words: tuple[str, ...], default: str) -> str:
    value = options.get(name, default)
    if value is False and "off" in words:  # YAML 1.1 reads a bare `off` as false
        value = "off"
    if value not in words:
        raise DnnreadyError(f"Option {name} is {value!r}.", f"Use one of {', '.join(words)}.")
    return str(value)


def _threads(cores: Mapping[str, Any], readers: Sequence[str]) -> dict[str, Recommendation]:
    """An OpenMP runtime counts CPUs by itself, but hyperthreads as well, and no quota of a container."""
    if not {"libgomp", "libiomp5"} & set(readers):
        return {}
    return {"OMP_NUM_THREADS": Recommendation(str(cores["effective"]), _cores_why(cores))}


def _tensorflow(cores: Mapping[str, Any], convolution: str) -> dict[str, Recommendation]:
    """TensorFlow's default for both pools is the number of CPUs, whatever a container's quota says."""
    side_by_side = max(1, min(cores["numa_nodes"], cores["effective"]))
    found = {
        "TF_NUM_INTRAOP_THREADS": Recommendation(str(cores["effective"]), _cores_why(cores)),
        "TF_NUM_INTEROP_THREADS": Recommendation(
            str(side_by_side), "one per NUMA node: layers of a network follow one another"
        ),
    }
    if convolution != "auto":
        why = f"onednn_convolution is {convolution}; TensorFlow's own default differs between CPUs"
        found["TF_ENABLE_ONEDNN_OPTS"] = Recommendation("1" if convolution == "required" else "0", why)
    return found


def _cores_why(cores: Mapping[str, Any]) -> str:
    why = f"{cores['physical']} physical cores within the affinity mask"
    return f"{why}, and a quota of {cores['quota']:g}" if cores.get("quota") is not None else why


def _threading_layer(readers: Sequence[str]) -> dict[str, Recommendation]:
    """libmkl_rt asks for libiomp5 by default; torch's wheel has no libmkl_rt."""
    alone = "mkl" in readers and "pytorch" not in readers
    if not alone or "libgomp" not in readers or "libiomp5" in readers:
        return {}
    return {"MKL_THREADING_LAYER": Recommendation("GNU", "libgomp is the only OpenMP runtime of this stack")}


def _library_path(directories: Sequence[str]) -> dict[str, Recommendation]:
    if not directories:
        return {}
    value = ":".join(f"{RELEASE}/{directory}" for directory in directories)
    return {"LD_LIBRARY_PATH": Recommendation(value, "the libraries of this stack lie there")}


def _allocator(host: Mapping[str, Any], readers: Sequence[str], allocator: str) -> dict[str, Recommendation]:
    """Large tensors stay in the heap instead of being mapped, zeroed by the kernel and unmapped at every call.

    Measured with torch 2.13: 7x7 stride 2 at batch 16 from 25,000 page faults and 95 ms to none and 40 ms, at batch 64
    three times faster; the peak grows by a fifth, and memory stays with the process up to the threshold.
    TensorFlow has pools of its own: no gain was seen there.
    """
    memory = min(filter(None, (host["memory"]["total_bytes"], host["memory"]["limit_bytes"])), default=0)
    auto = "pytorch" in readers and memory >= _PLENTY
    if host["libc"]["name"] != "glibc" or allocator == "default" or (allocator == "auto" and not auto):
        return {}
    share = max(_KEPT_LEAST, min(_KEPT_MOST, memory // _KEPT_SHARE))
    kept = 1 << (share.bit_length() - 1)
    version = glibc_version(host)
    mapped = kept if version and version >= MMAP_LIMIT_GONE else min(kept, MMAP_LIMIT_OLD)
    value = f"glibc.malloc.mmap_threshold={mapped}:glibc.malloc.trim_threshold={kept}"
    return {"GLIBC_TUNABLES": Recommendation(value, f"malloc keeps up to {kept >> 20} MiB for the next large tensor")}


def merge(
    computed: Mapping[str, Union[Recommendation, Any]], defaults: Mapping[str, Any], user: Mapping[str, Any]
) -> dict[str, str]:
    """Computed values under the role's defaults under the user's; None removes a variable.

    A user's older name of a variable (DNNL_VERBOSE) replaces the newer one too: it would lose against it otherwise.
    Raises DnnreadyError for a value whose text is not certain, see `as_text`.
    """
    merged: dict[str, Any] = {}
    for layer in (computed, defaults, user):
        for name in layer:
            known = find(name)
            for other in known.names if known else ():
                merged.pop(other, None)
        merged.update(layer)
    return {
        name: as_text(name, value.value if isinstance(value, Recommendation) else value)
        for name, value in sorted(merged.items())
        if value is not None
    }


def as_text(name: str, value: Any) -> str:
    """The text of a value that came from YAML.

    Whole numbers and texts are what they look like; yes and no are spelled as the variable wants them (1 for
    ONEDNN_VERBOSE, true for MKL_DYNAMIC). Anything else may look different from what was written: refused.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        known = find(name)
        return known.grammar.spelled(value) if known else str(value).lower()
    if isinstance(value, int):
        return str(value)
    raise DnnreadyError(
        f"The value of {name}, {value!r}, is no text and no whole number.", "Put it in quotes, as it shall be written."
    )
