"""A library that the loader does not find: every loader's words for it, and what the library's family makes of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .. import libraries
from ..finding import Candidate
from ..signature import Evidence, sign

#: What a missing library means by its family, where nothing else is known.
_MISSING: dict[str, dict[str, float]] = {
    "dnn": {"dnn_library_missing": 0.9},
    "openmp": {"openmp_runtime_missing": 0.9},
    "openmp_user": {"openmp_runtime_missing": 0.8, "system_library_missing": 0.55},
    "mkl": {"mkl_library_missing": 0.9, "undefined_symbol_mkl": 0.35},
    "blas": {"blas_library_missing": 0.9},
    "cudnn": {"cudnn_not_found_or_mismatch": 0.85, "cuda_build_on_cpu_host": 0.55, "cuda_libraries_missing": 0.45},
    "gpu_driver": {"cuda_build_on_cpu_host": 0.8, "cuda_libraries_missing": 0.55},
    "gpu": {"cuda_build_on_cpu_host": 0.65, "cuda_libraries_missing": 0.6, "cudnn_not_found_or_mismatch": 0.3},
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


def missing(library: str, evidence: Evidence, needed_by: str = "") -> tuple[Candidate, ...]:
    """Candidates for a library that is not found."""
    name = libraries.basename(library)
    family = libraries.family(name)
    details = {"library": name}
    if needed_by:
        details["needed_by"] = needed_by
    weights = dict(_weights(family, name, evidence, needed_by))
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


def _elf(evidence: Evidence) -> Sequence[Candidate]:
    errno = evidence.group("errno").lower()
    library = evidence.holder
    if not library or "could not load dynamic library" in evidence.line.lower():
        return ()  # said by the one below
    details = {"library": libraries.basename(library)}
    if errno.startswith(("permission denied", "operation not permitted")):
        return (Candidate("selinux_or_noexec", 0.85, details),)
    if errno.startswith(("input/output", "stale", "structure needs")):
        return (Candidate("corrupt_install", 0.8, details),)
    if errno.startswith("too many open files"):
        return (Candidate("thread_limit", 0.5, details),)
    return missing(library, evidence, evidence.group("needed"))


def _optional_gpu(evidence: Evidence) -> Sequence[Candidate]:
    """TensorFlow tries the GPU's libraries and goes on without them."""
    library = evidence.group("library")
    details = {"library": library}
    if libraries.family(library) not in ("gpu", "cudnn", "gpu_driver"):
        return missing(library, evidence)
    if evidence.context.gpu:
        if libraries.family(library) == "cudnn":
            return (
                Candidate("cudnn_not_found_or_mismatch", 0.66, details),
                Candidate("cuda_libraries_missing", 0.6, details),
            )
        return (
            Candidate("cuda_libraries_missing", 0.7, details),
            Candidate("cudnn_not_found_or_mismatch", 0.55, details),
            Candidate("benign_message", 0.4, details),
        )
    return (
        Candidate("benign_message", 0.8, details),
        Candidate("cuda_build_on_cpu_host", 0.5, details),
        Candidate("cuda_libraries_missing", 0.45, details),
    )


def _said(evidence: Evidence) -> Sequence[Candidate]:
    """Where the loader or MKL says it more exactly on the same line, they are heard."""
    if re.search(r"cannot open shared object|MKL FATAL|Could not load dynamic library", evidence.line, re.IGNORECASE):
        return ()
    return _named(evidence)


def _named(evidence: Evidence) -> Sequence[Candidate]:
    return missing(evidence.group("library"), evidence, evidence.group("needed"))


def _listed(evidence: Evidence) -> Sequence[Candidate]:
    """ldd knows no RPATH of the program that will load the file: worth less than a loader's word."""
    name = evidence.line.split(" => not found")[0].rsplit(" ", 1)[-1]
    return tuple(Candidate(item.cause, item.weight * 0.8, item.details) for item in missing(name, evidence))


def _linked(evidence: Evidence) -> Sequence[Candidate]:
    name = f"lib{evidence.group('library')}.so"
    return tuple(Candidate(item.cause, item.weight * 0.8, item.details) for item in missing(name, evidence))


_LIBRARY = r"(?P<library>[^\s:'\"(,]{1,300})"
SIGNATURES = (
    sign(
        "library_missing",
        "The loader of glibc does not find a library.",
        (
            r"cannot open shared object file(?:: (?P<errno>[A-Z][^\n(;]{1,60}))?(?: -"
            r" (?P<needed>\S{1,300}))?"
        ),
        _elf,
        "ImportError: libfoo.so.1: cannot open shared object file: No such file or directory",
    ),
    sign(
        "library_missing_musl",
        "The loader of musl does not find a library.",
        (
            rf"Error loading shared library {_LIBRARY}: [^\n(]{{1,60}}(?:\(needed by"
            r" (?P<needed>[^)\n]{1,300}))?"
        ),
        _named,
        "Error loading shared library libgomp.so.1: No such file or directory (needed by a.so)",
    ),
    sign(
        "library_missing_ldd",
        "ldd finds no file for a needed library.",
        " => not found",
        _listed,
        "libgomp.so.1 => not found",
    ),
    sign(
        "library_missing_macos",
        "The loader of macOS does not find a library.",
        (
            r"Library not loaded: '?(?P<library>[^\s'\"]{1,300})'?(?: Referenced from:"
            r" [^\n]{0,40}?(?P<needed>[/<][^\n']{1,300}))?"
        ),
        _named,
        "Library not loaded: @rpath/libomp.dylib",
    ),
    sign(
        "library_optional",
        "TensorFlow looks for a library of the GPU and goes on without it.",
        r"Could not load dynamic library '(?P<library>[^'\n]{1,200})'",
        _optional_gpu,
        "W dso_loader.cc:64] Could not load dynamic library 'libcudart.so.11.0'; dlerror: x",
    ),
    sign(
        "library_not_found_by_program",
        "A program says that it does not find a library.",
        (
            "(?:(?:not able|unable|fail(?:ed|s|ure)?|cannot|can't|could ?n[o']t"
            "|did not) (?:to )?(?:be )?(?:find|found|locate|load|open|dlopen)(?: the| shared"
            r"| dynamic| native| required| a){0,3}(?: library| lib| file| object)?:? ?['\"]?"
            r"|no such library:? ?['\"]?)(?P<library>(?:[^\s'\"]{0,200}[/\\])?lib[\w.+-]{1,80}(?:\.so"
            r"|\.dylib)[\d.]{0,12})(?![\w./ ]{0,40}(?:or|version))"
        ),
        _said,
        "tensorflow is not able to find the libComputeCpp.so file",
    ),
    sign(
        "library_named_alone",
        "An import ends with nothing but the name of a library.",
        r"(?:ImportError|OSError|LoadError): (?P<library>lib[\w.+-]{1,80}\.so[\d.]{0,16})(?:$|\n)",
        _named,
        "ImportError: libopenblas.so.0\n",
    ),
    sign(
        "library_missing_at_link",
        "The linker does not find a library.",
        r"(?:cannot find|library not found for) -l(?P<library>[\w.+-]{1,60})",
        _linked,
        "/usr/bin/ld: cannot find -lmkl_rt",
    ),
)
