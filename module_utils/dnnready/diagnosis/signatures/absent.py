"""Programs and bindings of other languages that look for a framework and find none."""

from __future__ import annotations

from ..signature import sign
from .modules import FRAMEWORKS

SIGNATURES = (
    sign(
        "framework_absent",
        "A program finds no framework to work with.",
        (
            r"None of [^\n]{1,80} have been found",
            (
                rf"{FRAMEWORKS} (?:is|was|are|has) (?:not (?:been )?(?:installed|available|found)"
                "|missing)"
            ),
            (
                rf"(?:requires|needs) (?:the )?{FRAMEWORKS}[^\n]{{0,60}}(?:not|n't) (?:installed"
                "|found|available)"
            ),
            (
                "requires (?:the )?(?:PyTorch|TensorFlow|Keras|torch"
                r"|tensorflow)[^\n]{0,60}(?:but it was not found|Install \w+ via)"
            ),
            r"(?:Unable|Failed) to import '?(?:torch|tensorflow|mxnet|paddle|onnxruntime)'?\b",
            "(?:PyTorch|TensorFlow|Torch) (?:is|was) not installed",
            rf"Could not import '?{FRAMEWORKS}\b'?(?:[.,:;]|$)",
            r"(?:Could not|Cannot) find (?:torch|tensorflow|PyTorch)\b\.",
            rf"The '{FRAMEWORKS}[^'\n]{{0,30}}' distribution was not found",
            rf"No package metadata was found for {FRAMEWORKS}\b",
            rf"install the following dependenc(?:y|ies):? {FRAMEWORKS}\b",
            rf"Couldn't install {FRAMEWORKS}\b",
            r"Lantern is not loaded",
            r"At least one of [^\n]{1,60}should be installed",
            r"Python module (?:torch|tensorflow|keras|numpy) not found",
            r"Cannot find module '@tensorflow/tfjs\S{0,12}'",
            r"Cannot find module 'onnxruntime[\w-]{0,8}'",
            r"['\"](?:torch|tensorflow|onnxruntime|keras)['\"] is not installed",
            rf"Package ['\"]?{FRAMEWORKS}['\"]? is not installed",
            r"there is no package called '(?:torch|tensorflow|keras|reticulate)'",
            r"(?:Couldn't|Could not) find (?:TensorFlow|PyTorch)[;,.:]",
            r"You need to install (?:PyTorch|TensorFlow|torch)\b",
            rf"[Pp]lease install {FRAMEWORKS}\b",
            rf"{FRAMEWORKS} is required (?:to|for|by)",
            r"PyTorch is required (?:to|for|by)",
            "Valid installation of (?:TensorFlow|torch|Keras) not found",
            r"Python module (?:tensorflow|keras|torch)[\w.]{0,40} was not found",
            "(?:tensorflow|keras|torch) not available$",
        ),
        {"framework_not_installed": 0.72},
        "None of PyTorch, TensorFlow >= 2.0, or Flax have been found.",
    ),
)
