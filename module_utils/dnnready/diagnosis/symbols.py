"""Which library a missing symbol should have come from, by its name, mangled or not."""

from __future__ import annotations

import re

_FAMILIES: tuple[tuple[str, str], ...] = (
    ("mkl", r"_?(mkl_(?!dnn)\w+|MKL_\w+|iJIT_\w+|vslNew\w+|vml\w+|LAPACKE_mkl\w+|i_(malloc|free)\w*)"),
    (
        "dnn",
        r"_?(dnnl_\w+|mkldnn_\w+|onednn_\w+|_ZNK?K?\d*(4dnnl|6mkldnn|5ideep)\w+|(dnnl|mkldnn|ideep)::.*"
        r"|_ZN\d*K?(4dnnl|6mkldnn)\w*)",
    ),
    ("openmp", r"_?(omp_\w+|GOMP_\w+|__kmpc_\w+|kmp_\w+|__kmp\w+)"),
    ("cudnn", r"_?(cudnn\w+)"),
    (
        "gpu",
        r"_?(cu(da|blas|sparse|solver|fft|rand)\w+|nccl\w+|__nvJitLink\w+|nvrtc\w+|__cudaRegister\w+|hip\w+"
        r"|_ZN\d*4cuda\w*|cu[A-Z]\w+)",
    ),
    ("numpy", r"_?(_?ARRAY_API|PyArray_\w+|PyUFunc_\w+)"),
    ("protobuf", r".*(6google8protobuf|google::protobuf).*"),
    ("python", r"_?(_?Py[A-Z_]\w*|_Py_\w+|PyUnicodeUCS\d\w*)"),
    (
        "framework",
        r".*(2at\d|2at[A-Z]|3c10|5torch|6caffe2|10tensorflow|4xla\d|5mxnet|6paddle|11onnxruntime|N2at|NK2at"
        r"|stream_executor).*"
        r"|_?(TH[CPNS]?\w+|TF_\w+|TFE_\w+|Ort\w+|aoti_\w+|c10_\w+|MX[A-Z]\w+)|(at|c10|torch|caffe2"
        r"|tensorflow)::.*|torch_library_impl|torch_\w+_dispatch|_ZN4absl\w*",
    ),
    (
        "cxx",
        r"_Z(T[VIS])?N10__cxxabi\w*|_Z(T[VIS]|GV)?(N?K?S[tsabiod]|NKSt|NSt|St)\w*|__cxa_\w+|__cxx11.*|_Z(N"
        r"|NK)\d*__cxx\w*|__gxx\w*|std::.*",
    ),
    (
        "glibc",
        r"__\w+_chk|__(libc|glibc|longjmp|memcpy|fdelt|isoc\d+)\w*|gnu_get_libc\w*|secure_getenv|backtrace\w*"
        r"|__res_\w+|mallopt|mallinfo\d?"
        r"|(mem\w+|str\w+|pthread_\w+|clock_\w+|getrandom|log|exp|pow|fcntl64)(@GLIBC.*)?|qsort_r|__strdup"
        r"|strtoll_l|__register_atfork",
    ),
    (
        "blas",
        r"_?((cblas_|LAPACKE_)\w+|(openblas_|ATL_)\w+|[sdczi](ge|gb|sy|sp|he|po|pp|tr|tb|or|un|gg|la|st|ax|sc|co"
        r"|do|nr|am|sw|ro)[a-z0-9]{1,5}_?)",
    ),
)
_COMPILED = tuple((family, re.compile(pattern)) for family, pattern in _FAMILIES)


def family(symbol: str) -> str:
    """The family of a symbol, "" for one that we do not know; "mangled" for a C++ name of someone's."""
    name = symbol.strip("'\" ,;()").split("@")[0]
    for kind, pattern in _COMPILED:
        if pattern.fullmatch(name):
            return kind
    return "mangled" if re.match(r"_{1,3}Z[NTKGS]|_{1,2}Z\d", name) else ""


def newer_cxx(symbol: str) -> bool:
    """Whether the C++ name uses the string of the new ABI."""
    return "__cxx11" in symbol
