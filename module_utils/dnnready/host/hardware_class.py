"""Which hosts are of one kind: what decides how a convolution runs and how fast, as a digest and a name.

Two hosts of one class have the same CPU model with the same flags and the same ISA for oneDNN, as many cores for
threads, and about as much memory. What runs on them (kernel, C library, releases) is no part of it: the fingerprint of
a proof (conv2d/fingerprint.py) speaks of that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Optional

from ..files import canonical_json, sha256_text

_GIB = 1 << 30
_DIGITS = 12
#: What vendors add to the name of a CPU and what tells no two of them apart.
_NOISE = re.compile(r"\((?:R|TM|C)\)|\bCPU\b|\bProcessor\b|\b\d+-Core\b|@.*$", re.IGNORECASE)


def hardware_class(host: Mapping[str, Any]) -> dict[str, Any]:
    """The class of a host document (docs/architecture.md): {id, name, certain, parts}.

    `id` are the first 12 hexadecimal digits of the SHA-256 of the canonical JSON of `parts`. `certain` is false where
    a part could not be learned: such hosts may be listed together, but must not vouch for each other. The parts:

    architecture, vendor, model, isa   as in the host document; white space in the model is made one blank
    flags          those that oneDNN cares for, sorted
    emulated       whether instructions are translated: true, false, or null where unknown
    cores          effective: threads worth starting, so affinity and quota count
    threads_per_core, numa_nodes
    memory_gib     see memory_class(); of the limit, where one is below the memory of the machine
    """
    cpu, cores = host["cpu"], host["cores"]
    parts = {
        "architecture": cpu["architecture"],
        "vendor": cpu["vendor"],
        "model": " ".join(cpu["model"].split()),
        "isa": cpu["isa"],
        "flags": sorted(cpu["flags"]),
        "emulated": cpu["emulated"],
        "cores": cores["effective"],
        "threads_per_core": cores["threads_per_core"],
        "numa_nodes": cores["numa_nodes"],
        "memory_gib": memory_class(host["memory"]["total_bytes"], host["memory"]["limit_bytes"]),
    }
    return {
        "id": sha256_text(canonical_json(parts))[:_DIGITS],
        "name": ", ".join(_words(parts)),
        "certain": _certain(parts, host.get("unknown") or []),
        "parts": parts,
    }


def memory_class(total: Optional[int], limit: Optional[int] = None) -> Optional[float]:
    """The memory as it is sold, in GiB: the next of 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24 … that holds it.

    The kernel keeps some for itself, so siblings differ by some megabytes and all report a little less than they have.
    None where the bytes are not known.
    """
    known = [number for number in (total, limit) if number]
    if not known:
        return None
    size = 0.5
    while size * _GIB < min(known):
        # 1, 1.5, 2, 3, 4, 6: a power of two and one and a half of it in turn.
        size = size * 3 / 2 if _power_of_two(size) else size * 4 / 3
    return round(size, 2)


def _power_of_two(size: float) -> bool:
    numerator, denominator = float(size).as_integer_ratio()
    return numerator & (numerator - 1) == 0 and denominator & (denominator - 1) == 0


def short_model(model: str) -> str:
    """The name of a CPU without what all of them carry."""
    return " ".join(_NOISE.sub(" ", model).replace(" ,", ",").split()).strip(" ,")


def _words(parts: Mapping[str, Any]) -> Iterator[str]:
    yield (
        short_model(parts["model"]) or " ".join(filter(None, (parts["vendor"], parts["architecture"]))) or "unknown CPU"
    )
    yield f"{parts['cores']} core{'' if parts['cores'] == 1 else 's'}"
    if parts["memory_gib"] is not None:
        yield f"{parts['memory_gib']:g} GiB"
    if parts["isa"]:
        yield parts["isa"]
    if parts["emulated"]:
        yield "emulated"


def _certain(parts: Mapping[str, Any], unknown: list[Mapping[str, Any]]) -> bool:
    needed = (parts["architecture"], parts["model"], parts["isa"], parts["flags"], parts["memory_gib"])
    doubts = [entry for entry in unknown if str(entry["what"]).split(".")[0] in ("cpu", "cores", "memory")]
    return all(needed) and parts["emulated"] is not None and not doubts
