"""TensorFlow and PyTorch. Consequences were seen with tensorflow-cpu 2.21 and torch 2.13."""

from __future__ import annotations

from .grammar import Choice, Integer
from .variable import Variable

_TENSORFLOW = "https://github.com/tensorflow/tensorflow/blob/master/"
_GUIDE = (
    "https://www.intel.com/content/www/us/en/developer/articles/technical/"
    "maximize-tensorflow-performance-on-cpu-considerations-and-recommendations-for-inference.html"
)
_PYTORCH = "https://docs.pytorch.org/docs/stable/torch_environment_variables.html"

VARIABLES = (
    Variable(
        name="TF_ENABLE_ONEDNN_OPTS",
        summary="Sends convolutions to oneDNN. Not set, the CPU decides: on with AVX512_VNNI, off with AVX2 alone.",
        readers=("tensorflow",),
        grammar=Choice(("1", "0", "true", "false")),
        bad="A line of port.cc among the warnings, and the default of this CPU.",
        source=f"{_TENSORFLOW}tensorflow/core/util/port.cc",
    ),
    Variable(
        name="TF_NUM_INTRAOP_THREADS",
        summary="Threads of one operation, so of one convolution; 0 is all CPUs. tf.config shows 0 all the same.",
        readers=("tensorflow",),
        grammar=Integer(0, 65536),
        bad="-1 aborts the process (SIGABRT, `Check failed: num_threads >= 1`); a word is ignored silently.",
        source=_GUIDE,
        threads=True,
        instead="PyTorch takes OMP_NUM_THREADS.",
        early=False,
    ),
    Variable(
        name="TF_NUM_INTEROP_THREADS",
        summary="Operations that run side by side; 0 is as many as CPUs.",
        readers=("tensorflow",),
        grammar=Integer(0, 65536),
        bad="A word and -1 are ignored silently.",
        source=_GUIDE,
        early=False,
    ),
    Variable(
        name="TF_MKL_ALLOC_MAX_BYTES",
        summary="Memory of the allocator that oneDNN operations use, in bytes.",
        readers=("tensorflow",),
        grammar=Integer(64 << 20, 2**62),
        bad="Anything but digits aborts the process (SIGABRT, `Invalid memory limit`), also 64MB and an empty value; "
        "too little is a ResourceExhaustedError.",
        source=f"{_TENSORFLOW}tensorflow/core/common_runtime/mkl_cpu_allocator.h",
        early=False,
    ),
    Variable(
        name="TF_ENABLE_MKL_NATIVE_FORMAT",
        summary="Whether oneDNN operations keep TensorFlow's own layouts, or blocked ones. No effect seen in 2.21.",
        readers=("tensorflow",),
        grammar=Choice(("1", "0", "true", "false")),
        bad="Ignored silently.",
        source=_GUIDE,
    ),
    Variable(
        name="TF_CPP_MIN_LOG_LEVEL",
        summary="Log lines that are left out: 1 information, 2 warnings too, 3 errors too.",
        readers=("tensorflow",),
        grammar=Integer(0, 4),
        bad="A word is ignored silently.",
        source=f"{_TENSORFLOW}third_party/xla/xla/tsl/platform/default/logging.cc",
    ),
    Variable(
        name="TF_CPP_MAX_VLOG_LEVEL",
        summary="Verbose log lines, the more the higher.",
        readers=("tensorflow",),
        grammar=Integer(0, 10),
        bad="A word is ignored silently.",
        source=f"{_TENSORFLOW}third_party/xla/xla/tsl/platform/default/logging.cc",
        debugging=True,
        off=("0",),
    ),
    Variable(
        name="ATEN_CPU_CAPABILITY",
        summary="The instructions of PyTorch's own kernels; oneDNN's do not follow it.",
        readers=("pytorch",),
        grammar=Choice(("default", "avx2", "avx512", "vsx", "zvector", "sve256"), ignore_case=False),
        bad="A UserWarning, and the CPU's own; capitals are bad values too. PyTorch reports what it is told here: "
        "its report is no hardware probe.",
        source=_PYTORCH,
    ),
    Variable(
        name="TORCH_CPP_LOG_LEVEL",
        summary="The least severe log line of PyTorch's C++ part that is shown.",
        readers=("pytorch",),
        grammar=Choice(("INFO", "WARNING", "ERROR", "FATAL", "0", "1", "2", "3"), ignore_case=False),
        bad="A line `cannot be parsed`, and the default.",
        source=_PYTORCH,
    ),
    Variable(
        name="TORCH_SHOW_CPP_STACKTRACES",
        summary="Adds the C++ stack to PyTorch's errors.",
        readers=("pytorch",),
        grammar=Integer(0, 1),
        bad="Read as off.",
        source=_PYTORCH,
        measured=False,
        debugging=True,
        off=("0",),
    ),
)
