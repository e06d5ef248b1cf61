"""A library that the loader does not find: every loader's words for it, and what the library's family makes of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .. import libraries
from ..finding import Candidate
from ..missing import missing
from ..signature import Evidence, sign


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


def said(evidence: Evidence) -> Sequence[Candidate]:
    """Where the loader or MKL says it more exactly on the same line, they are heard."""
    if re.search(r"cannot open shared object|MKL FATAL|Could not load dynamic library", evidence.line, re.IGNORECASE):
        return ()
    return _named(evidence)


def _musl(evidence: Evidence) -> Sequence[Candidate]:
    if "permission denied" in evidence.text.lower():
        return (Candidate("selinux_or_noexec", 0.85, evidence.details),)
    if "exec format" in evidence.text.lower():
        return (Candidate("wrong_architecture", 0.9, evidence.details),)
    found = libraries.family(evidence.group("library"))
    if found in ("framework", "extension") or not re.search(r"\.so\b", evidence.group("library")):
        # Only the loader of musl says it so: what was made for glibc does not load there.
        return (Candidate("musl_libc", 0.8, evidence.details), Candidate("system_library_missing", 0.55))
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
        _musl,
        "Error loading shared library libgomp.so.1: No such file or directory (needed by a.so)",
    ),
    sign(
        "library_missing_android",
        "The loader of Android does not find a library.",
        (
            r"library \"?(?P<library>[^\s\"]{1,300}\.so[\d.]{0,12})\"? not found"
            r"(?:: needed by (?P<needed>[^\s\n]{1,300}))?"
        ),
        _named,
        'OSError: dlopen failed: library "libgomp.so.1" not found',
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
        "interpreter_missing",
        "The loader that a program is made for is not there.",
        r"(?P<library>ld-(?:linux|musl)[\w.-]{0,40}\.so\.\d): (?:No such file|not found)",
        said,
        "/lib64/ld-linux-x86-64.so.2: No such file or directory",
    ),
    sign(
        "library_said_to_lack",
        "A program says which part of the system it lacks.",
        (
            r"Visual C\+\+ Redistributable is not installed",
            r"(?:sndfile|portaudio|libmagic|ffmpeg|cairo|libvips)[\w ]{0,12} (?:library )?(?:was |is )?not found",
            r"no display name and no \$DISPLAY",
            r"install the (?:latest )?(?:Microsoft )?Visual C\+\+ [^\n]{0,30}redistributable",
            "Could not load the Qt platform plugin",
            "no Qt platform plugin could be initialized",
        ),
        {"system_library_missing": 0.8},
        "Microsoft Visual C++ Redistributable is not installed, this may lead to the DLL load failure.",
    ),
    sign(
        "library_of_other_version_macos",
        "The library is older than the one that it is asked for as.",
        r"Incompatible library version: (?P<needed>[^\s:]{1,250}) requires version",
        {"extension_abi_mismatch": 0.7, "libstdcxx_too_old": 0.4},
        "Incompatible library version: _C.so requires version 2.0.0 or later, but libx.dylib provides version 1.0.0",
    ),
    sign(
        "loader_confused",
        "The loader finds parts of two C libraries, or a damaged file.",
        (
            "Inconsistency detected by ld.so",
            r"unsupported version \d{1,6} of Verneed record",
            r"unexpected (?:PLT )?reloc type 0x",
            "DYNAMIC LINKER BUG",
        ),
        {"corrupt_install": 0.6, "glibc_too_old": 0.56},
        "Inconsistency detected by ld.so: dl-version.c: 205: _dl_check_map_versions: Assertion failed!",
    ),
    sign(
        "library_named_alone",
        "An import ends with nothing but the name of a library.",
        r"(?:ImportError|OSError|LoadError): (?P<library>lib[\w.+-]{1,80}\.so[\d.]{0,16})(?:$|\n)",
        _named,
        "ImportError: libopenblas.so.0\n",
    ),
    sign(
        "library_missing_java",
        "Java finds no library of its bindings.",
        r"no (?P<library>[\w-]{2,60}) in java\.library\.path",
        lambda evidence: (
            missing(re.sub("^jni", "lib", evidence.group("library")) + ".so", evidence)
            if libraries.family(re.sub("^jni", "lib", evidence.group("library")) + ".so") != "framework"
            else (Candidate("framework_not_installed", 0.66, evidence.details), Candidate("corrupt_install", 0.6))
        ),
        "java.lang.UnsatisfiedLinkError: no jnimkldnn in java.library.path",
    ),
    sign(
        "library_missing_for_platform",
        "The bindings bring no library for this system and processor.",
        r"Cannot find TensorFlow native library for OS: (?P<system>\w{1,20}), architecture: (?P<architecture>\w{1,20})",
        lambda evidence: (
            (Candidate("framework_not_installed", 0.64), Candidate("wrong_architecture", 0.6))
            if evidence.group("architecture") in ("x86_64", "amd64")
            else (Candidate("wrong_architecture", 0.85), Candidate("framework_not_installed", 0.5))
        ),
        "java.lang.UnsatisfiedLinkError: Cannot find TensorFlow native library for OS: linux, architecture: i386.",
    ),
    sign(
        "library_missing_at_link",
        "The linker does not find a library.",
        r"(?:cannot find|library not found for) -l(?P<library>[\w.+-]{1,60})",
        _linked,
        "/usr/bin/ld: cannot find -lmkl_rt",
    ),
)
