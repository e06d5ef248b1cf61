"""Which family a library belongs to, by its name on any platform, and which package brings it.

A family says what a missing member means. Order matters: the first that fits.
"""

from __future__ import annotations

import re
from typing import Optional

_FAMILIES: tuple[tuple[str, str], ...] = (
    ("loader", r"ld-(linux|musl)[\w.-]*|libc\.musl[\w.-]*"),
    ("dnn", r"(lib)?(dnnl|mkldnn|onednn|ideep)[\w.-]*|(lib)?mklml\w*.*|libmkl_dnn.*"),
    ("openmp", r"(lib)?(gomp|iomp5\w*|omp5?)([.-].*)?|libomp\d\w*\..*|vcomp\d*d?\.dll|mk2iomp.*"),
    ("openmp_user", r"fbgemm\.dll"),
    ("mkl", r"(lib)?mkl[_.-].*|(lib)?mkl\d*\.(so|dll|dylib).*"),
    (
        "blas",
        r"(lib)?(openblas|cblas|f77blas|ptf77blas|ptcblas|atlas|satlas|tatlas|blas|lapacke?|lapack_atlas"
        r"|flexiblas|blis)\w*[.-].*",
    ),
    ("cudnn", r"(lib)?cudnn\w*[.-].*"),
    (
        "gpu_framework",
        r"(lib)?(c10|torch|caffe2|aoti_custom_ops)\w*_(cuda|gpu|hip|xpu)\w*\..*|libTHC\w*\..*|tensorflow_gpu.*",
    ),
    ("gpu_driver", r"libcuda\.so.*|nvcuda\.dll|libnvidia-ml\.so.*|libze_loader\.so.*"),
    (
        "gpu",
        r"(lib)?(cudart|cublas|cufft|curand|cusparse|cusolver|cupti|nvrtc|nccl|nvjitlink|nvtoolsext|nvinfer"
        r"|nvonnxparser|cufile"
        r"|nvshmem|npp\w+|amdhip64|rocblas|rocsolver|miopen|hipblas|hipsparse|hiprand|rccl|hsa-runtime64|opencl"
        r"|cudadevrt)\w*[.-].*",
    ),
    (
        "extension",
        r"_pywrap_tensorflow\w*\..*|_C\.(cpython|so|pyd|abi3).*|onnxruntime_pybind11_state\..*"
        r"|_multiarray_umath\..*|_ext\..*"
        r"|.*\.(cpython-\w+(-[\w-]+)?|abi3)\.so|.*\.pyd|.*\.node",
    ),
    (
        "framework",
        r"(lib)?(torch|torch_\w+|c10|caffe2\w*|shm|TH|THS|THNN|THPP|ATen|_?tensorflow\w*|tensorflow_cc"
        r"|tensorflow_framework|mxnet|paddle\w*"
        r"|onnxruntime\w*|openvino\w*|inference_engine\w*|asmjit|uv|dirac|tensorpipe)(\.so.*|\.dylib|\.dll"
        r"|\.\d.*dylib)",
    ),
    ("cxx", r"libstdc\+\+\.so.*|libgcc_s[.-].*|libc\+\+.*"),
    ("visual_cxx", r"(msvcp|vcruntime|concrt|ucrtbase|api-ms-win|vcamp)[\w-]*\.dll"),
    ("glibc", r"lib(c|m|dl|rt|pthread|util|resolv)\.so\.\d"),
    ("python", r"libpython\d.*|python\d+\.dll"),
    (
        "oneapi",
        r"lib(sycl|imf|svml|intlc|irng|irc|tbb\w*|ur_loader|umf|hwloc)\.so.*|(sycl\d*|tbb12|libmmd|svml_dispmd)\.dll",
    ),
)
_COMPILED = tuple((family, re.compile(pattern, re.IGNORECASE)) for family, pattern in _FAMILIES)

#: A name with a digest in it is given by auditwheel: such a copy exists only inside a wheel.
_HASHED = re.compile(r"-[0-9a-f]{8,}\.(?:so|dylib|dll)|-[0-9a-f]{8,}\.\d", re.IGNORECASE)

