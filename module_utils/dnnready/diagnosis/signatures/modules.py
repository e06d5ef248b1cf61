"""Python modules: not there, half there, or hidden by a file of the user."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..finding import Candidate
from ..signature import Evidence, sign

_FRAMEWORKS = (
    "(?:"
    "torch|tensorflow|tensorflow_cpu|keras|tf_keras|mxnet|paddle|paddlepaddle|onnxruntime|openvino|jax"
    "|jaxlib|caffe2?|theano|torchvision|torchaudio|tflite_runtime|ai_edge_litert|numpy"
    "|intel_extension_for_pytorch|chainer|onnx"
    ")"
)


def _not_found(evidence: Evidence) -> Sequence[Candidate]:
    module = evidence.group("module")
    top, _, rest = module.partition(".")
    details = {"module": module}
    if "is not a package" in evidence.text:
        return (Candidate("shadowed_or_partial_module", 0.92, details),)
    if re.search(r"_multiarray_umath|numpy\.(?:_?core|exceptions)", module):
        return (
            Candidate("numpy_abi", 0.74, details),
            Candidate("corrupt_install", 0.6, details),
            Candidate("wrong_architecture", 0.4, details),
        )
    if re.search(r"google\.protobuf", module):
        return (Candidate("protobuf_conflict", 0.62, details), Candidate("framework_not_installed", 0.55, details))
    if re.search(r"_C$|_pywrap\w*|pybind11_state|_C\.|core_avx|libpaddle|core_noavx", module):
        return (
            Candidate("wrong_architecture", 0.66, details),
            Candidate("corrupt_install", 0.64, details),
            Candidate("shadowed_or_partial_module", 0.6, details),
        )
    if rest:
        return (
            Candidate("shadowed_or_partial_module", 0.68, details),
            Candidate("corrupt_install", 0.5, details),
            Candidate("framework_not_installed", 0.45, details),
        )
    return (Candidate("framework_not_installed", 0.93, {"module": top}),)


def _half(_: Evidence) -> Sequence[Candidate]:
    return (Candidate("shadowed_or_partial_module", 0.9), Candidate("corrupt_install", 0.45))


#: Names that every release of one of them has.
_BASIC = (
    "(?:"
    "__version__|__file__|__path__|nn|cuda|Tensor|tensor|device|float32|float|float64|from_numpy|zeros"
    "|ones|rand|randn|no_grad|utils|optim|autograd|jit|load|save|keras|constant|compat|Variable|config"
    "|layers|models|Sequential|_C|version|backends|InferenceSession|get_device|get_available_providers|nd"
    "|sym|array|cpu|ndarray|fluid|Model"
    ")"
)
SIGNATURES = (
    sign(
        "module_not_found",
        "Python finds no such module in this interpreter.",
        (
            rf"No module named '?(?P<module>(?:{_FRAMEWORKS}(?:[._]\w+)*|_pywrap_tensorflow\w*"
            r"|google\.protobuf[\w.]*))\b'?(?:; '?\w+'? is not a package)?"
        ),
        _not_found,
        "ModuleNotFoundError: No module named 'torch'",
    ),
    sign(
        "module_arrow",
        "The import of the framework is where it ends, in IPython's way to show it.",
        (
            r"ModuleNotFoundError(?:[^\n]{0,80})?(?:\n[^\n]{0,200}){0,2}?\n-+> ?\d{1,4}"
            rf" (?:import|from) {_FRAMEWORKS}\b"
        ),
        {"framework_not_installed": 0.8},
        "ModuleNotFoundError\n----> 1 import tensorflow as tf",
    ),
    sign(
        "framework_absent",
        "A program finds no framework to work with.",
        (
            r"None of [^\n]{1,80} have been found",
            (
                rf"{_FRAMEWORKS} (?:is|was|are|has) (?:not (?:been )?(?:installed|available|found)"
                "|missing)"
            ),
            (
                rf"(?:requires|needs) (?:the )?{_FRAMEWORKS}[^\n]{{0,60}}(?:not|n't) (?:installed"
                "|found|available)"
            ),
        ),
        {"framework_not_installed": 0.72},
        "None of PyTorch, TensorFlow >= 2.0, or Flax have been found.",
    ),
    sign(
        "module_half",
        "The module was found but not wholly run: a file of the same name hides it, or it imports itself in a circle.",
        (
            "partially initialized module",
            "most likely due to a circular import",
            r"consider renaming '?[^\n]{0,200}since it has the same name",
            "(?:loaded|load) the '?torch/_C'? folder",
            r"should not try to import \w+ from its source directory",
            "has the same name as (?:the )?(?:standard )?library",
        ),
        _half,
        "AttributeError: partially initialized module 'torch' has no attribute 'cuda'",
    ),
    sign(
        "module_empty",
        "The module lacks what every release of it has: another file of that name was imported, or the rest is gone.",
        (
            rf"module '(?P<module>{_FRAMEWORKS}(?:\.[\w.]{{1,40}})?)' has no attribute"
            rf" '(?P<attribute>{_BASIC})'"
        ),
        {"shadowed_or_partial_module": 0.76, "corrupt_install": 0.56},
        "AttributeError: module 'tensorflow' has no attribute '__version__'",
    ),
    sign(
        "extension_lost",
        "The framework's own compiled part is not there.",
        (
            "Failed to load (?:the native TensorFlow runtime|PyTorch C extensions)",
            "Importing the numpy [cC][- ]extensions failed",
        ),
        {"corrupt_install": 0.4, "numpy_abi": 0.2},
        "Failed to load the native TensorFlow runtime.",
    ),
)
