"""Variables of the environment with values that a runtime or a framework does not take."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..finding import Candidate
from ..signature import Evidence, sign


def _number(evidence: Evidence) -> Sequence[Candidate]:
    """Whose number it is, the lines around may say."""
    start, end = evidence.match.span()
    around = evidence.context.text.blob[max(0, start - 300) : end + 200]
    found = re.search(r"environ|getenv", around) and re.search(r"(?:OMP|MKL|KMP|TF|ONEDNN|DNNL)_[A-Z_]{3,40}", around)
    return (Candidate("invalid_env_value", 0.8, {"variable": found.group(0)}),) if found else ()


SIGNATURES = (
    sign(
        "openmp_value",
        "A variable of OpenMP has a value that the runtime does not take.",
        (
            r"(?:Invalid|Unknown) value for (?:environment|enviroment) variable (?P<variable>\w{1,60})",
            r"Invalid value for chunk size in environment variable",
            r"libgomp: (?:Logical CPU|Stack size|None of the places|All places|Trying to remove a non)[^\n]{1,80}",
            r"libgomp: Affinity not supported",
            (
                r"OMP: Warning #\d{1,4}: [^\n]{0,40}?(?P<other>(?:OMP|KMP"
                r"|GOMP)_\w{1,40})[^\n]{0,60}(?:value|invalid|not|ignor|unknown|illegal|small|large"
                "|large)"
            ),
            r"OMP: Warning #\d{1,4}: (?:Ignoring invalid OS proc|[^\n]{0,60}proc ID)",
            (
                r"(?P<third>(?:OMP|KMP|GOMP|MKL)_\w{1,40})[^\n]{0,40}(?:must be|is not a valid"
                "|is invalid|invalid value|not an integer|malformed)"
            ),
            (
                r"(?:invalid|illegal|bad|cannot parse)[^\n]{0,40}(?:value|setting"
                r"|syntax)[^\n]{0,30}(?P<fourth>(?:OMP|KMP|GOMP|MKL)_\w{1,40})"
            ),
            r"Environment variable \w{1,40} (?:has|is)[^\n]{0,20}invalid",
            r"OMP: Warning #\d{1,4}: [KG]?O?MP_\w{1,40}: ",
            r"KMP_AFFINITY: (?:unknown|syntax|invalid|illegal)",
        ),
        {"invalid_env_value": 0.94},
        "libgomp: Invalid value for environment variable OMP_NUM_THREADS",
    ),
    sign(
        "number_expected",
        "A program expects a number in a variable of the environment.",
        r"invalid literal for int\(\)",
        _number,
        "n = int(os.environ['OMP_NUM_THREADS'])\nValueError: invalid literal for int() with base 10: 'auto'",
    ),
    sign(
        "framework_value",
        "A variable of the framework has a value that it does not take.",
        (
            "TF_ENABLE_ONEDNN_OPTS is not set to",
            r"(?:Failed|failed|Unable|unable) [^\n]{0,60}(?:TF_(?!DUMP)\w{1,40}|ONEDNN_\w{1,40})",
            (
                r"(?P<variable>TF_NUM_INT\w+_THREADS|TF_MKL_ALLOC_\w+)[^\n]{0,60}(?:invalid|negative"
                "|must|not)"
            ),
            r"num_threads[^\n]{0,20}Check failed",
            "Check failed: num_threads",
            r"(?:num_threads|number of threads)[^\n]{0,20} (?:expects? |must be |should be )?(?:a )?positive",
            r"Expected positive number of threads",
            r"libnuma: Warning: cpu argument",
            r"failed to set pid \d{1,8}'s affinity",
            r"object '\S{1,250}' from LD_PRELOAD cannot be preloaded \((?!failed to map|wrong ELF)",
            r"from LD_PRELOAD cannot be preloaded(?: \(wrong ELF|: ignored)",
        ),
        lambda evidence: (
            () if evidence.severity == "info" else (Candidate("invalid_env_value", 0.72, evidence.details),)
        ),
        "ERROR: ld.so: object 'libjemalloc.so' from LD_PRELOAD cannot be preloaded (cannot open shared object "
        "file): ignored.",
    ),
)
