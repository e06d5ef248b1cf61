"""Probe: which implementation runs torch.nn.Conv2d on this CPU.

Alone: `PYTHONPATH=module_utils python -m dnnready.conv2d.probe_pytorch < request.json`
(on a device the program's zipapp serves as PYTHONPATH). Set ONEDNN_VERBOSE=1 to see the DNN library's lines.
Works with PyTorch 1.7 and later. The negative control happens in the same process: the same layers with
torch.backends.mkldnn switched off. The second witness is the profiler: which ATen operators ran.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any

from .probe_common import cpu_seconds, examine, main, marked, recorded
from .probe_reference import Shape, Tensors


def prepare(torch: Any, shape: Shape) -> tuple[Any, ...]:
    """The layer, its input, and how to read both."""
    dtype = getattr(torch, shape["dtype"])
    torch.manual_seed(0)
    layer = torch.nn.Conv2d(
        shape["input"][1],
        shape["filters"],
        kernel_size=tuple(shape["kernel"]),
        stride=tuple(shape["stride"]),
        padding=tuple(shape["padding"]),
        dilation=tuple(shape["dilation"]),
        groups=shape["groups"],
        bias=shape["bias"],
    ).to(dtype)
    source = torch.randn(*shape["input"]).to(dtype)
    if shape["layout"] == "channels_last":
        layer = layer.to(memory_format=torch.channels_last)
        source = source.contiguous(memory_format=torch.channels_last)
    model = torch.nn.Sequential(layer, torch.nn.ReLU()) if shape["activation"] == "relu" else layer

    def run() -> Any:
        with torch.no_grad():
            return model(source)

    def flat(tensor: Any) -> Any:
        return tensor.detach().to(torch.float64).contiguous().flatten().tolist()

    def read(result: Any) -> Tensors:
        bias = flat(layer.bias) if shape["bias"] else []
        return Tensors(flat(source), flat(layer.weight), bias, flat(result), tuple(result.shape))

    return run, read


@contextmanager
def one_thread(torch: Any) -> Iterator[None]:
    """Waiting OpenMP threads spin: CPU time says something about a kernel only where one thread works."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def witnesses(torch: Any, shapes: list[Shape]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Once more under the profiler, and once with oneDNN switched off: ([{name, operators}], control).

    One profile for all, because each start of the profiler writes to standard error. Between the marks of the control
    no line of the library may appear.
    """
    profiler = torch.autograd.profiler
    required = [shape for shape in shapes if shape["role"] == "required"]
    answer: dict[str, Any] = {"how": "torch.backends.mkldnn.flags(enabled=False)", "names": []}
    seen: list[dict[str, Any]] = []
    with warnings.catch_warnings(), profiler.profile() as profile:
        warnings.simplefilter("ignore")  # flags() warns of TF32 on GPUs
        for shape in shapes:
            seen.append({"name": shape["name"]})
            with recorded(seen[-1]), profiler.record_function(f"witness {shape['name']}"):
                run, _ = prepare(torch, shape)
                run()
        with recorded(answer):
            for shape in required:
                run, _ = prepare(torch, shape)
                off, label = torch.backends.mkldnn.flags(enabled=False), f"control {shape['name']}"
                with off, profiler.record_function(label), marked(shape, "eager", "control"):
                    run()
                answer["names"].append(shape["name"])
    for record in seen:
        with recorded(record):
            record["operators"] = operators(profile, f"witness {record['name']}")
    with recorded({}):  # the names are an addition; the lines between the marks are the control
        labels = [f"control {shape['name']}" for shape in required]
        answer["operators"] = sorted({name for label in labels for name in operators(profile, label)})
    return seen, answer


def operators(profile: Any, label: str) -> list[str]:
    """Names of the convolution operators that ran inside a labelled region of a profile."""
    events = profile.function_events
    found: set[str] = set()
    for region in (interval(event) for event in events if event.name == label):
        found.update(
            event.name
            for event in events
            if "::" in event.name
            and "conv" in event.name.lower()
            and region.start <= interval(event).start
            and interval(event).end <= region.end
        )
    return sorted(found)


def interval(event: Any) -> Any:
    """When an operator ran; PyTorch 1.7 had another name for it."""
    return event.time_range if hasattr(event, "time_range") else event.cpu_interval


def sgemm(torch: Any) -> dict[str, Any]:
    """What float32 matrix multiplication reaches here, to compare convolutions with."""
    size = 512
    left, right = torch.randn(size, size), torch.randn(size, size)
    torch.mm(left, right)
    return {"operations": 2 * size**3, "cpu_seconds": cpu_seconds(lambda: torch.mm(left, right), 5)}


def probe(request: dict[str, Any]) -> dict[str, Any]:
    """Answer a request of the harness."""
    torch: Any = import_module("torch")
    shapes = request["shapes"]
    answer: dict[str, Any] = {
        "framework": {"name": "torch", "version": torch.__version__},
        "threads": torch.get_num_threads(),
        "available": bool(torch.backends.mkldnn.is_available()),
        "build": torch.__config__.show(),
    }
    answer["convolutions"] = [
        examine(shape, "eager", request["repeats"], partial(prepare, torch, shape), partial(one_thread, torch))
        for shape in shapes
    ]
    answer["operators"], answer["control"] = witnesses(torch, shapes)
    if request["repeats"]:
        with one_thread(torch):
            answer["sgemm"] = sgemm(torch)
    return answer


if __name__ == "__main__":
    main(probe)
