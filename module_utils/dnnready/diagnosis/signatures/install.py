"""pip, conda, uv and CMake: what they refuse to install, and what a build leaves out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..finding import Candidate
from ..signature import Evidence, sign

#: conda lists the channels of another machine than most packages are made for.
_OTHER_CHANNELS = re.compile(r"[/\s-](?:win-32|linux-32|linux-armv\dl|linux-ppc64le|linux-s390x|win-arm64)\b")
_OWN_PYTHON = re.compile(
    r"requires a different python|requires-python|require a different python|python_requires|python[\s_]abi"
    r"|\bcp\d{2,3}\b"
)


def _no_distribution(evidence: Evidence) -> Sequence[Candidate]:
    """Nothing published fits: this Python, this C library or this processor. The rest of the log may tell which."""
    context = evidence.context
    details = {"requirement": evidence.group("requirement")} if evidence.group("requirement") else {}
    weights = {"python_version_no_wheel": 0.85, "wrong_architecture": 0.54, "musl_libc": 0.53}
    if context.musl:
        weights = {"musl_libc": 0.88, "python_version_no_wheel": 0.6, "wrong_architecture": 0.4}
    elif context.has("32-bit", "armv7", "armv6", "win32", "i686"):
        weights = {"wrong_architecture": 0.74, "python_version_no_wheel": 0.72, "musl_libc": 0.3}
    return tuple(Candidate(cause, weight, details) for cause, weight in weights.items())


def _unsupported_wheel(evidence: Evidence) -> Sequence[Candidate]:
    """A wheel's tags say for which Python, C library and processor it is; pip says only that one differs."""
    wheel = re.split(r"[\s/\\'\"]", evidence.line.split(".whl")[0])[-1]
    tags = "-".join(wheel.lower().split("-")[-3:])
    context = evidence.context
    details = {"wheel": f"{wheel}.whl"}
    if context.musl or "musllinux" in tags:
        weights = {"musl_libc": 0.88, "python_version_no_wheel": 0.6, "wrong_architecture": 0.45}
    elif re.search(r"arm|aarch64|win|macosx|i686|ppc|s390|riscv", tags):
        weights = {"wrong_architecture": 0.74, "python_version_no_wheel": 0.68, "musl_libc": 0.3}
    elif "manylinux_2" in tags:
        weights = {"python_version_no_wheel": 0.68, "glibc_too_old": 0.62, "musl_libc": 0.55, "wrong_architecture": 0.5}
    else:
        weights = {"python_version_no_wheel": 0.68, "musl_libc": 0.62, "wrong_architecture": 0.58}
    return tuple(Candidate(cause, weight, details) for cause, weight in weights.items())


_CAUSES_OF_TAGS = {
    "abi": {"python_version_no_wheel": 0.93},
    "implementation": {"python_version_no_wheel": 0.9},
    "platform": {"wrong_architecture": 0.75, "glibc_too_old": 0.6, "musl_libc": 0.55},
}

