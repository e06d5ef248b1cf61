"""Causes of step 2: the framework does not reach a library."""

from __future__ import annotations

from collections.abc import Mapping

from .cause import Cause, Remedy


def _about(details: Mapping[str, str], *names: str) -> bool:
    return details.get("library", "").startswith(names)


def _windows(details: Mapping[str, str]) -> bool:
    return details.get("library", "").lower().endswith((".dll", ".pyd")) or "module" in details


CAUSES = (
    Cause(
        "dnn_library_missing",
        2,
        "The loader does not find oneDNN (libdnnl, formerly libmkldnn) or its helper MKL-ML.",
        (
            Remedy(
                "Find the file (`find / -name '{library}*'`); if it exists, put its folder on the loader path of "
                "this program;"
                " if not, {install}, or reinstall the wheel that brings its own copy.",
            ),
        ),
        "ldd of the failing extension prints `{library} => not found`; ldconfig -p does not list it.",
        "loader",
    ),
    Cause(
        "mkl_library_missing",
        2,
        "A library of Intel MKL is not where the loader looks.",
        (
            Remedy(
                "Install the MKL that the framework was built with in the same environment (`pip install mkl`, "
                "`conda install mkl`),"
                " or make the oneAPI one visible (`. /opt/intel/oneapi/setvars.sh`); on Windows activate the "
                "environment first."
            ),
        ),
        "Loading {library} by ctypes fails in the framework's own environment.",
        "packages",
    ),
    Cause(
        "blas_library_missing",
        2,
        "The BLAS or LAPACK library (OpenBLAS, ATLAS) that this build is linked to is absent.",
        (
            Remedy(
                "{install}; on Debian and Raspberry Pi OS: apt-get install libopenblas0 (or libatlas3-base for "
                "libcblas, libf77blas)."
            ),
        ),
        "ldd of the failing extension names {library} as not found.",
        "packages",
    ),
    Cause(
        "openmp_runtime_missing",
        2,
        "The OpenMP runtime that starts the library's threads is absent.",
        (
            Remedy("{install}.", lambda facts, _: bool(facts.package_manager), certain=True),
            Remedy(
                "{install}. On Debian and Ubuntu: apt-get install libgomp1 (libomp5 for libomp and libiomp5); on "
                "macOS: brew install"
                " libomp; on Windows: the Visual C++ build tools with OpenMP (libomp140) or `pip install intel-openmp`."
            ),
        ),
        "Loading {library} by ctypes fails; ldd of the failing library names it as not found.",
        "packages",
    ),
    Cause(
        "system_library_missing",
        2,
        "A general library of the operating system that the framework or a companion needs is absent.",
        (
            Remedy(
                "{install}, or use opencv-python-headless, which needs no display libraries.",
                lambda _, details: _about(details, "libGL", "libSM", "libXext", "libXrender", "libgthread", "libglib"),
                certain=True,
            ),
            Remedy(
                "Use a Python that was built with --enable-shared (Debian's is), or {install}.",
                lambda _, details: _about(details, "libpython"),
                certain=True,
            ),
            Remedy(
                "Install the Microsoft Visual C++ Redistributable (x64), then reinstall the framework if it persists.",
                lambda _, details: _windows(details),
                certain=True,
            ),
            Remedy("{install}."),
        ),
        "ldd of the failing file names {library} as not found.",
        "packages",
    ),
    Cause(
        "undefined_symbol_mkl",
        2,
        "Parts of Intel MKL from different versions or places are mixed, so they do not find each other's functions.",
        (
            Remedy(
                "Let one MKL remain: take foreign MKL folders out of LD_LIBRARY_PATH, then reinstall it in this "
                "environment;"
                " for PyTorch up to 2.2 from conda: `conda install 'mkl<2024.1'`. A fresh environment cures it "
                "for sure."
            ),
        ),
        "The mapped libmkl_* files of the process come from more than one folder or version.",
        "loader",
    ),
    Cause(
        "dnn_library_version_conflict",
        2,
        "Another copy of oneDNN (libdnnl, libmkldnn) in the process replaces the one that the framework was "
        "built with.",
        (
            Remedy(
                "Take the other copy out of LD_LIBRARY_PATH, LD_PRELOAD and PATH, or import the frameworks in "
                "separate processes;"
                " builds that link oneDNN statically cannot be hit."
            ),
        ),
        "Two libdnnl or libmkldnn paths are mapped; importing each framework alone works.",
        "loader",
    ),
    Cause(
        "openmp_runtime_conflict",
        2,
        "Two OpenMP runtimes are in one process, an old one hides the right one, or it is used after a fork.",
        (
            Remedy(
                "Leave one runtime: install the packages from one source (all pip or all conda, `nomkl` where "
                "MKL brings the second), "
                "import the framework first, and start workers with spawn instead of fork. "
                "KMP_DUPLICATE_LIB_OK=TRUE hides it and can"
                " give wrong results."
            ),
        ),
        "More than one of libgomp, libiomp5 and libomp is mapped by the process.",
        "advice",
    ),
    Cause(
        "static_tls",
        2,
        "Late loaded libraries share a small reserve for thread-local data in this glibc, and it is used up.",
        (
            Remedy(
                "Preload exactly the file that the message names: LD_PRELOAD={library}; or import the package "
                "that fails first;"
                " glibc 2.32 and newer make room by themselves "
                "(GLIBC_TUNABLES=glibc.rtld.optional_static_tls=2048 helps there)."
            ),
        ),
        "The same import works as the first one, or with LD_PRELOAD of {library}.",
        "environment",
    ),
    Cause(
        "libstdcxx_too_old",
        2,
        "The C++ library that is loaded is older than the build needs; often an old copy hides a newer one.",
        (
            Remedy(
                "The system's own libstdc++ is new enough: another copy comes first. Take its folder out of "
                "LD_LIBRARY_PATH, or update"
                " it in the environment (`conda install -c conda-forge libstdcxx-ng`).",
                lambda facts, details: facts.libstdcxx_at_least(details.get("wanted", "")),
                certain=True,
            ),
            Remedy(
                "Put a newer libstdc++ first: in conda `conda install -c conda-forge libstdcxx-ng` and its lib "
                "folder before the"
                " system's; else a newer system or an older build."
            ),
        ),
        "`strings` of the libstdc++.so.6 that is loaded does not list {version}.",
        "loader",
    ),
)
