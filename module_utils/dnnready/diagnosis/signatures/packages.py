"""Python packages that do not fit each other: numpy, protobuf, and extensions of a framework."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..finding import Candidate
from ..signature import Evidence, sign


def _size(evidence: Evidence) -> Sequence[Candidate]:
    """The same words as a warning (harmless) and as an error."""
    if evidence.severity == "warning" or "Warning" in evidence.line:
        return (Candidate("benign_message", 0.66), Candidate("numpy_abi", 0.5))
    return (Candidate("numpy_abi", 0.93),)


def _gencode(evidence: Evidence) -> Sequence[Candidate]:
    if "Warning" in evidence.line or re.search(r"exactly one major version older", evidence.text):
        return (Candidate("benign_message", 0.72), Candidate("protobuf_conflict", 0.55))
    return (Candidate("protobuf_conflict", 0.94),)


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
        ),
        {"numpy_abi": 0.92},
        "A module that was compiled using NumPy 1.x cannot be run in NumPy 2.0.0 as it may crash.",
    ),
    sign(
        "numpy_core",
        "numpy's compiled core is not imported; where nothing else is said, it does not fit the extension.",
        r"numpy\.core\.(?:multiarray|umath) failed to import",
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
    sign(
        "protobuf_generated",
        "protobuf and the code that a package generated with it are of different ages.",
        (
            "Descriptors cannot (?:not )?be created directly",
            "regenerated with protoc",
            r"compiled against version \S{1,12} of the Protocol Buffer runtime",
            "incompatible Protobuf",
            "already exists in database",
            "has no attribute 'GetPrototype'",
            r"cannot import name '?\w{1,60}'? (?:from|\()[^\n]{0,20}google\.protobuf",
            (
                r"from google\.protobuf[\w.]{0,40} import \w+[^\n]{0,60}\n(?:[^\n]{0,40}\n)?ImportErro"
                "r: cannot import name"
            ),
            r"module 'google\.protobuf",
            "_internal_create_key",
            r"module 'google\.protobuf\w{0,20}(?:\.\w+)?' has no attribute",
            "Couldn't build proto file into descriptor pool",
            r"requires version \S{1,12} of the Protocol Buffer runtime",
        ),
        {"protobuf_conflict": 0.94},
        "TypeError: Descriptors cannot not be created directly.",
    ),
    sign(
        "protobuf_gencode",
        "protobuf and the code that a package generated with it are of different ages.",
        (
            r"Protobuf gencode version [^\n]{0,200}",
            "Protobuf Gencode/Runtime",
            r"gencode \d[\d.]* runtime",
        ),
        _gencode,
        "google.protobuf.runtime_version.VersionError: Detected incompatible Protobuf Gencode/Runtime versions",
    ),
    sign(
        "extension_version",
        "An extension says that it is for another release of its framework.",
        (
            (
                "(?:was|were|is|been) (?:built|compiled|made) (?:with|for|against"
                "|using) (?:a different version of )?(?:py)?(?:torch|tensorflow"
                r"|PyTorch)[^\n]{0,80}(?:but|while|however|different|instead)"
            ),
            (
                "(?:torch|tensorflow|pytorch|mmcv|torchvision|torchaudio|intel_extension_for_pytorch"
                r"|extension)\S{0,20} ?(?:v?[\d.]{1,12} )?(?:is|are) (?:not "
                r"|in)compatible with [^\n]{0,20}(?:torch|tensorflow|pytorch|mmcv)"
            ),
            "needs to work with (?:py)?torch",
            r"Couldn't load custom C\+\+ ops",
            r"operator torchvision::\w{1,30} does not exist",
            "(?:torch|PyTorch) and torchvision were compiled with different",
            "No such operator torchvision::",
            r"module 'torch\._C\w{0,30}' has no attribute",
            r"torch\._C\.\w{1,40} object at",
        ),
        {"extension_abi_mismatch": 0.84},
        "ERROR! Intel Extension for PyTorch needs to work with PyTorch 2.1.*, but PyTorch 2.3 is found.",
    ),
)
