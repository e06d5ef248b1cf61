"""What a check found in the text format of Prometheus, 0.0.4, for the textfile collector of node_exporter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

VERDICTS = ("accelerated", "fallback", "broken", "unproven")

#: name, help, and the label names; all are gauges.
_METRICS = {
    "dnnready_stack_info": "What is current, as its last proof says; always 1.",
    "dnnready_verdict": "The verdict of the last convolution of the stack: 1 for the one that it is.",
    "dnnready_verdict_accepted": "Whether the verdict is what the stack was provisioned for.",
    "dnnready_proof_timestamp_seconds": "When a convolution of the stack last ended, in seconds since the epoch.",
    "dnnready_drift": "1 for each cause that keeps the stack from running as it was proven.",
    "dnnready_watch_timestamp_seconds": "When the last check began, in seconds since the epoch.",
    "dnnready_watch_cpu_seconds": "CPU seconds of the last check.",
}

Sample = tuple[Mapping[str, str], float]


def render(document: Mapping[str, Any]) -> str:
    """The metrics of a check (docs/schema/watch-1.json); every family is there, also where it has no sample."""
    samples: dict[str, list[Sample]] = {
        **_of_stacks(document["stacks"]),
        "dnnready_watch_timestamp_seconds": [({}, document["checked"])],
        "dnnready_watch_cpu_seconds": [({}, document["cpu_seconds"])],
    }
    return "".join(f"{line}\n" for name, text in _METRICS.items() for line in family(name, text, samples[name]))


def family(name: str, text: str, samples: Sequence[Sample]) -> Iterator[str]:
    """The lines of a metric family."""
    yield f"# HELP {name} {_escaped(text)}"
    yield f"# TYPE {name} gauge"
    for labels, value in samples:
        shown = ",".join(f'{key}="{label(said)}"' for key, said in labels.items())
        yield f"{name}{{{shown}}} {number(value)}" if shown else f"{name} {number(value)}"


def label(value: str) -> str:
    """A label value: UTF-8 without surrogates, with backslash, double quote and line feed escaped."""
    text = value.encode("utf-8", "replace").decode("utf-8")
    return _escaped(text).replace('"', '\\"')


def number(value: float) -> str:
    """A value: Go's ParseFloat takes what Python's repr of a float writes."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _of_stacks(stacks: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {name: [] for name in _METRICS}
    for name, entry in sorted(stacks.items()):
        stack = {"stack": name}
        keys = ("release", "framework", "onednn", "isa", "isa_cpu")
        info = {**stack, **{key: str(entry[key]) for key in keys}, "threads": str(entry["threads"] or "")}
        found["dnnready_stack_info"].append((info, 1))
        for verdict in VERDICTS:
            found["dnnready_verdict"].append(({**stack, "verdict": verdict}, entry["verdict"] == verdict))
        found["dnnready_verdict_accepted"].append((stack, bool(entry["accepted"])))
        if entry["proven"]:
            found["dnnready_proof_timestamp_seconds"].append((stack, entry["proven"]))
        for cause in sorted({str(each["cause"]) for each in entry["drift"]}):
            found["dnnready_drift"].append(({**stack, "cause": cause}, 1))
    return found
