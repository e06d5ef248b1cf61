"""numpy and what was built for another one."""

from __future__ import annotations

from collections.abc import Sequence

from ..finding import Candidate
from ..signature import Evidence, sign


def _size(evidence: Evidence) -> Sequence[Candidate]:
    """The same words as a warning (harmless) and as an error."""
    if evidence.severity == "warning" or "Warning" in evidence.line:
        return (Candidate("benign_message", 0.66), Candidate("numpy_abi", 0.5))
    return (Candidate("numpy_abi", 0.93),)


SIGNATURES = (
    sign(
        "numpy_two",
        "An extension was built for numpy 1 and runs with numpy 2.",
        (
            r"compiled using NumPy 1\.x",
            "_ARRAY_API not found",
            "Failed to initialize NumPy",
            "RuntimeError: Numpy is not available",
            r"expected np\.ndarray \(got numpy\.ndarray\)",
            r"cannot import name '\w{1,60}' from '(?:partially initialized module ')?numpy\.?\w*",
            "while importing we detected an older version of numpy",
            "implement_array_function method already has a docstring",
            "Unable to convert function return value to a Python type! The signature was",
            r"Could not infer dtype of numpy\.",
            r"Cannot convert a symbolic \w{0,12} ?[Tt]ensor",
            r"module 'numpy\.\w{1,30}' has no attribute",
            r"module 'numpy' has no attribute '(?:dtypes|exceptions|_core|strings|bool_"
            r"|ModuleDeprecationWarning|bool8|float96|int0)'",
            r"numpy ?[<>=]{1,2} ?[\d.]{1,8} is required",
            r"compiled without NumPy support",
            r"Cannot convert numpy\.ndarray to numpy\.ndarray",
            r"initialization of _pywrap_\w{3,40} raised unreported exception",
            r"incompatible with numpy [<>=]",
            r"numpy [\d.]{1,8} is (?:not supported|too (?:new|old)|incompatible)",
            r"(?:requires?|needs?|supports?|only works with) (?:only )?numpy ?(?:version )?[<>=]",
            r"A NumPy version [<>=]{1,2}[\d.]{1,8} and [<>=]{1,2}[\d.]{1,8} is required",
        ),
        {"numpy_abi": 0.92},
        "A module that was compiled using NumPy 1.x cannot be run in NumPy 2.0.0 as it may crash.",
    ),
    sign(
        "numpy_core",
        "numpy's compiled core is not imported; where nothing else is said, it does not fit the extension.",
        (
            r"numpy\._?core\.(?:multiarray|umath) failed to import",
            r"No module named '?_multiarray_umath",
        ),
        {"numpy_abi": 0.82, "corrupt_install": 0.5},
        "ImportError: numpy.core.multiarray failed to import",
    ),
    sign(
        "numpy_version",
        "An extension was built for another numpy.",
        "(?:module|was) (?:was )?compiled against (?:NumPy )?(?:C-)?(?:API|ABI) version",
        {"numpy_abi": 0.94},
        "RuntimeError: module compiled against API version 0xe but this version of numpy is 0xd",
    ),
    sign(
        "numpy_size",
        "An extension was built for another numpy.",
        (
            r"numpy\.(?:dtype|ufunc|ndarray|\w+) size changed,? may indicate binary incompatibility",
            r"numpy\.\w+ has the wrong size, try recompiling",
        ),
        _size,
        "ValueError: numpy.dtype size changed, may indicate binary incompatibility.",
    ),
    sign(
        "numpy_removed",
        "A program or a framework uses names that newer releases of numpy no longer have.",
        (
            r"'?np\.\w{1,20}_?'? was (?:removed|a deprecated alias)",
            (
                "module 'numpy' has no attribute '(?:object|bool|int|float|complex|str|typeDict"
                "|complex_|float_|unicode_|product|cumproduct|msort|in1d|trapz|asscalar|long|Inf"
                "|NaN)'"
            ),
        ),
        {"numpy_abi": 0.9},
        "AttributeError: `np.complex_` was removed in the NumPy 2.0 release.",
    ),
    sign(
        "numpy_check",
        "The framework's own check of numpy's types fails.",
        "Check failed: PyBfloat16_Type",
        {"numpy_abi": 0.85},
        "F bfloat16.cc:675] Check failed: PyBfloat16_Type.tp_base != nullptr",
    ),
)
