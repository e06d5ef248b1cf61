"""oneDNN's C API by ctypes, versions 2.x and 3.x behind one face; for the probe of oneDNN alone.

What differs between the two: a memory descriptor is a struct of the caller in 2.x and an opaque handle in 3.x, and 2.x
describes a convolution in an operation descriptor of its own before the primitive descriptor. Constants are those of
dnnl_types.h, equal in 2.0, 2.6, 3.7 and 3.13. Standard library only, see probe_common.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any, Optional

from .probe_library import load

CPU, FORWARD_INFERENCE, CONVOLUTION_DIRECT, ANY_LAYOUT, IN_ORDER = 1, 96, 1, 1, 1
DTYPES = {"float16": 1, "bfloat16": 2, "float32": 3}
SOURCE, DESTINATION, WEIGHTS, BIAS = 1, 17, 33, 41
QUERY_IMPLEMENTATION, QUERY_SOURCE, QUERY_WEIGHTS, QUERY_DESTINATION = 8, 129, 131, 133
#: Room for the structs of 2.x: 696 bytes a memory descriptor, 5,976 a convolution descriptor.
STRUCT_BYTES = 16384
STATUS = {1: "out of memory", 2: "invalid arguments", 3: "unimplemented", 4: "last implementation", 5: "runtime error"}

#: DNNL_RUNTIME_* of dnnl_config.h.
RUNTIMES = {0: "none", 1: "sequential", 2: "OpenMP", 4: "TBB", 8: "threadpool", 512: "SYCL"}

#: dnnl_cpu_isa_t: what dnnl_get_effective_cpu_isa answers.
ISA = {
    0x1: "sse41",
    0x3: "avx",
    0x7: "avx2",
    0xF: "avx2_vnni",
    0x1F: "avx2_vnni_2",
    0x27: "avx512_core",
    0x67: "avx512_core_vnni",
    0xE7: "avx512_core_bf16",
    0x1EF: "avx512_core_fp16",
    0x3E7: "avx512_core_amx",  # 2.x: without fp16
    0xFEF: "avx512_core_amx",
    0x1FEF: "avx512_core_amx_fp16",
}


class Version(ctypes.Structure):
    """dnnl_version_t."""

    _fields_ = [
        ("major", ctypes.c_int),
        ("minor", ctypes.c_int),
        ("patch", ctypes.c_int),
        ("commit", ctypes.c_char_p),
        ("cpu_runtime", ctypes.c_uint),
    ]


class Argument(ctypes.Structure):
    """dnnl_exec_arg_t."""

    _fields_ = [("argument", ctypes.c_int), ("memory", ctypes.c_void_p)]


class Library:
    """The loaded oneDNN."""

    def __init__(self) -> None:
        self.c = load("libdnnl", ["libdnnl.so.3", "libdnnl.so.3.6", "libdnnl.so.2", "libdnnl.so.1"])
        self.c.dnnl_version.restype = ctypes.POINTER(Version)
        self.about = self.c.dnnl_version().contents
        if self.about.major not in (2, 3):
            raise NotImplementedError(f"oneDNN {self.version}: this probe speaks the C API of versions 2 and 3.")
        self.by_struct = self.about.major == 2  # noqa: PLR2004 - the version with structs of the caller
        self.engine = ctypes.c_void_p()
        self.stream = ctypes.c_void_p()

    @property
    def version(self) -> str:
        """For example 3.7.2."""
        return f"{self.about.major}.{self.about.minor}.{self.about.patch}"

    def isa(self) -> str:
        """The ISA that the library says it dispatches to."""
        number = self.c.dnnl_get_effective_cpu_isa()
        return ISA.get(number, hex(number))

    def start(self) -> None:
        """Create engine and stream."""
        self.call("engine_create", ctypes.byref(self.engine), CPU, ctypes.c_size_t(0))
        self.call("stream_create", ctypes.byref(self.stream), self.engine, IN_ORDER)

    def call(self, name: str, *arguments: Any) -> None:
        """Call dnnl_NAME; RuntimeError with its status where that is not success."""
        status = getattr(self.c, f"dnnl_{name}")(*arguments)
        if status:
            raise RuntimeError(f"dnnl_{name}: {STATUS.get(status, status)}")

    def descriptor(self, sizes: Sequence[int], dtype: str, strides: Optional[Sequence[int]]) -> Any:
        """A memory descriptor with these strides, or with any layout the library likes."""
        dims = (ctypes.c_int64 * 12)(*sizes)
        if self.by_struct:
            made = ctypes.create_string_buffer(STRUCT_BYTES)
            verb, target = "init_by", ctypes.byref(made)
        else:
            made = ctypes.c_void_p()  # type: ignore[assignment]  # two kinds of the same thing, see above
            verb, target = "create_with", ctypes.byref(made)
        if strides is None:
            self.call(f"memory_desc_{verb}_tag", target, len(sizes), dims, DTYPES[dtype], ANY_LAYOUT)
        else:
            steps = (ctypes.c_int64 * 12)(*strides)
            self.call(f"memory_desc_{verb}_strides", target, len(sizes), dims, DTYPES[dtype], steps)
        return target if self.by_struct else made

    def convolution(self, descriptors: Sequence[Any], geometry: Sequence[Sequence[int]]) -> ctypes.c_void_p:
        """The primitive descriptor; descriptors are source, weights, bias or None, destination; geometry strides,
        dilations (0 for none) and padding.
        """
        strides, dilations, padding = ((ctypes.c_int64 * 12)(*values) for values in geometry)
        made = ctypes.c_void_p()
        if self.by_struct:
            operation = ctypes.create_string_buffer(STRUCT_BYTES)
            self.call(
                "dilated_convolution_forward_desc_init",
                ctypes.byref(operation),
                FORWARD_INFERENCE,
                CONVOLUTION_DIRECT,
                *descriptors,
                strides,
                dilations,
                padding,
                padding,
            )
            self.call("primitive_desc_create", ctypes.byref(made), ctypes.byref(operation), None, self.engine, None)
        else:
            self.call(
                "convolution_forward_primitive_desc_create",
                ctypes.byref(made),
                self.engine,
                FORWARD_INFERENCE,
                CONVOLUTION_DIRECT,
                *descriptors,
                strides,
                dilations,
                padding,
                padding,
                None,
            )
        return made

    def wanted(self, primitive: ctypes.c_void_p, query: int) -> ctypes.c_void_p:
        """The memory descriptor that a primitive chose where it was given any."""
        self.c.dnnl_primitive_desc_query_md.restype = ctypes.c_void_p
        return ctypes.c_void_p(self.c.dnnl_primitive_desc_query_md(primitive, query, 0))

    def implementation(self, primitive: ctypes.c_void_p) -> str:
        """The implementation's name as the library gives it."""
        name = ctypes.c_char_p()
        self.call("primitive_desc_query", primitive, QUERY_IMPLEMENTATION, 0, ctypes.byref(name))
        return (name.value or b"").decode()

    def memory(self, descriptor: Any, buffer: Any = None) -> ctypes.c_void_p:
        """Memory of this layout, in the caller's buffer or in one that the library allocates."""
        made = ctypes.c_void_p()
        handle = ctypes.c_void_p(-1) if buffer is None else ctypes.cast(buffer, ctypes.c_void_p)
        self.call("memory_create", ctypes.byref(made), descriptor, self.engine, handle)
        return made

    def reorder(self, source: Any, source_layout: Any, target: Any, target_layout: Any) -> None:
        """Copy from one layout to another."""
        made = ctypes.c_void_p()
        self.call(
            "reorder_primitive_desc_create",
            ctypes.byref(made),
            source_layout,
            self.engine,
            target_layout,
            self.engine,
            None,
        )
        self.execute(self.primitive(made), {SOURCE: source, DESTINATION: target})

    def primitive(self, descriptor: ctypes.c_void_p) -> ctypes.c_void_p:
        """The primitive of a descriptor, ready to execute."""
        made = ctypes.c_void_p()
        self.call("primitive_create", ctypes.byref(made), descriptor)
        return made

    def execute(self, primitive: ctypes.c_void_p, memories: dict[int, Any]) -> None:
        """Run a primitive and wait for it."""
        arguments = (Argument * len(memories))(*(Argument(key, value) for key, value in memories.items()))
        self.call("primitive_execute", primitive, self.stream, len(memories), arguments)
        self.call("stream_wait", self.stream)
