"""Probe: which implementation oneDNN itself chooses and runs for a convolution, without any framework.

Alone: `PYTHONPATH=module_utils python -m dnnready.conv2d.probe_onednn < request.json`
(on a device the program's zipapp serves as PYTHONPATH). Set ONEDNN_VERBOSE=1 to see the library's lines.
As frameworks do, the convolution chooses its own layouts (format any) and reorders lie around it. The negative control
creates the same primitive without executing it. The second witness is the library's own answer to
dnnl_primitive_desc_query: the name of the implementation.
"""

from __future__ import annotations

import ctypes
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from .probe_common import cpu_seconds, examine, main, marked, recorded, spread
from .probe_library import pointer
from .probe_onednn_library import (
    BIAS,
    DESTINATION,
    QUERY_DESTINATION,
    QUERY_SOURCE,
    QUERY_WEIGHTS,
    RUNTIMES,
    SOURCE,
    WEIGHTS,
    Library,
)
from .probe_reference import Shape, Tensors, output_shape, terms


def dense(sizes: tuple[int, ...]) -> list[int]:
    """Strides of a row-major array."""
    strides = [1]
    for size in reversed(sizes[1:]):
        strides.insert(0, strides[0] * size)
    return strides


def channels_last(sizes: tuple[int, ...]) -> list[int]:
    """Strides of N C H W kept as N H W C."""
    _, channels, height, width = sizes
    return [channels * height * width, 1, channels * width, channels]


