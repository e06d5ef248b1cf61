"""Releases that do not fit: a framework, its extensions and what they are built upon say which they want."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..finding import Candidate
from ..signature import Evidence, sign

_NAMES = (
    r"(?:torch|pytorch|torchvision|torchaudio|tensorflow|tensorflow[- ]\w{3,16}|keras|jax|jaxlib|mmcv\w{0,6}|mmdet"
    r"|mmengine|detectron2|paddle\w{0,8}|onnxruntime\w{0,6}|onnx|openvino|intel[-_]extension[-_]for[-_]\w{5,10}"
    r"|transformers|xformers|fairseq|dgl|torch[-_]\w{3,12})"
)
#: What a package that pip finds in another version than it is wanted in means.
_WANTED = (
    (r"numpy$", {"numpy_abi": 0.6}),
    (r"protobuf$", {"protobuf_conflict": 0.62}),
    (r"(?:mkl|intel-openmp|mkl-\w+)$", {"undefined_symbol_mkl": 0.58}),
    (rf"{_NAMES}$", {"extension_abi_mismatch": 0.58}),
)


def _incompatible(evidence: Evidence) -> Sequence[Candidate]:
    name = evidence.group("name").lower()
    weights = next((weights for pattern, weights in _WANTED if re.match(pattern, name)), {})
    return tuple(Candidate(cause, weight, {"requirement": name}) for cause, weight in weights.items())


SIGNATURES = (
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
            r"detectron2 is not compiled successfully",
            r"module 'torch' has no attribute '(?:compiler|compile|library|float8_e4m3fn"
            r"|uint16|xpu|mps|inference_mode|frombuffer)'",
            r"Extension horovod\.\w{2,12} has not been built",
            r"was built for:? ?(?:PyTorch|torch|TensorFlow) [^\n]{1,40}\(you have",
            r"Tried to instantiate class '\w[\w.]{1,60}', but it does not exist",
            r"(?:torch|PyTorch) and \w{3,20} were compiled with different",
            "No such operator torchvision::",
            r"module 'torch\._C\w{0,30}' has no attribute",
            r"'_OpNamespace' '\w{1,60}' object has no attribute",
            r"torch\._C\.\w{1,40} object at",
        ),
        {"extension_abi_mismatch": 0.84},
        "ERROR! Intel Extension for PyTorch needs to work with PyTorch 2.1.*, but PyTorch 2.3 is found.",
    ),
    sign(
        "release_wanted",
        "Two packages that belong together are of different releases, and one says which it wants.",
        (
            rf"this version of {_NAMES}(?: \w{{3,14}})? (?:requires?|needs?|is (?:only )?compatible|was built)",
            rf"\b{_NAMES}==\S{{1,20}} is used but incompatible",
            rf"supports using [^\n]{{0,40}} for all {_NAMES} versions",
            rf"versions? of {_NAMES} you are (?:currently )?using is [^\n]{{0,30}}not supported",
            rf"\b{_NAMES} requires {_NAMES} (?:version )?[v><=]{{0,2}}\d[\w.]{{0,12}} (?:but|to)",
            rf"incompatible with (?:the )?(?:installed )?{_NAMES}\b[^\n]{{0,40}}(?:version|v?\d)",
            rf"(?:incompatible|mismatch\w{{0,3}}|different) versions? of {_NAMES} (?:and|with|found|installed)",
        ),
        {"extension_abi_mismatch": 0.76},
        "ValueError: jaxlib is version 0.1.71, but this version of jax requires version 0.1.74.",
    ),
    sign(
        "moved_name",
        "A program looks for a part of the framework that other releases have.",
        (
            r"No module named '?(?:torch\._six|tensorflow\.contrib|tensorflow\.keras\.\w{2,30}|keras\.\w[\w.]{2,40}"
            r"|torchvision\.transforms\.functional_tensor|tensorflow\.python\.(?!_?pywrap)\w[\w.]{2,40}|jax\.\w[\w.]{2,30})\b",
            r"cannot import name '?\w{1,60}'? from '(?:torch\._six|jaxlib|torchvision|keras\.[\w.]{1,40}"
            r"|tensorflow\.(?:python|keras|compat)[\w.]{0,40}|torch\.(?:optim|utils|nn|_C)[\w.]{0,30})'",
            r"module '(?:keras|tensorflow|torch|jax|jaxlib|mxnet)\.[\w.]{1,60}' has no attribute",
            r"module 'jax' has no attribute",
            r"module 'tensorflow' has no attribute '(?:Session|placeholder|contrib|app|ConfigProto"
            r"|get_default_graph|layers|to_float|flags|logging|reset_default_graph"
            r"|set_random_seed|enable_eager_execution)'",
        ),
        {"extension_abi_mismatch": 0.7, "shadowed_or_partial_module": 0.56, "corrupt_install": 0.54},
        "ModuleNotFoundError: No module named 'torch._six'",
    ),
    sign(
        "wanted_in_another_version",
        "pip installed it, and says that a package is there in another version than another one wants.",
        r"requires [\w.-]{2,60}[^\n]{0,60}, but you have (?P<name>[\w.-]{2,60}) \S{1,30} which is incompatible",
        _incompatible,
        "tensorflow 2.11 requires protobuf<3.20,>=3.9.2, but you have protobuf 4.21 which is incompatible.",
    ),
)