SIGNATURES = (
    sign(
        "no_distribution",
        "The index has no build of the package for this Python and platform.",
        (
            "(?:No matching distribution found for|Could ?n[o']t find a version that satisfies the"
            r" requirement) (?P<requirement>[^\s(]{1,80})"
        ),
        _no_distribution,
        "ERROR: No matching distribution found for tensorflow==2.3.0",
    ),
    sign(
        "wheel_refused",
        "A wheel's tags do not fit this Python and platform.",
        r"\.whl[^\n]{0,30}?(?:is )?not (?:a )?(?:supported|compatible)",
        _unsupported_wheel,
        "ERROR: torch-1.1.0-cp37-cp37m-linux_aarch64.whl is not a supported wheel on this platform.",
    ),
    sign(
        "python_refused",
        "The package is not made for this version of Python.",
        (
            "requires? a different (?:P|p)ython",
            r"requires Python ['\"(]?[<>=!~]",
            "Requires-Python",
            (
                r"(?:not|n't) (?:\w+ ){0,3}(?:support\w*|compatible with) (?:your |this )?(?:P"
                "|p)ython (?:version|3)"
            ),
            r"Python version[^\n]{0,40}(?:not supported|unsupported|is not)",
            "(?:unsupported|incompatible) Python version",
            r"python(?:_abi)? ?[=<>]{1,2}[^\n]{0,60}(?:conflict|can be installed)",
            "no wheels with a matching Python (?:ABI|implementation) tag",
            "only has wheels with the following Python (?:ABI|implementation) tag",
            "incompatible with the existing python installation",
            r"Python \d\.\d{1,2} is (?:not|no longer) supported",
            "following Python (?:ABI|implementation) tag",
            r"You require CPython \d",
            r"Cannot install on Python version",
        ),
        {"python_version_no_wheel": 0.88},
        "ERROR: Package 'torch' requires a different Python: 3.12.1 not in '<3.11,>=3.7'",
    ),
    sign(
        "solver_refused",
        "conda finds no set of versions that fit each other and this Python.",
        (
            r"specifications were found to be (?:in conflict|incompatible)",
            r"none of the providers can be installed",
            r"Could not solve for environment specs",
            r"Dependency missing in current \S{1,20} channels",
            r"UnsatisfiableError:",
        ),
        {"python_version_no_wheel": 0.64},
        "UnsatisfiableError: The following specifications were found to be in conflict:",
    ),
    sign(
        "platform_refused",
        "The index has no build of the package for this platform.",
        (
            "no wheels with a matching platform tag",
            "doesn't have a source distribution or wheel for the current platform",
            "PackagesNotFoundError",
            "not available from current channels",
            "no matching manifest for",
        ),
        lambda evidence: (
            (Candidate("python_version_no_wheel", 0.72), Candidate("wrong_architecture", 0.68))
            if "current platform" in evidence.text
            else tuple(Candidate(c, w) for c, w in _CAUSES_OF_TAGS["platform"].items())
            if "platform" in evidence.text.lower()
            else (Candidate("wrong_architecture", 0.85),)
            if "manifest" in evidence.text or _OTHER_CHANNELS.search(evidence.context.text.blob)
            else (Candidate("python_version_no_wheel", 0.72), Candidate("wrong_architecture", 0.6))
        ),
        "torch==2.9.1 doesn't have a source distribution or wheel for the current platform",
    ),
    sign(
        "externally_managed",
        "The distribution keeps its Python for itself (PEP 668).",
        (
            "externally[- ]managed[- ]environment",
            "environment is externally managed",
            r"interpreter at [^\n]{1,160}is externally managed",
            r"is externally managed[,.]",
            r"install a non-\w{3,12}-packaged Python package",
            r"install Python packages system-wide, try",
            "PEP 668",
            "--break-system-packages",
        ),
        {"externally_managed_python": 0.95},
        "error: externally-managed-environment",
    ),
    sign(
        "built_without",
        "The build leaves out oneDNN or MKL.",
        (
            r"USE_(?:MKL-?DNN|MKL|ONEDNN)\w* {0,40}[:=] ?(?:OFF|0|FALSE|NO)\b",
            "disabling (?:MKL-?DNN|oneDNN)",
            (
                r"(?:MKL-?DNN|oneDNN|mkldnn)(?! source)[^\n]{0,40}(?:not found|could not be found|is disabled"
                "|disabled|not enabled|is not set|not registered|not compiled)"
            ),
            (
                "(?:not|n't|without) (?:been )?(?:compiled|built|build|compile|linked) (?:with "
                "|against )?(?:the )?(?:MKL|oneDNN|DNNL|mkldnn|WITH_MKL)"
            ),
            "(?:without|no) (?:MKL-?DNN|oneDNN|MKL|mkldnn) support",
            r"has_mkldnn\n?[^\n]{0,12}False",
            "(?:compiling|built|compiled|build|building) without (?:MKL|oneDNN|mkldnn)",
            "Excluding mkl",
            r"No (?:S|D|INT8 |INT16 )?GEMM backend",
            "Device type mkldnn",
            r"mkldnn\.is_available\(\)[^\n]{0,12}\n?[^\n]{0,12}False",
            r"compiled with (?:the )?(?:MKL|oneDNN)[^\n]{0,24}(?:False|support\?? ?no)",
            r"(?:rebuild|build|compile) (?:\w+ ){0,4}with (?:USE|WITH)_(?:MKL|MKLDNN|ONEDNN) ?= ?(?:1|ON)",
            r"compile with MKL-?DNN first",
            r"build of \w{3,12} (?:doesn't|does not) (?:support|have) (?:MKL-?DNN|oneDNN)",
            "\N{HEAVY MULTIPLICATION X} (?:MKLDNN|ONEDNN)",
            r"(?:MKL-?DNN|oneDNN|DNNL)[^\n]{0,30}(?:provider )?(?:is )?not (?:enabled|available) in this build",
            r"IsMklEnabled\(\)[^\n]{0,6}\n?[^\n]{0,6}False",
            r"(?:MKL-?DNN|oneDNN):? ?(?:not available|no|none|unavailable)\b",
        ),
        {"framework_built_without_onednn": 0.9},
        "-- USE_MKLDNN : OFF",
    ),
    sign(
        "provider_missing",
        "ONNX Runtime was built without the wanted provider.",
        (
            r"Specified provider '(?:Dnnl|MKLDNN|OpenVINO)\w*' is not in available",
            (
                r"(?:Dnnl|MKLDNN|OpenVINO)ExecutionProvider'?[^\n]{0,60}(?:not (?:in available"
                "|available|enabled|found|supported|visible)|is not)"
            ),
            r"\['CPUExecutionProvider'\]",
            r"Unknown Provider Type: (?:Dnnl|MKLDNN|OpenVINO)\w*",
        ),
        lambda evidence: (
            (Candidate("framework_built_without_onednn", 0.88),)
            if "Dnnl" in evidence.text
            or "OpenVINO" in evidence.text
            or evidence.context.has("dnnl", "mkldnn", "onednn")
            else ()
        ),
        "ValueError: Specified provider 'DnnlExecutionProvider' is not in available provider names.",
    ),
    sign(
        "provider_lost",
        "ONNX Runtime does not load the library of its oneDNN provider.",
        (
            r"ExecutionProviderFactory_Dnnl[^\n]{0,20} Failed to load",
            r"(?:fail\w*|error|unable|cannot) [^\n]{0,60}onnxruntime_providers_(?:dnnl|openvino)",
        ),
        {"framework_built_without_onednn": 0.66, "dnn_library_missing": 0.62},
        "[E:onnxruntime:test, provider_bridge_ort.cc:1 CreateExecutionProviderFactory_Dnnl] Failed to load provider",
    ),
    sign(
        "openvino_device",
        "OpenVINO finds no plug-in for the device.",
        (
            r"Device with ['\"]?CPU['\"]? name is not registered",
            r"(?:CPU|MKLDNN)\w{0,8} plugin[^\n]{0,40}(?:not (?:found|loaded|registered)|cannot be loaded)",
        ),
        {"framework_built_without_onednn": 0.62, "corrupt_install": 0.6},
        'RuntimeError: Device with "CPU" name is not registered in the OpenVINO Runtime',
    ),
)