class Convolution:
    """One convolution: float32 arrays outside, the layouts and the dtype that the library works with inside."""

    def __init__(self, library: Library, shape: Shape) -> None:
        self.library = library
        self.shape = shape
        groups, channels, filters = shape["groups"], shape["input"][1], shape["filters"]
        self.sizes = {
            "source": tuple(shape["input"]),
            "weights": (filters, channels // groups, *shape["kernel"]),
            "output": output_shape(shape),
        }
        if groups > 1:
            self.sizes["weights"] = (groups, filters // groups, channels // groups, *shape["kernel"])
        chosen = [self.inside(name) for name in ("source", "weights")]
        bias = library.descriptor((filters,), "float32", [1]) if shape["bias"] else None
        geometry = (shape["stride"], [step - 1 for step in shape["dilation"]], shape["padding"])
        self.descriptor = library.convolution([*chosen, bias, self.inside("output")], geometry)
        self.bias_layout = bias

    def inside(self, name: str) -> Any:
        """Any layout, or channels last where the shape asks for it."""
        last = self.shape["layout"] == "channels_last" and name != "weights"
        strides = channels_last(self.sizes[name]) if last else None
        return self.library.descriptor(self.sizes[name], self.shape["dtype"], strides)

    def prepare(self) -> tuple[Any, ...]:
        """Fill and reorder: (run, read) as probe_common.examine wants them."""
        library, shape = self.library, self.shape
        scale = terms(shape) ** -0.5
        buffers = {
            "source": floats(self.sizes["source"], 1),
            "weights": floats(self.sizes["weights"], 2, scale),
            "output": floats(self.sizes["output"], 3),
            "bias": floats((shape["filters"],), 4),
        }
        plain = {name: library.descriptor(sizes, "float32", dense(sizes)) for name, sizes in self.sizes.items()}
        outside = {name: library.memory(plain[name], pointer(buffers[name])) for name in plain}
        queries = {"source": QUERY_SOURCE, "weights": QUERY_WEIGHTS, "output": QUERY_DESTINATION}
        layouts = {name: library.wanted(self.descriptor, query) for name, query in queries.items()}
        inside = {name: library.memory(layout) for name, layout in layouts.items()}
        for name in ("source", "weights"):
            library.reorder(outside[name], plain[name], inside[name], layouts[name])
        memories = {SOURCE: inside["source"], WEIGHTS: inside["weights"], DESTINATION: inside["output"]}
        if shape["bias"]:
            memories[BIAS] = library.memory(self.bias_layout, pointer(buffers["bias"]))
        primitive = library.primitive(self.descriptor)

        def read(_: Any) -> Tensors:
            library.reorder(inside["output"], layouts["output"], outside["output"], plain["output"])
            for name in ("source", "weights"):  # as the library saw them: rounded where the dtype is narrow
                library.reorder(inside[name], layouts[name], outside[name], plain[name])
            source, weights, bias, output = (buffers[name] for name in ("source", "weights", "bias", "output"))
            return Tensors(source, weights, bias, output, self.sizes["output"])

        return partial(library.execute, primitive, memories), read


def prepare(library: Library, shape: Shape) -> tuple[Any, ...]:
    """(run, read) of a convolution; creating the primitive may fail too, and is then its error."""
    return Convolution(library, shape).prepare()


def floats(sizes: tuple[int, ...], seed: int, scale: float = 1.0) -> array[float]:
    """A float32 array with numbers of a fixed generator."""
    count = 1
    for size in sizes:
        count *= size
    return array("f", spread(count, seed, scale))


@contextmanager
def one_thread() -> Iterator[None]:
    """Waiting OpenMP threads spin: where the library works with OpenMP, time one thread."""
    try:
        openmp = ctypes.CDLL(None)
        before = openmp.omp_get_max_threads()
    except AttributeError:
        yield
        return
    openmp.omp_set_num_threads(1)
    try:
        yield
    finally:
        openmp.omp_set_num_threads(before)


def control(library: Library, shapes: list[Shape]) -> dict[str, Any]:
    """The same primitives, created and not executed: no exec line may appear between the marks."""
    answer: dict[str, Any] = {"how": "primitive created but not executed", "names": []}
    with recorded(answer):
        for shape in shapes:
            with marked(shape, "direct", "control"):
                library.primitive(Convolution(library, shape).descriptor)
                time.sleep(0)
            answer["names"].append(shape["name"])
    return answer


def implementations(library: Library, shapes: list[Shape]) -> list[dict[str, Any]]:
    """What the library answers when asked for the implementation's name: [{name, implementation}]."""
    answers = []
    for shape in shapes:
        record: dict[str, Any] = {"name": shape["name"]}
        with recorded(record):
            record["implementation"] = library.implementation(Convolution(library, shape).descriptor)
        answers.append(record)
    return answers


def sgemm(library: Library) -> dict[str, Any]:
    """What float32 matrix multiplication reaches here, to compare convolutions with."""
    size = 512
    left, right, result = (pointer(floats((size, size), seed)) for seed in (1, 2, 3))
    edge = ctypes.c_int64(size)
    one, zero = ctypes.c_float(1), ctypes.c_float(0)

    def multiply() -> None:
        kinds = (ctypes.c_char(b"N"), ctypes.c_char(b"N"))
        library.call("sgemm", *kinds, edge, edge, edge, one, left, edge, right, edge, zero, result, edge)

    multiply()
    return {"operations": 2 * size**3, "cpu_seconds": cpu_seconds(multiply, 5)}


def probe(request: dict[str, Any]) -> dict[str, Any]:
    """Answer a request of the harness."""
    library = Library()
    answer: dict[str, Any] = {
        "framework": {"name": "oneDNN", "version": library.version},
        "runtime": RUNTIMES.get(library.about.cpu_runtime, str(library.about.cpu_runtime)),
        "isa": library.isa(),
    }
    library.start()
    shapes = request["shapes"]
    answer["convolutions"] = [
        examine(shape, "direct", request["repeats"], partial(prepare, library, shape), one_thread) for shape in shapes
    ]
    answer["implementations"] = implementations(library, shapes)
    answer["control"] = control(library, [shape for shape in shapes if shape["role"] == "required"])
    answer["sgemm"] = {}
    if request["repeats"]:
        with recorded(answer["sgemm"]), one_thread():
            answer["sgemm"] = sgemm(library)
    return answer


if __name__ == "__main__":
    main(probe)
