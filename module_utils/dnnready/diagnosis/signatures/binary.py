"""A file that is not the binary this machine needs: cut, mixed up, or made for another one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .. import libraries
from ..finding import Candidate
from ..signature import Evidence, sign


def _format(evidence: Evidence) -> Sequence[Candidate]:
    """Not an ELF file at all: a package of another system, or a file that was not written whole.

    Where an extension module itself is none, its whole package is foreign; where one of the libraries that a
    package brings along is none, the module that asked for it was fine, so that one file is damaged.
    """
    name = evidence.holder
    details = {"library": libraries.basename(name)} if name else {}
    family = libraries.family(name)
    inner = family in ("framework", "mkl", "gpu", "cudnn", "openmp") or (
        family != "extension" and re.search(r"[/\\](?:lib|\w+\.libs)[/\\]", name)
    )
    if "too small" in evidence.text:
        return (Candidate("corrupt_install", 0.92, details),)
    first, second = ("corrupt_install", "wrong_architecture") if inner else ("wrong_architecture", "corrupt_install")
    return (Candidate(first, 0.82, details), Candidate(second, 0.66, details))


def _machine(evidence: Evidence) -> Sequence[Candidate]:
    details = {"library": libraries.basename(evidence.holder)} if evidence.holder else {}
    weights = {"wrong_architecture": 0.92, "emulation_limits": 0.35 if evidence.context.emulated else 0.0}
    return tuple(Candidate(cause, weight, details) for cause, weight in weights.items() if weight)


SIGNATURES = (
    sign(
        "elf_header",
        "The file is no ELF file.",
        (
            "invalid ELF header",
            r"(?<!sstable.\()bad magic(?: number)?",
            "not an ELF (?:file|object)",
            "not a mach-o file",
            "file format not recognized",
            "file not recognized:",
            r"is too small to be an ELF executable",
        ),
        _format,
        "ImportError: a/torch/lib/libtorch_cpu.so: invalid ELF header",
    ),
    sign(
        "elf_machine",
        "The file is for another processor or word size.",
        (
            "wrong ELF class",
            r"mach-o[^\n]{0,40}(?:wrong|incompatible) architecture",
            r"\(?have '\w+', need '\w+'",
            "skipping incompatible",
            "file in wrong format",
            "Exec format error",
            "is an incompatible architecture",
            "no matching architecture",
            "cannot execute binary file",
            "Bad CPU type",
            "unsupported (?:ELF )?machine number",
            "unknown e_machine",
            "undefined e_machine",
            "Relocations in generic ELF",
            "ELF file(?:'s)? (?:machine|data encoding|OS ABI|ABI version)",
            r"is for EM_\w{2,20} \(\d{1,3}\) instead of",
            r"\" is (?:32|64)-bit instead of (?:32|64)-bit",
            "attempt was made to load a program with an incorrect format",
            r"BadImageFormatException",
            "is not a valid Win32 application",
            r"architecture of input file [^\n]{0,60}is incompatible with",
            r"not a valid application for this OS platform",
            r"Unsupported platform: ?\w{0,12}[-_ ]?(?:arm|aarch64|i[36]86|win32|ppc|riscv)",
            "not compatible with the version of Windows you're running",
            "no match for platform",
        ),
        _machine,
        "ImportError: a.so: wrong ELF class: ELFCLASS32",
    ),
    sign(
        "machine_type",
        "The library is for another processor.",
        (
            r"machine type '?x\d\d'? conflicts",
            "模块计算机类型",
            r"Can't load [^\n]{1,30} \.\w+ on an? [^\n]{1,30}platform",
        ),
        {"wrong_architecture": 0.9},
        "Can't load AMD 64-bit .so on a AARCH64-bit platform",
    ),
    sign(
        "page_size",
        "The library is aligned for smaller memory pages than this kernel has.",
        "ELF load command (?:address/offset not|alignment not) (?:properly |page-)?aligned",
        {"wrong_architecture": 0.72, "corrupt_install": 0.6},
        "OSError: a.so: ELF load command alignment not page-aligned",
    ),
    sign(
        "file_cut",
        "The file was not written whole.",
        (
            "file too short",
            "file truncated",
            "zipfile offset",
            "Bad magic number for central directory",
            "ELF load command past end of file",
            "cannot read file data",
            "truncated file",
            r"mach-o[^\n]{0,60}truncated",
            "object file has no (?:loadable segments|dynamic section)",
            "ELF file's phentsize not",
            "bad marshal data",
            "marshal data too short",
            "source code string cannot contain null bytes",
            r"section header[^\n]{0,60}(?:past|beyond|invalid)",
            "File is not a zip file",
            "BadZipFile",
            "Bad CRC-32",
            "appears to be corrupted",
            "DO NOT MATCH THE HASHES",
            "is an invalid wheel",
        ),
        {"corrupt_install": 0.92},
        "OSError: a/torch/lib/libc10.so: file too short",
    ),
    sign(
        "record_missing",
        "Files of an installed package are missing.",
        (
            r"Cannot uninstall [^\n]{1,60}(?:RECORD|distutils)",
            "no RECORD file was found",
            "Ignoring invalid distribution",
        ),
        lambda evidence: (Candidate("corrupt_install", 0.5 if "Ignoring" in evidence.text else 0.64),),
        "ERROR: Cannot uninstall torch 2.0, RECORD file not found.",
    ),
    sign(
        "bus_error",
        "A mapped file ended before the program did: a library or shared memory is cut short.",
        (
            r"(?:\bBus error(?![\t\x20]\w)|SIGBUS|(?:exit(?:ed)?(?: with)?|code"
            r"|status)[ :=]{1,3}135)\b(?P<shm>[^\n]{0,200}(?:shared memory|shm))?"
        ),
        lambda evidence: (
            (Candidate("out_of_memory", 0.85),)
            if evidence.group("shm")
            else (Candidate("corrupt_install", 0.62), Candidate("out_of_memory", 0.5))
        ),
        "Bus error (core dumped)",
    ),
    sign(
        "other_python",
        "The extension was built for another Python.",
        (
            "Python version mismatch",
            "module was compiled for Python",
            "bad magic number in '",
            r"compiled for Python \d",
        ),
        {"extension_abi_mismatch": 0.66, "wrong_architecture": 0.45, "python_version_no_wheel": 0.4},
        "ImportError: Python version mismatch: module was compiled for Python 3.11",
    ),
)
