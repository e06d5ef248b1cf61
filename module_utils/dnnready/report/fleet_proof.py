"""A shortened proof as a host sent it (fleet_host.shortened), read without trust."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from .fleet_values import mapping, moment, number, several, text, texts, truth, whole, wholes

_TAIL = 2000
VERDICTS = ("accelerated", "fallback", "broken")


def proof(raw: Mapping[str, Any]) -> Optional[dict[str, Any]]:
    """{created, probes}, or None for what is no proof."""
    created = moment(raw.get("created"))
    probes = [_probe(one) for one in several(raw.get("probes"), mapping)]
    return {"created": created, "probes": probes} if created and probes else None


def _probe(raw: Mapping[str, Any]) -> dict[str, Any]:
    framework, library, control = (mapping(raw.get(key)) for key in ("framework", "library", "control"))
    verdict, cause = text(raw.get("verdict")), mapping(raw.get("cause"))
    right = several(raw.get("right"), truth)
    records = several(raw.get("convolutions"), mapping)
    return {
        "probe": text(raw.get("probe")),
        "verdict": verdict if verdict in VERDICTS else "",
        "cause": {"code": text(cause.get("code")), "text": text(cause.get("text"))} if cause else None,
        "framework": {key: text(framework.get(key)) for key in ("name", "version")},
        "library": {key: text(library.get(key)) for key in ("name", "version", "runtime", "isa", "isa_text")},
        "threads": whole(raw.get("threads"), 1),
        "openmp": texts(raw.get("openmp")),
        "sgemm_gflops_per_cpu_second": number(raw.get("sgemm_gflops_per_cpu_second")),
        "control": {
            "how": text(control.get("how")),
            "silent": truth(control.get("silent")),
            "error": text(control.get("error")),
        },
        "witnesses": [
            {"kind": text(one.get("kind")), "agrees": truth(one.get("agrees")), "text": text(one.get("text"))}
            for one in several(raw.get("witnesses"), mapping)
        ],
        "unfinished": text(raw.get("unfinished")),
        "library_errors": texts(raw.get("library_errors")),
        "stderr": [line for line in map(text, str(raw.get("stderr_tail") or "")[-_TAIL:].splitlines()) if line],
        "convolutions": [
            _convolution(record, right[at] if at < len(right) else None) for at, record in enumerate(records)
        ],
    }


def _convolution(raw: Mapping[str, Any], right: Optional[bool]) -> dict[str, Any]:
    return {
        **{key: text(raw.get(key)) for key in ("name", "mode", "role", "dtype", "layout", "why", "error")},
        **{key: wholes(raw.get(key)) for key in ("input", "kernel", "stride", "padding", "dilation")},
        **{key: whole(raw.get(key), 1) for key in ("filters", "groups")},
        "implementations": texts(raw.get("implementations")),
        "gflops_per_cpu_second": number(raw.get("gflops_per_cpu_second")),
        "right": right,
    }
