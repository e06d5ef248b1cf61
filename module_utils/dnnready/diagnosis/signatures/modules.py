"""Python modules: not there, half there, or hidden by a file of the user."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..finding import Candidate
from ..signature import Evidence, sign

FRAMEWORKS = (
    "(?:"
    "torch|torchgen|tensorflow|tensorflow_cpu|keras|tf_keras|mxnet|paddle|paddlepaddle|onnxruntime|openvino|jax"
    "|jaxlib|caffe2?|theano|torchvision|torchaudio|tflite_runtime|ai_edge_litert|numpy"
    "|intel_extension_for_pytorch|chainer|onnx"
    ")"
)


#: The last frame of a traceback lies in a framework.
_OWN_FILE = re.compile(
    r"(?:torch|tensorflow|mxnet|paddle|onnxruntime|keras|caffe2)[/\\][^\n]{0,200}\n(?:[^\n]{0,200}\n){0,2}$"
)
#: What the name of a module that is not found means, the first that fits.
_MODULES: tuple[tuple[str, dict[str, float]], ...] = (
    (
        r"numpy\.(?:_?core|exceptions|\S*_multiarray_umath)",
        {"numpy_abi": 0.74, "corrupt_install": 0.6, "wrong_architecture": 0.4},
    ),
    (r"google\.protobuf", {"protobuf_conflict": 0.62, "framework_not_installed": 0.55}),
    # A build without AVX lacks this one, and goes on.
    (r".*core_avx", {"cpu_lacks_instructions": 0.5, "corrupt_install": 0.45}),
    (
        r".*(?:_C$|_pywrap\w*|pybind11_state|_C\.|libpaddle|core_noavx)",
        {"wrong_architecture": 0.66, "corrupt_install": 0.64, "shadowed_or_partial_module": 0.6},
    ),
    (
        r"torch\._six|tensorflow\.contrib|torchvision\.transforms\.functional_tensor|keras\.",
        {"extension_abi_mismatch": 0.72, "shadowed_or_partial_module": 0.5},
    ),
    # Parts that every release has: the package is not whole, or another one hides it.
    (
        r"torch(?:gen)?\.",
        {"shadowed_or_partial_module": 0.66, "corrupt_install": 0.64, "framework_not_installed": 0.45},
    ),
    (r".*\.", {"shadowed_or_partial_module": 0.68, "corrupt_install": 0.56, "framework_not_installed": 0.54}),
    (r"", {"framework_not_installed": 0.93}),
)


def _not_found(evidence: Evidence) -> Sequence[Candidate]:
    module = evidence.group("module")
    if "is not a package" in evidence.text:
        return (Candidate("shadowed_or_partial_module", 0.92, {"module": module}),)
    weights = next(weights for pattern, weights in _MODULES if re.match(pattern, module))
    return tuple(Candidate(cause, weight, {"module": module}) for cause, weight in weights.items())


def _no_name(evidence: Evidence) -> Sequence[Candidate]:
    """A name of a framework, or one that the framework's own files look for."""
    start = evidence.match.start()
    before = evidence.context.text.blob[max(0, start - 400) : start]
    if " from '" not in evidence.text and not _OWN_FILE.search(before):
        return ()
    return (
        Candidate("shadowed_or_partial_module", 0.6),
        Candidate("extension_abi_mismatch", 0.54),
        Candidate("corrupt_install", 0.52),
    )


def _half(_: Evidence) -> Sequence[Candidate]:
    return (Candidate("shadowed_or_partial_module", 0.9), Candidate("corrupt_install", 0.45))


