"""What speaks beside the exec lines: a second witness of the framework or library, and the negative control.

A witness is {"kind", "agrees": true|false|null, "text"}; null where this version cannot be asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from . import isa, mkl_verbose, verbose
from .harness import Observation


def second(probe: str, seen: Observation, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the framework or library itself says about what ran."""
    return _KINDS[probe](seen.result or {}, seen, records)


#: Operators above the choice of a kernel: they run in any case.
_ALWAYS = ("aten::conv2d", "aten::convolution", "aten::_convolution")


def _pytorch(
    result: Mapping[str, Any], _seen: Observation, records: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    operators = {entry["name"]: entry.get("operators") or [] for entry in result.get("operators", [])}
    found = []
    for record in records:
        if record["error"]:
            continue
        names = operators.get(record["name"], [])
        telling = [name for name in names if name not in _ALWAYS]
        last = next((name for name in telling if "mkldnn" in name), ", ".join(telling or names))
        agrees = None if not names else bool(record["implementations"]) == any("mkldnn" in name for name in names)
        found.append({"kind": "profiler", "name": record["name"], "agrees": agrees, "text": last})
    return found


def _tensorflow(
    result: Mapping[str, Any], _seen: Observation, records: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    enabled = result.get("onednn_enabled")
    ran = any(record["implementations"] for record in records)
    return [
        {
            "kind": "IsMklEnabled",
            "agrees": None if enabled is None else enabled or not ran,
            "text": f"IsMklEnabled() is {enabled}",
        }
    ]


def _onednn(result: Mapping[str, Any], seen: Observation, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    header = seen.header if isinstance(seen.header, verbose.Header) else verbose.Header()
    version = str(result.get("framework", {}).get("version", ""))
    found = [
        {
            "kind": "dnnl_version",
            "agrees": header.version == version if header.version else None,
            "text": f"dnnl_version() is {version}, the header says {header.version or 'nothing'}",
        }
    ]
    said_isa = isa.name(str(result.get("isa", "")))
    found.append(
        {
            "kind": "dnnl_get_effective_cpu_isa",
            "agrees": said_isa == isa.of_header(header.isa) if said_isa and header.isa else None,
            "text": str(result.get("isa", "")),
        }
    )
    asked = {entry["name"]: entry.get("implementation") for entry in result.get("implementations", [])}
    for record in records:
        said = asked.get(record["name"])
        if said:
            found.append(
                {
                    "kind": "dnnl_primitive_desc_query",
                    "name": record["name"],
                    "agrees": record["implementations"] == [said],
                    "text": said,
                }
            )
    return found


def _mkl(result: Mapping[str, Any], seen: Observation, _records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    header = seen.header if isinstance(seen.header, mkl_verbose.Header) else mkl_verbose.Header()
    said = str(result.get("framework", {}).get("version", ""))
    year = header.version[:4]
    return [
        {"kind": "mkl_get_version_string", "agrees": f"Version {year}" in said if year and said else None, "text": said}
    ]


_KINDS = {"pytorch": _pytorch, "tensorflow": _tensorflow, "onednn": _onednn, "mkl": _mkl}


def contradictions(witnesses: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The words of those that disagree."""
    return tuple(
        ": ".join(str(witness[key]) for key in ("kind", "name", "text") if witness.get(key))
        for witness in witnesses
        if witness["agrees"] is False
    )


def inner_control(seen: Observation) -> dict[str, Any]:
    """The control that a probe makes in its own process: convolutions without the library, between marks."""
    answer = (seen.result or {}).get("control") or {}
    silent = seen.silent("control")
    error = answer.get("error")
    return {
        "how": str(answer.get("how", "")),
        "names": list(answer.get("names", [])),
        "operators": list(answer.get("operators", [])),
        "silent": None if error else silent,
        "error": str(error) if error else None,
    }


def outer_control(how: str, seen: Optional[Observation], failure: str) -> dict[str, Any]:
    """The control that takes a second process, for a framework that reads its switch once (TensorFlow)."""
    answered = seen is not None and seen.result is not None
    names = sorted({key[0] for key in seen.lines}) if seen is not None and answered else []
    silent: Optional[bool] = None
    if seen is not None and answered:
        failed = [str(entry["error"]) for entry in (seen.result or {})["convolutions"] if entry.get("error")]
        failure = failure or (failed[0] if failed else "")
        silent = None if failure else seen.silent("checked")
        if (seen.result or {}).get("onednn_enabled"):
            failure, silent = "the switch had no effect: IsMklEnabled() is still true", None
    return {"how": how, "names": names, "operators": [], "silent": silent, "error": failure or None}


def left_out(why: str) -> dict[str, Any]:
    """The control that was not made, which a short proof may do."""
    return {"how": f"left out: {why}", "names": [], "operators": [], "silent": None, "error": None}


def short_version(text: str) -> str:
    """2024.2 of "Intel(R) oneAPI Math Kernel Library Version 2024.2-Product Build 20240605 ..."; others as they are."""
    match = re.search(r"Version (\d[\d.]*)", text)
    return match.group(1) if match else text
