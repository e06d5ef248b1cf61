"""Probe: which implementation runs tf.keras.layers.Conv2D on this CPU.

Alone: `PYTHONPATH=module_utils python -m dnnready.conv2d.probe_tensorflow < request.json`
(on a device the program's zipapp serves as PYTHONPATH). Set ONEDNN_VERBOSE=1 to see the DNN library's lines.
Each layer runs eagerly and as a graph (tf.function), which is how models are served. TensorFlow reads
TF_ENABLE_ONEDNN_OPTS once: the negative control is this probe in a second process with the value 0. The second witness
is IsMklEnabled, which follows that switch.
"""

from __future__ import annotations

import os
from functools import partial
from importlib import import_module
from typing import Any

from .probe_common import affinity, cpu_seconds, examine, main, recorded
from .probe_reference import Shape, Tensors


def layer_of(tf: Any, shape: Shape) -> Any:
    """The Keras layer; depthwise where each group is one channel, as Keras users write it."""
    settings = {
        "kernel_size": tuple(shape["kernel"]),
        "strides": tuple(shape["stride"]),
        "padding": "same" if same_padding(shape) else "valid",
        "dilation_rate": tuple(shape["dilation"]),
        "activation": None if shape["activation"] == "none" else shape["activation"],
        "use_bias": shape["bias"],
        "dtype": shape["dtype"],
    }
    channels = shape["input"][1]
    if 1 < shape["groups"] == channels:
        return tf.keras.layers.DepthwiseConv2D(depth_multiplier=shape["filters"] // channels, **settings)
    return tf.keras.layers.Conv2D(filters=shape["filters"], groups=shape["groups"], **settings)


def same_padding(shape: Shape) -> bool:
    """Whether Keras' own "same" is this padding; anything else is padded before, as Keras' models do."""
    reach = [step * (size - 1) for step, size in zip(shape["dilation"], shape["kernel"])]
    return (
        any(shape["padding"])
        and set(shape["stride"]) == {1}
        and all(gap == 2 * padding for gap, padding in zip(reach, shape["padding"]))
    )


def prepare(tf: Any, shape: Shape, mode: str) -> tuple[Any, ...]:
    """The layer on /cpu:0, its input (N H W C), and how to read both."""
    numpy: Any = import_module("numpy")
    with tf.device("/cpu:0"):
        batch, channels, height, width = shape["input"]
        values = numpy.random.default_rng(0).standard_normal((batch, height, width, channels))
        source = tf.cast(values, shape["dtype"])
        given = source
        if any(shape["padding"]) and not same_padding(shape):
            given = tf.pad(source, [[0, 0], *([padding, padding] for padding in shape["padding"]), [0, 0]])
        layer = layer_of(tf, shape)
        layer.build(given.shape)
        if shape["bias"]:
            layer.bias.assign(tf.cast(numpy.linspace(-1, 1, shape["filters"]), shape["dtype"]))
        call = tf.function(layer, autograph=False) if mode == "graph" else layer
        if mode == "graph":
            call.get_concrete_function(given)

    def run() -> Any:
        with tf.device("/cpu:0"):
            return call(given)

    def flat(tensor: Any, *order: int) -> Any:
        array = numpy.asarray(tensor).astype(numpy.float64)
        return (array.transpose(order) if order else array).ravel().tolist()

    def read(result: Any) -> Tensors:
        if 1 < shape["groups"] == channels:
            # H W I M of a depthwise layer: filter i*M+m sees channel i alone
            kernel = layer.depthwise_kernel if hasattr(layer, "depthwise_kernel") else layer.kernel  # Keras 2 and 3
            kernel = tf.reshape(kernel, [*shape["kernel"], 1, shape["filters"]])
        else:
            kernel = layer.kernel
        bias = flat(layer.bias) if shape["bias"] else []
        rows, height_out, width_out, filters = result.shape
        return Tensors(
            flat(source, 0, 3, 1, 2),
            flat(kernel, 3, 2, 0, 1),
            bias,
            flat(result, 0, 3, 1, 2),
            (rows, filters, height_out, width_out),
        )

    return run, read


def set_late(shape: Shape) -> dict[str, Any]:
    """Set environment variables from inside the program, as people do, and see whether anything changed."""
    before = affinity()
    os.environ.update(shape["environment_inside"])
    return {"set": dict(shape["environment_inside"]), "affinity_before": before, "affinity_after": affinity()}


def mkl_enabled() -> Any:
    """Whether the oneDNN operators are on in this process; None where this build cannot say."""
    for module in ("tensorflow.python.util._pywrap_util_port", "tensorflow.python._pywrap_util_port"):
        try:
            return bool(__import__(module, fromlist=["IsMklEnabled"]).IsMklEnabled())
        except (ImportError, AttributeError):
            continue
    return None


def sgemm(tf: Any) -> dict[str, Any]:
    """What float32 matrix multiplication reaches here, to compare convolutions with."""
    size = 512
    with tf.device("/cpu:0"):
        left, right = tf.random.normal((size, size)), tf.random.normal((size, size))
        tf.matmul(left, right)
        return {"operations": 2 * size**3, "cpu_seconds": cpu_seconds(lambda: tf.matmul(left, right), 5)}


def probe(request: dict[str, Any]) -> dict[str, Any]:
    """Answer a request of the harness."""
    tf: Any = import_module("tensorflow")
    answer: dict[str, Any] = {
        "framework": {"name": "tensorflow", "version": tf.__version__},
        "threads": tf.config.threading.get_intra_op_parallelism_threads(),
        "onednn_enabled": mkl_enabled(),
        "convolutions": [],
    }
    for shape in request["shapes"]:
        late = set_late(shape) if shape.get("environment_inside") else None
        for mode in ("eager", "graph"):
            record = examine(shape, mode, request["repeats"], partial(prepare, tf, shape, mode))
            if late is not None:
                record["environment_inside"] = {**late, "affinity_after": affinity()}
            answer["convolutions"].append(record)
    answer["sgemm"] = {}
    if request["repeats"]:
        with recorded(answer["sgemm"]):
            answer["sgemm"] = sgemm(tf)
    return answer


if __name__ == "__main__":
    main(probe)
