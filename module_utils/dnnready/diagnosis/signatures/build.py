"""A build from source: what the compiler, the linker and CMake do not find, and what a build leaves out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .. import symbols
from ..finding import Candidate
from ..missing import missing
from ..signature import Evidence, sign

#: A header or a CMake package belongs to the library that it is for.
_PARTS: tuple[tuple[str, dict[str, float]], ...] = (
    (r"mkldnn|dnnl|onednn|mklml|ideep", {"dnn_library_missing": 0.82, "framework_built_without_onednn": 0.6}),
    (r"mkl", {"mkl_library_missing": 0.8, "framework_built_without_onednn": 0.55}),
    (r"omp\b|openmp|gomp", {"openmp_runtime_missing": 0.8}),
    (r"cblas|blas|lapack|atlas", {"blas_library_missing": 0.82}),
    (r"cudnn", {"cudnn_not_found_or_mismatch": 0.8, "cuda_libraries_missing": 0.55}),
    (r"cuda|cublas|nccl|tensorrt|nvinfer", {"cuda_libraries_missing": 0.66, "cuda_build_on_cpu_host": 0.64}),
    (r"protobuf|protoc", {"protobuf_conflict": 0.6, "system_library_missing": 0.58}),
    (r"numpy|arrayobject", {"numpy_abi": 0.6, "system_library_missing": 0.5}),
    (r"", {"system_library_missing": 0.66}),
)


def _cmake(evidence: Evidence) -> Sequence[Candidate]:
    """CMake shouts NOT, other programs that could not find something do not; and most packages may be absent."""
    other_program = evidence.group("part") and "NOT" not in evidence.text
    if other_program or evidence.context.has("-- configuring done", "build files have been"):
        return ()
    found = _part(evidence)
    failed = evidence.context.has("cmake error", "configuring incomplete")
    if evidence.context.has("-- looking for", "-- performing test", "cmake warning") and not failed:
        return ()  # the search goes on
    if failed or evidence.context.has("required"):
        return found
    return tuple(Candidate(item.cause, item.weight * 0.82, item.details) for item in found)


def _part(evidence: Evidence) -> Sequence[Candidate]:
    names = ("part", "package", "provided", "interface")
    name = next(evidence.group(group) for group in names if evidence.group(group))
    weights = next(weights for pattern, weights in _PARTS if re.match(pattern, name, re.IGNORECASE))
    return tuple(Candidate(cause, weight, {"library": name}) for cause, weight in weights.items())


_NOT_LINKED = {
    "openmp": "openmp_runtime_missing",
    "blas": "blas_library_missing",
    "dnn": "dnn_library_missing",
    "mkl": "mkl_library_missing",
}


def _undefined(evidence: Evidence) -> Sequence[Candidate]:
    """The linker of macOS names the symbols of what is not linked."""
    found = symbols.family(evidence.group("symbol"))
    if found in _NOT_LINKED:
        return (Candidate(_NOT_LINKED[found], 0.8, {"symbol": evidence.group("symbol")}),)
    if found in ("framework", "cxx", "mangled"):
        return (Candidate("extension_abi_mismatch", 0.68, {"symbol": evidence.group("symbol")}),)
    return (Candidate("system_library_missing", 0.55),)


SIGNATURES = (
    sign(
        "header_missing",
        "The compiler does not find the header of a library.",
        r"fatal error: '?(?:[\w./-]{0,80}/)?(?P<part>[\w-]{1,60})\.h(?:pp|xx)?'?:? (?:No such file|file not found)",
        _part,
        "fatal error: mkldnn.hpp: No such file or directory",
    ),
    sign(
        "cmake_not_found",
        "CMake does not find a package.",
        (
            r"Could NOT find (?P<part>[A-Za-z][\w-]{1,40})(?! \(found)",
            r"By not providing ['\"]Find(?P<package>\w{1,40})\.cmake'",
            r"package configuration file provided by ['\"](?P<provided>\w{1,40})",
            r"A library with (?P<interface>BLAS|LAPACK) API not found",
        ),
        _cmake,
        "-- Could NOT find MKL (missing: MKL_LIBRARIES)",
    ),
    sign(
        "needed_by_not_found",
        "The linker does not find a library that another one needs.",
        r"(?P<part>[\w.+-]{1,80}\.so[\d.]{0,12}), needed by [^\n]{1,300}, not found",
        lambda evidence: missing(evidence.group("part"), evidence),
        "/usr/bin/ld: warning: libtbb.so.2, needed by a.so, not found (try using -rpath or -rpath-link)",
    ),
    sign(
        "no_rule_for_library",
        "make does not find a library that it needs, and knows no rule to make it.",
        r"No rule to make target '[^'\n]{0,200}?(?P<part>[\w.+-]{3,60}\.(?:so|a|dylib|lib))[\d.]{0,8}'",
        lambda evidence: missing(evidence.group("part"), evidence),
        "make[2]: *** No rule to make target '../external/mkldnn/install/lib64/libmkldnn.so', needed by 'libcaffe.so'.",
    ),
    sign(
        "submodule_empty",
        "The sources of oneDNN are not there: the checkout lacks its submodules.",
        (
            r"(?:mkl-?dnn|onednn|ideep)[^\n]{0,60}(?:is empty|sources? (?:files? )?(?:was |were )?not found)",
            r"(?:mkl-?dnn|onednn|ideep)[^\n]{0,40}does not contain a CMakeLists",
        ),
        {"dnn_library_missing": 0.8},
        "MKL-DNN source files not found!",
    ),
    sign(
        "header_of_other_release",
        "The sources are for another release of oneDNN than its headers.",
        (
            r"'?(?:class |struct )?(?:mkldnn|dnnl)(?:_\w{2,40}|::\w[\w:]{2,60})'? (?:has no member|has not been"
            r" declared|was not declared|is not a member)",
            r"'\w{2,40}' is not a member of '(?:mkldnn|dnnl)\b",
            r"'(?:mkldnn|dnnl)\w{0,40}'[^\n]{0,12}(?:undeclared identifier|has not been declared|was not declared)",
        ),
        {"dnn_library_version_conflict": 0.78, "dnn_library_missing": 0.5},
        "error: 'mkldnn_memory_desc_t' has no member named 'format'",
    ),
    sign(
        "flags_of_other_processor",
        "The compiler is told to build for a processor that is not this one.",
        (
            r"unrecogni[sz]ed (?:command[- ]line option|argument in option) '-m(?:avx|sse|fma|arch|tune|cpu|fpu|f16c)",
            r"unknown (?:target CPU|value) '[\w.-]{2,30}'",
            r"(?:unsupported|unknown) (?:option|argument) '-m(?:avx|sse|fma|arch|cpu|fpu)",
            r"bad value '[^'\n]{1,30}' for '?-m(?:arch|cpu|tune)",
        ),
        {"wrong_architecture": 0.82},
        "gcc: error: unrecognized command-line option '-mavx2'",
    ),
    sign(
        "wheel_not_built",
        "There is no wheel for this Python and platform, and the build from source fails.",
        (
            r"Failed building wheel for",
            r"Building wheel for [^\n]{1,60} did not run successfully",
            r"Could not build wheels for",
            r"Failed to build installable wheels",
            r"Failed to build '?[\w.=-]{2,60}",
            r"(?:legacy-install-failure|metadata-generation-failed)",
            r"pip subprocess to install build dependencies did not run successfully",
        ),
        {"python_version_no_wheel": 0.62, "system_library_missing": 0.59},
        "ERROR: Failed building wheel for blis",
    ),
    sign(
        "package_of_system_missing",
        "The system's package manager knows no such package.",
        (r"Unable to locate package lib[\w.+-]{2,40}", r"Package 'lib[\w.+-]{2,40}' has no installation candidate"),
        {"system_library_missing": 0.6},
        "E: Unable to locate package libgl1-mesa-glx",
    ),
    sign(
        "tools_missing",
        "A build from source lacks its tools or Python's headers.",
        (
            r"Microsoft Visual C\+\+ \d\d\.\d or greater is required",
            r"command '(?:gcc|cc|g\+\+|clang|cl\.exe|cmake|x86_64-\S{1,30}gcc)' failed",
            r"CMAKE_C(?:XX)?_COMPILER not set",
            r"unable to execute '(?:gcc|cc|g\+\+|clang|cl\.exe)'",
            r"No module named '?_(?:ctypes|lzma|bz2|ssl|sqlite3)'?(?:$|\n)",
        ),
        {"system_library_missing": 0.64},
        "error: command 'gcc' failed: No such file or directory",
    ),
    sign(
        "undefined_at_link_macos",
        "The linker of macOS lacks symbols: a library is not linked.",
        r'Undefined symbols for architecture \w{2,10}:\s{1,6}"(?P<symbol>[^"\n]{1,300})", referenced from',
        _undefined,
        'Undefined symbols for architecture x86_64:\n  "___kmpc_fork_call", referenced from:',
    ),
    sign(
        "compiler_without_openmp",
        "The compiler or the system has no OpenMP.",
        (
            r"unsupported option '-fopenmp'",
            r"OpenMP runtime is not installed",
            r"OpenMP (?:is |was )?not (?:found|available|supported|installed)",
        ),
        {"openmp_runtime_missing": 0.66},
        "clang: error: unsupported option '-fopenmp'",
    ),
    sign(
        "compiler_killed",
        "The compiler was killed, which is mostly missing memory.",
        (
            r"internal compiler error: Killed",
            r"fatal error: Killed signal terminated program",
            r"virtual memory exhausted",
        ),
        {"out_of_memory": 0.93},
        "g++: internal compiler error: Killed (program cc1plus)",
    ),
    sign(
        "other_architecture_linked",
        "A library is for another processor than the one that is built for.",
        (
            r"built for [^\n]{0,60}which is not the architecture being linked",
            r"found architecture '\w{3,12}', required architecture '\w{3,12}'",
            r"(?:requires|needs) (?:a )?64-bit Python",
            r"32-bit (?:Python|platform|system)[^\n]{0,30}(?:not supported|unsupported)",
        ),
        {"wrong_architecture": 0.88},
        "ld: warning: ignoring file a.dylib, built for x86_64 which is not the architecture being linked (arm64)",
    ),
)
