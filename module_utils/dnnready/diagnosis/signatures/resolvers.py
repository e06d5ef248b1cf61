"""What pip, uv, Poetry and conda say when no set of versions fits, and what a Python that is too new breaks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..finding import Candidate
from ..signature import Evidence, sign

_FRAMEWORK = r"(?:torch|tensorflow|keras|jax|jaxlib|mxnet|paddlepaddle|onnxruntime|openvino|numpy|scipy)"


def _platform(evidence: Evidence) -> Sequence[Candidate]:
    """uv names the platform that it is on and those that there are wheels for: what differs is the cause."""
    own, others = evidence.group("own").lower(), evidence.group("others").lower()
    machine = re.search(r"x86_64|aarch64|arm64|armv\w+|i686|amd64|win32|ppc64le|s390x|riscv64", own)
    if "musllinux" in own or evidence.context.musl:
        return (Candidate("musl_libc", 0.92), Candidate("wrong_architecture", 0.5))
    newer = re.search(r"manylinux_2_(\d+)", own), re.findall(r"manylinux_2_(\d+)", others)
    same = machine is not None and machine.group(0) in others
    if newer[0] and newer[1] and same and min(map(int, newer[1])) > int(newer[0].group(1)):
        return (Candidate("glibc_too_old", 0.9), Candidate("wrong_architecture", 0.5))
    if same and own.split("_")[0][:4] == others.lstrip("'\" ")[:4]:
        return (Candidate("python_version_no_wheel", 0.7), Candidate("wrong_architecture", 0.6))
    return (Candidate("wrong_architecture", 0.88), Candidate("python_version_no_wheel", 0.6))


SIGNATURES = (
    sign(
        "platform_named",
        "The index has wheels for other platforms than this one.",
        (
            r"You're on \w{3,12} \('(?P<own>[\w.]{3,40})'\), but [^\n]{1,80}"
            r"only has wheels for the following platforms?: ?(?P<others>[^\n]{3,300})"
        ),
        _platform,
        "hint: You're on Linux ('musllinux_1_2_x86_64'), but 'torch' (v2.9) only has wheels for the following "
        "platforms: 'manylinux_2_28_x86_64'",
    ),
    sign(
        "versions_conflict",
        "No set of versions fits: two packages want different ones, or none is made for this Python.",
        (
            r"have conflicting dependencies",
            r"ResolutionImpossible",
            r"version solving failed",
            r"SolverProblemError",
            r"(?:dependency|package) conflicts? (?:for|between|could not be resolved)",
            r"your requirements are unsatisfiable",
        ),
        {"python_version_no_wheel": 0.6, "extension_abi_mismatch": 0.5},
        "ERROR: Cannot install torch==2.0 because these package versions have conflicting dependencies.",
    ),
    sign(
        "no_candidate",
        "Poetry finds no file of the package for this Python and platform.",
        (
            r"Unable to find installation candidates for (?P<requirement>[^\s(]{1,60})",
            r"supported Python range \([^)\n]{1,40}\) is not compatible with",
            r"no wheels? (?:is|are|was|were)? ?(?:found|available|published)?[^\n]{0,20}(?:for|matching) "
            r"[^\n]{0,30}(?:Python|cp\d|platform)",
            r"no wheels are available with a matching Python",
            r"with a matching Python (?:ABI|version|implementation)",
            rf"{_FRAMEWORK}[^\n]{{0,40}}has no wheels",
            r"depends on the Python version[^\n]{0,60}(?:unsatisf|not)",
            r"none of the wheel's tags[^\n]{1,120}are compatible",
        ),
        {"python_version_no_wheel": 0.74, "wrong_architecture": 0.6},
        "RuntimeError: Unable to find installation candidates for torch (2.0.0)",
    ),
    sign(
        "python_too_new",
        "A package is older than this Python: it uses what Python no longer has.",
        (
            r"No module named '?(?:distutils|imp|asyncore|pkgutil|lib2to3)'?(?:$|\n)",
            r"module 'pkgutil' has no attribute 'ImpImporter'",
            r"module 'inspect' has no attribute '(?:getargspec|formatargspec)'",
            r"module 'collections' has no attribute '(?:Mapping|Iterable|Callable|MutableMapping|Sequence)'",
            r"cannot import name '(?:Mapping|Iterable|Callable|MutableMapping|Sequence)' from 'collections'",
            r"future feature annotations is not defined",
            r"requires Python \d\.\d{1,2} (?:or|and) (?:newer|higher|later|above|older|lower)",
            r"Python version (?:>=|<=|<|>|must be|should be)",
            r"Sorry, Python [<>=]",
        ),
        {"python_version_no_wheel": 0.72},
        "AttributeError: module 'pkgutil' has no attribute 'ImpImporter'. Did you mean: 'zipimporter'?",
    ),
)