#: Names that every release of one of them has.
_BASIC = (
    "(?:"
    "__version__|__file__|__path__|nn|cuda|Tensor|tensor|device|float32|float|float64|from_numpy|zeros"
    "|ones|rand|randn|no_grad|utils|optim|autograd|jit|load|save|keras|constant|compat|Variable|config"
    "|layers|models|Sequential|_C|version|backends|InferenceSession|get_device|get_available_providers|nd"
    "|sym|array|cpu|ndarray|fluid|Model|python"
    ")"
)
SIGNATURES = (
    sign(
        "module_not_found",
        "Python finds no such module in this interpreter.",
        (
            rf"No module named '?(?P<module>(?:{FRAMEWORKS}(?:[._]\w+)*|_pywrap_tensorflow\w*"
            r"|google\.protobuf[\w.]*))\b'?(?:; '?\w+'? is not a package)?"
        ),
        _not_found,
        "ModuleNotFoundError: No module named 'torch'",
    ),
    sign(
        "name_not_in_framework",
        "The framework's package lacks a name: it is half there, hidden by a folder, or of another release.",
        (
            rf"cannot import name '?\w{{1,60}}'? from '{FRAMEWORKS}[\w.]{{0,60}}'",
            r"ImportError: cannot import name '?\w{1,60}'? ?(?:\(|$)",
        ),
        _no_name,
        "ImportError: cannot import name 'Iterator' from 'tensorflow.python' (a/tensorflow/python/__init__.py)",
    ),
    sign(
        "extension_part_missing",
        "An extension of a framework lacks its compiled part: it was not built for this release.",
        (
            r"No module named '?(?P<module>\w{1,40}(?:\.\w{1,40}){0,4}\._(?:ext|C)\w{0,20})\b'?",
            r"cannot import name '?(?P<name>\w{1,40}_(?:cuda|cpu|ext))\b",
        ),
        lambda evidence: (
            ()
            if re.match(FRAMEWORKS + r"\.", evidence.group("module"))
            and not re.match("torch(?:vision|audio)", evidence.group("module"))
            else (
                Candidate("extension_abi_mismatch", 0.68, evidence.details),
                Candidate("corrupt_install", 0.6, evidence.details),
            )
        ),
        "ModuleNotFoundError: No module named 'mmcv._ext'",
    ),
    sign(
        "mkl_bindings_missing",
        "Python finds no bindings of MKL, which Intel's builds of numpy want.",
        r"No module named '?(?P<module>mkl(?:_fft|_random|_umath)?)\b'?",
        {"mkl_library_missing": 0.68, "framework_not_installed": 0.5},
        "ModuleNotFoundError: No module named 'mkl_fft'",
    ),
    sign(
        "package_file_lost",
        "A file of an installed package is not there.",
        r"(?:FileNotFoundError|\[Errno 2\])[^\n]{0,80}'[^'\n]{0,200}(?:site|dist)-packages[^'\n]{1,200}'",
        {"corrupt_install": 0.66},
        "FileNotFoundError: [Errno 2] No such file or directory: '/v/lib/python3.11/site-packages/torch/bin/a'",
    ),
    sign(
        "module_arrow",
        "The import of the framework is where it ends, in IPython's way to show it.",
        (
            r"ModuleNotFoundError(?:[^\n]{0,80})?(?:\n[^\n]{0,200}){0,2}?\n-+> ?\d{1,4}"
            rf" (?:import|from) {FRAMEWORKS}\b"
        ),
        {"framework_not_installed": 0.8},
        "ModuleNotFoundError\n----> 1 import tensorflow as tf",
    ),
    sign(
        "module_half",
        "The module was found but not wholly run: a file of the same name hides it, or it imports itself in a circle.",
        (
            "partially initialized module",
            "most likely due to a circular import",
            r"consider renaming '?[^\n]{0,200}since it has the same name",
            "(?:loaded|load) the '?torch/_C'? folder",
            r"import \w+ from (?:its|the) source directory",
            r"NameError: name '_C' is not defined",
            "has the same name as (?:the )?(?:standard )?library",
            r"cannot import name '?\w{1,60}'? from '?\w{1,60}'? \(unknown location\)",
        ),
        _half,
        "AttributeError: partially initialized module 'torch' has no attribute 'cuda'",
    ),
    sign(
        "module_empty",
        "The module lacks what every release of it has: another file of that name was imported, or the rest is gone.",
        (
            rf"module '(?P<module>{FRAMEWORKS}(?:\.[\w.]{{1,40}})?)' has no attribute"
            rf" '(?P<attribute>{_BASIC})'",
            r"module 'cv2\.(?:dnn|gapi|typing|detail)' has no attribute",
        ),
        {"shadowed_or_partial_module": 0.76, "corrupt_install": 0.56},
        "AttributeError: module 'tensorflow' has no attribute '__version__'",
    ),
    sign(
        "extension_lost",
        "The framework's own compiled part is not there.",
        ("Failed to load (?:the native TensorFlow runtime|PyTorch C extensions)",),
        {"corrupt_install": 0.4},
        "Failed to load the native TensorFlow runtime.",
    ),
    sign(
        "compiled_part_lost",
        "A package lacks one of its compiled parts, or has it from another release.",
        (
            r"cannot import name '?_[a-z]\w{3,40}'?",
            r"No module named '?pip\._\w",
        ),
        {"corrupt_install": 0.62, "extension_abi_mismatch": 0.59},
        "ImportError: cannot import name '_ellipsoid'",
    ),
    sign(
        "numpy_lost",
        "numpy's compiled part does not load; the line that says why is not always there.",
        (
            "Importing the numpy [cC][- ]extensions failed",
            "failed build of numpy",
            "multiarray numpy extension module failed",
            "import numpy from its source directory",
        ),
        {"corrupt_install": 0.57, "numpy_abi": 0.55, "wrong_architecture": 0.45},
        "IMPORTANT: PLEASE READ THIS. Importing the numpy C-extensions failed.",
    ),
    sign(
        "core_lost",
        "The framework's own compiled part is there, and does not load; what it lacks is not said.",
        (
            r"can ?not import \w+ core while this file exists",
            r"import \w+ failed\. (?:Please )?check (?:your )?installation",
        ),
        {"openmp_runtime_missing": 0.6, "corrupt_install": 0.58, "system_library_missing": 0.5},
        "Error: Can not import avx core while this file exists: a/core_avx.so",
    ),
)
