"""Windows: the loader gives a number and a sentence in the user's language; the number or the sentence tells."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .. import libraries
from ..finding import Candidate
from ..missing import missing
from ..signature import Evidence, sign
from .windows_sentences import SENTENCES

_COMPILED = tuple((code, re.compile("|".join(words), re.IGNORECASE)) for code, words in SENTENCES.items())
#: What the code means for a library of a framework.
_CODES: dict[int, dict[str, float]] = {
    127: {"extension_abi_mismatch": 0.62, "system_library_missing": 0.58, "openmp_runtime_conflict": 0.35},
    193: {"wrong_architecture": 0.85, "corrupt_install": 0.6},
    1114: {"system_library_missing": 0.64, "cpu_lacks_instructions": 0.6, "openmp_runtime_conflict": 0.35},
    1455: {"out_of_memory": 0.92},
    182: {"system_library_missing": 0.65, "extension_abi_mismatch": 0.55},
    112: {"no_disk_space": 0.92},
    5: {"selinux_or_noexec": 0.55},
    8: {"out_of_memory": 0.85},
    1450: {"out_of_memory": 0.85},
    216: {"wrong_architecture": 0.9},
    225: {"selinux_or_noexec": 0.85},
    577: {"selinux_or_noexec": 0.85},
    1260: {"selinux_or_noexec": 0.9},
    4551: {"selinux_or_noexec": 0.9},
    23: {"corrupt_install": 0.8},
    1392: {"corrupt_install": 0.85},
    1157: {"system_library_missing": 0.8},
    14001: {"system_library_missing": 0.85},
}
#: How a process ended: the status that Windows gives, as it is printed with and without a sign.
_STATUS: tuple[tuple[str, dict[str, float]], ...] = (
    ("c0000135|-1073741515|3221225781", {"system_library_missing": 0.84}),
    ("c000007b|-1073741701|3221225595", {"wrong_architecture": 0.84, "corrupt_install": 0.5}),
    ("c0000139|-1073741511|3221225785", {"extension_abi_mismatch": 0.74, "system_library_missing": 0.5}),
    ("c0000142|-1073741502|3221225794", {"system_library_missing": 0.62, "cpu_lacks_instructions": 0.54}),
    ("c000012d|c0000017|-1073741523|-1073741801", {"out_of_memory": 0.85}),
)
#: A module that is there but whose own libraries are not: by far the Visual C++ runtime.
_DEPENDENCY = {"system_library_missing": 0.68, "corrupt_install": 0.4, "openmp_runtime_missing": 0.35}
_TENSORFLOW = {
    "system_library_missing": 0.62,
    "cuda_libraries_missing": 0.5,
    "cudnn_not_found_or_mismatch": 0.45,
    "cpu_lacks_instructions": 0.4,
}


#: The part that uses the GPU is there; what it needs itself is not.
_MISSING_FOR_GPU = {"cuda_libraries_missing": 0.7, "cudnn_not_found_or_mismatch": 0.64, "cuda_build_on_cpu_host": 0.6}


#: TensorFlow begins with instructions of AVX, which an old CPU ends; the others begin with the C++ runtime.
_INITIALIZATION_OF_TENSORFLOW = {"cpu_lacks_instructions": 0.64, "system_library_missing": 0.6}


#: Of the system: ERROR_DLL_INIT_FAILED, ERROR_MOD_NOT_FOUND.
_INITIALIZATION_FAILED = 1114
_MODULE_NOT_FOUND = 126
#: How far from the code a name of TensorFlow tells whose library it was: its traceback's last frames.
_NEAR = 600


def _by_code(number: int, evidence: Evidence) -> dict[str, float]:
    near = evidence.context.text.blob[max(0, evidence.match.start() - _NEAR) : evidence.match.end() + _NEAR].lower()
    if number == _INITIALIZATION_FAILED and ("tensorflow" in near or "tfjs" in near):
        return _INITIALIZATION_OF_TENSORFLOW
    return _CODES.get(number, {})


def _code(evidence: Evidence) -> Sequence[Candidate]:
    number = int(evidence.group("code") or 0)
    sentence = evidence.group("reason") or evidence.group("sentence") or evidence.text
    for code, pattern in _COMPILED:
        if pattern.search(sentence):
            number = code
    library, module = evidence.group("library"), evidence.group("module")
    details = {"library": libraries.basename(library)} if library else {"module": module} if module else {}
    library = library or module
    if number in _CODES:
        return tuple(Candidate(cause, weight, details) for cause, weight in _by_code(number, evidence).items())
    if not number:  # no words, or those of a language that is not listed
        return (Candidate("system_library_missing", 0.57, details),)
    if number != _MODULE_NOT_FOUND:
        return ()
    if libraries.family(library) in ("openmp_user", "gpu", "cudnn", "gpu_framework", "mkl", "dnn", "openmp"):
        name = libraries.basename(library)
        return missing(name, evidence)
    if re.search(r"providers_(?:cuda|tensorrt)", library):
        weights = _MISSING_FOR_GPU
        return tuple(Candidate(cause, weight, details) for cause, weight in weights.items())
    weights = _TENSORFLOW if "pywrap_tensorflow" in f"{library} {evidence.text}" else _DEPENDENCY
    return tuple(Candidate(cause, weight, details) for cause, weight in weights.items())


def _status(evidence: Evidence) -> Sequence[Candidate]:
    words = evidence.text.lower()
    weights = next((weights for pattern, weights in _STATUS if re.search(pattern, words)), {})
    return tuple(Candidate(cause, weight) for cause, weight in weights.items())


def _node(evidence: Evidence) -> Sequence[Candidate]:
    blob = evidence.context.text.blob
    sentence = blob[max(0, evidence.match.start() - 200) : evidence.match.start()].rstrip("\n").rsplit("\n", 1)[-1]
    number = next((code for code, pattern in _COMPILED if pattern.search(sentence)), 0)
    weights = _by_code(number, evidence) or (_DEPENDENCY if number == _MODULE_NOT_FOUND else {})
    details = {"library": libraries.basename(evidence.group("library"))}
    return tuple(Candidate(cause, weight, details) for cause, weight in weights.items())


def _named(evidence: Evidence) -> Sequence[Candidate]:
    library = evidence.group("library") or re.sub(r"(\.dll)?$", ".dll", evidence.group("named"))
    return missing(library, evidence)


SIGNATURES = (
    sign(
        "windows_code",
        "Windows refuses to load a library, and says why by a number.",
        (
            r"(?:\[WinError |WindowsError: \[Error )(?P<code>\d{1,5})\]"
            r"(?:(?P<reason>[^\n]{0,160}?)[\n ]{0,30}Error loading\s{1,40}['\"](?P<library>[^'\"\n]{1,300}\.\w{3})"
            r"|(?P<sentence>[^\n]{0,160}))"
        ),
        _code,
        '[WinError 126] The specified module could not be found. Error loading "C:\\x\\torch\\lib\\fbgemm.dll" or one',
    ),
    sign(
        "windows_load_library",
        "A library is there and Windows refuses it, and says why by a number.",
        (
            r"LoadLibrary\w{0,3} failed with error (?P<code>\d{1,5})[^\n]{0,200}? load"
            r" ['\"](?P<library>[^'\"\n]{1,300})['\"]"
        ),
        _code,
        'LoadLibrary failed with error 126 "" when trying to load "C:\\x\\onnxruntime_providers_cuda.dll"',
    ),
    sign(
        "windows_dll_load_failed",
        "Windows refuses to load an extension module.",
        (
            r"DLL load failed(?: while importing (?P<module>\w{1,80}))?: (?P<reason>[^\n]{1,160})",
            r"DLL load failed:? ?$",
        ),
        _code,
        "ImportError: DLL load failed while importing _C: The specified module could not be found.",
    ),
    sign(
        "windows_dll_missing",
        "A DLL is not found.",
        (
            r"(?:Could not find (?:module |the DLL\(s\) )?['\"](?P<path>[^'\"\n]{0,250}[/\\])?"
            r"|because |find the (?:dynamic )?library )(?P<library>[\w.+-]{1,80}\.dll)\b",
            r"Unable to load DLL '(?P<named>[\w.+-]{1,80})'",
        ),
        _named,
        "Could not find module 'C:\\x\\mkl_rt.dll' (or one of its dependencies)",
    ),
    sign(
        "windows_dll_not_found",
        "A DLL is not found.",
        r"\.dll'?(?: is| was)? (?:not found|missing)",
        lambda evidence: (
            ()
            if "could not load dynamic library" in evidence.line.lower()
            else missing(re.split(r"[\s/\\'\"]", evidence.text_before)[-1] + ".dll", evidence)
        ),
        "The code execution cannot proceed because vcomp140.dll was not found.",
    ),
    sign(
        "windows_entry_point",
        "A DLL of another version is taken.",
        (
            r"(?:(?:procedure )?entry point \S{1,200}|ordinal \d{1,6}) could not be located in the"
            r" dynamic link library (?P<library>[^\n'\"]{1,250})"
        ),
        lambda evidence: (
            Candidate("undefined_symbol_mkl", 0.9)
            if libraries.family(evidence.group("library")) == "mkl"
            else Candidate(
                "dnn_library_version_conflict"
                if libraries.family(evidence.group("library")) == "dnn"
                else "extension_abi_mismatch",
                0.65,
            ),
        ),
        "The ordinal 242 could not be located in the dynamic link library mkl_intel_thread.dll",
    ),
    sign(
        "windows_module_refused",
        "Windows refuses to load a native module of Node.js; the line before says why.",
        r"^\\\\\?\\(?P<library>[^\n]{1,250}\.node)\b",
        _node,
        "Error: The specified module could not be found.\n\\\\?\\C:\\x\\napi-v8\\tfjs_binding.node",
    ),
    sign(
        "windows_status",
        "Windows ended the process, and says why by a status.",
        (
            r"\b0xC00000(?:17|7B|135|139|142)\b",
            r"\b0xC0000(?:135|139|142|12D)\b",
            r"-10737415(?:15|11|02|23)\b",
            r"-1073741(?:701|801)\b",
            r"\b32212257(?:81|85|94)\b",
            r"\b3221225595\b",
        ),
        _status,
        "Process finished with exit code -1073741515 (0xC0000135)",
    ),
    sign(
        "library_not_bundled",
        "A frozen program lacks a library that was not packed with it.",
        r"Failed to load dynlib/dll '(?P<library>[^'\n]{1,250})'",
        {"system_library_missing": 0.64, "corrupt_install": 0.5},
        "Failed to load dynlib/dll 'C:\\app\\caffe2_detectron_ops.dll'. Most probably this dynlib/dll was not found",
    ),
    sign(
        "library_refused",
        "A plug-in is not loaded; the number after it, if there is one, is the system's error code.",
        r"cannot load (?:library|plugin) '?(?P<library>[^'\n]{1,250}\.(?:dll|so|dylib))'?(?:: (?P<code>\d{1,5}))?",
        lambda evidence: _code(evidence) if evidence.group("code") else _named(evidence),
        "RuntimeError: Cannot load library 'lib/libcpu_extension.so': 193 from cwd",
    ),
)
