"""What a library that is not found means: by its family, by who asked for it, and by the machine it is missed on."""

from __future__ import annotations

import re

from . import libraries
from .finding import Candidate
from .signature import Evidence

#: What a missing library means by its family, where nothing else is known.
_MISSING: dict[str, dict[str, float]] = {
    "dnn": {"dnn_library_missing": 0.9},
    "openmp": {"openmp_runtime_missing": 0.9},
    "openmp_user": {"openmp_runtime_missing": 0.8, "system_library_missing": 0.55},
    "mkl": {"mkl_library_missing": 0.9, "undefined_symbol_mkl": 0.35},
    "blas": {"blas_library_missing": 0.9},
    "cudnn": {"cudnn_not_found_or_mismatch": 0.85, "cuda_build_on_cpu_host": 0.55, "cuda_libraries_missing": 0.53},
    "gpu_driver": {"cuda_build_on_cpu_host": 0.8, "cuda_libraries_missing": 0.55},
    "gpu": {"cuda_build_on_cpu_host": 0.65, "cuda_libraries_missing": 0.6, "cudnn_not_found_or_mismatch": 0.53},
    "gpu_framework": {"cuda_build_on_cpu_host": 0.68, "extension_abi_mismatch": 0.6, "corrupt_install": 0.35},
    "extension": {"wrong_architecture": 0.62, "corrupt_install": 0.58, "shadowed_or_partial_module": 0.3},
    "cxx": {"system_library_missing": 0.8, "libstdcxx_too_old": 0.4},
    "visual_cxx": {"system_library_missing": 0.9},
    "python": {"system_library_missing": 0.85, "python_version_no_wheel": 0.3},
    "oneapi": {"system_library_missing": 0.62, "mkl_library_missing": 0.58, "dnn_library_missing": 0.5},
    "": {"system_library_missing": 0.78},
}
#: The same on a machine that has a GPU.
_MISSING_BESIDE_GPU: dict[str, dict[str, float]] = {
    "gpu": {"cuda_libraries_missing": 0.8, "cudnn_not_found_or_mismatch": 0.5, "cuda_build_on_cpu_host": 0.3},
    "gpu_driver": {"cuda_libraries_missing": 0.75, "cuda_build_on_cpu_host": 0.4},
    "cudnn": {"cudnn_not_found_or_mismatch": 0.9, "cuda_libraries_missing": 0.5},
}
#: The split CUDA parts that only some releases of torch have: their absence speaks of another release.
_OF_ONE_RELEASE = re.compile(r"_(?:cu|cpp)\.(?:so|dll)|caffe2_gpu|_pybind")
_OWN_IMPORT = re.compile(
    r"from torch\._C import|_load_global_deps|pywrap_tensorflow|(?:torch|mxnet|paddle\w*|onnxruntime"
    r"|caffe2)[/\\](?:capi[/\\])?"
    r"(?:__init__|base|_pybind_state|libinfo|fluid[/\\]core)\.py|dlopen\([^)\n]{0,200}[/\\]torch[/\\]_C"
)
_A_FRAME = re.compile(r'File "|from \. import|^-+> ?\d|import \w+', re.MULTILINE)
_OTHER_EXTENSION = re.compile(
    r"(?:torchvision|torchaudio|detectron2|mmcv|mmdet)[/\\]|[/\\](?!torch[/\\])\w+[/\\]_C\.", re.IGNORECASE
)
#: PyTorch's cache of the extensions that it builds when they are first asked for.
_BUILT_AT_RUN = re.compile(r"[/\\]torch_extensions[/\\]")


def missing(library: str, evidence: Evidence, needed_by: str = "") -> tuple[Candidate, ...]:
    """Candidates for a library that is not found."""
    name = libraries.basename(library)
    family = libraries.family(name)
    details = {"library": name}
    if needed_by:
        details["needed_by"] = needed_by
    weights = dict(_weights(family, name, evidence, needed_by))
    if _BUILT_AT_RUN.search(library):
        weights = {"corrupt_install": 0.7, "extension_abi_mismatch": 0.6}
    if libraries.hashed(name) or (
        libraries.bundled(library) and family not in ("gpu", "cudnn", "openmp_user", "extension")
    ):
        # It can only come from inside the package, so the package is not whole.
        weights = {**{cause: weight * 0.6 for cause, weight in weights.items()}, "corrupt_install": 0.85}
    return tuple(Candidate(cause, weight, details) for cause, weight in weights.items())


def _weights(family: str, name: str, evidence: Evidence, needed_by: str) -> dict[str, float]:
    if family in ("loader", "glibc"):
        return _loader(name, evidence)
    if evidence.context.gpu and family in _MISSING_BESIDE_GPU:
        return _MISSING_BESIDE_GPU[family]
    if family == "gpu_framework" and _OF_ONE_RELEASE.search(name):
        return {"extension_abi_mismatch": 0.68, "cuda_build_on_cpu_host": 0.62, "corrupt_install": 0.35}
    if family == "framework":
        return _framework(name, evidence, needed_by)
    return _MISSING[family]


def _loader(name: str, evidence: Evidence) -> dict[str, float]:
    """The interpreter of ELF files: another C library, or another architecture."""
    if evidence.context.emulated or "qemu" in evidence.line.lower() or "rosetta" in evidence.line.lower():
        return {"emulation_limits": 0.85, "wrong_architecture": 0.7, "musl_libc": 0.4}
    if re.search(r"armhf|linux\.so\.2|i386", name):
        return {"wrong_architecture": 0.85, "musl_libc": 0.4}
    return {"musl_libc": 0.88, "wrong_architecture": 0.45}


def _framework(name: str, evidence: Evidence, needed_by: str) -> dict[str, float]:
    """A library of the framework: lost by its own package, or looked for by an extension of another release."""
    before = evidence.context.text.blob[max(0, evidence.match.start() - 500) : evidence.match.end()]
    if _OWN_IMPORT.search(before) and not _OTHER_EXTENSION.search(needed_by):
        return {"corrupt_install": 0.82, "extension_abi_mismatch": 0.5}
    if "error while loading shared libraries" in evidence.line:
        return {"system_library_missing": 0.65, "corrupt_install": 0.6}
    if _A_FRAME.search(before[:-1].rsplit("\n", 1)[0]) or _OTHER_EXTENSION.search(before):
        return {"extension_abi_mismatch": 0.78, "corrupt_install": 0.6}
    if re.match(r"(?:lib)?(?:torch|c10|caffe2)", name):
        return {"extension_abi_mismatch": 0.64, "corrupt_install": 0.62}
    return {"corrupt_install": 0.7, "wrong_architecture": 0.5, "extension_abi_mismatch": 0.45}