#: Debian's package for a soname; Red Hat's and Alpine's where they are called otherwise.
_PACKAGES: dict[str, tuple[str, str, str]] = {
    "libgomp.so.1": ("libgomp1", "libgomp", "libgomp"),
    "libomp.so.5": ("libomp5", "libomp", "openmp"),
    "libomp.so": ("libomp-dev", "libomp", "openmp"),
    "libiomp5.so": ("libomp5", "libomp", "openmp"),
    "libgl.so.1": ("libgl1", "mesa-libGL", "mesa-gl"),
    "libsm.so.6": ("libsm6", "libSM", "libsm"),
    "libxext.so.6": ("libxext6", "libXext", "libxext"),
    "libxrender.so.1": ("libxrender1", "libXrender", "libxrender"),
    "libglib-2.0.so.0": ("libglib2.0-0", "glib2", "glib"),
    "libgthread-2.0.so.0": ("libglib2.0-0", "glib2", "glib"),
    "libopenblas.so.0": ("libopenblas0", "openblas", "openblas"),
    "libcblas.so.3": ("libatlas3-base", "atlas", "openblas"),
    "libf77blas.so.3": ("libatlas3-base", "atlas", "openblas"),
    "libblas.so.3": ("libblas3", "blas", "openblas"),
    "liblapack.so.3": ("liblapack3", "lapack", "openblas"),
    "libstdc++.so.6": ("libstdc++6", "libstdc++", "libstdc++"),
    "libgcc_s.so.1": ("libgcc-s1", "libgcc", "libgcc"),
    "libquadmath.so.0": ("libquadmath0", "libquadmath", "libquadmath"),
    "libgfortran.so.5": ("libgfortran5", "libgfortran", "libgfortran"),
    "libgfortran.so.3": ("libgfortran3", "compat-libgfortran-48", "libgfortran"),
    "libatomic.so.1": ("libatomic1", "libatomic", "libatomic"),
    "libnuma.so.1": ("libnuma1", "numactl-libs", "numactl"),
    "libtbb.so.12": ("libtbb12", "tbb", "onetbb"),
    "libdnnl.so.2": ("libdnnl2", "onednn", "onednn"),
    "libdnnl.so.3": ("libdnnl3.6", "onednn", "onednn"),
    "libmkl_rt.so": ("libmkl-rt", "intel-oneapi-mkl", "openblas"),
}
_PREFIXES = (
    (re.compile(r"libmpi\w*\.so"), ("libopenmpi3", "openmpi", "openmpi")),
    (re.compile(r"libpython(\d\.\d+)"), ("libpython{0}", "python3-libs", "python3")),
)


def family(name: str) -> str:
    """The family of a library, "" for none of ours. `name` may be a path."""
    base = basename(name)
    for kind, pattern in _COMPILED:
        if pattern.fullmatch(base):
            return kind
    return ""


def basename(name: str) -> str:
    """The file name of a path of any platform, without quotes."""
    return re.split(r"[/\\]", name.strip("'\" "))[-1]


def hashed(name: str) -> bool:
    """Whether the name can only come from inside a wheel."""
    return _HASHED.search(basename(name)) is not None


def bundled(path: str) -> bool:
    """Whether a path lies inside an installed Python package."""
    return re.search(r"(?:site|dist)-packages|\.libs[/\\]|[/\\]torch[/\\]lib[/\\]", path) is not None


def package(name: str, manager: str) -> Optional[str]:
    """The package of the manager (apt, dnf, apk) that brings a library, or None."""
    base = basename(name).lower()
    column = {"apt": 0, "": 0, "dnf": 1, "apk": 2}.get(manager)
    if column is None:
        return None
    if base in _PACKAGES:
        return _PACKAGES[base][column]
    for pattern, names in _PREFIXES:
        match = pattern.match(base)
        if match:
            return names[column].format(*match.groups())
    return None
