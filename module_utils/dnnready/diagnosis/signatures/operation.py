"""The operation itself: a number format, a layout or a shape that this device does not take, or nobody does."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..finding import Candidate
from ..signature import Evidence, sign

_LOW = (
    "(?:"
    r"Half|BFloat16|Float16|Float8\w*|fp16|f16|bf16|bfloat16|float16|half|DT_HALF|DT_BFLOAT16|int8|Char"
    "|QInt8|QUInt8|Byte|Long|Int|Bool|ComplexHalf|ComplexFloat"
    ")"
)


def _no_kernel(evidence: Evidence) -> Sequence[Candidate]:
    text = evidence.text
    if re.search(r"NCHW|data_format", text):
        return (Candidate("unsupported_data_format", 0.8), Candidate("unsupported_dtype", 0.5))
    if re.search(r"DT_HALF|DT_BFLOAT16|float16|bfloat16|half", text, re.IGNORECASE):
        return (Candidate("unsupported_dtype", 0.85), Candidate("framework_built_without_onednn", 0.35))
    return (
        Candidate("unsupported_dtype", 0.6),
        Candidate("model_or_input_error", 0.55),
        Candidate("framework_built_without_onednn", 0.4),
    )


def _other_device(evidence: Evidence) -> Sequence[Candidate]:
    if re.search(r"'(?:quantized|torchvision)::", evidence.text):
        return ()  # said by another signature
    if re.search(r"fall back to (?:run on )?the CPU", evidence.line):
        return (Candidate("benign_message", 0.8),)
    return (
        Candidate("model_or_input_error", 0.66),
        Candidate("unsupported_dtype", 0.55),
        Candidate("framework_built_without_onednn", 0.4),
    )


SIGNATURES = (
    sign(
        "dtype_not_implemented",
        "The CPU has no kernel for this number format.",
        rf"not (?:implemented|supported) for '?(?:torch\.)?(?P<dtype>{_LOW})'?(?![\w-])",
        {"unsupported_dtype": 0.94},
        "RuntimeError: \"slow_conv2d_cpu\" not implemented for 'Half'",
    ),
    sign(
        "dtype_needs_cpu",
        "The number format needs instructions that this CPU does not have.",
        (
            (
                r"(?:bf16|f16|fp16|bfloat16|float16|half)[^\n]{0,60}(?:needs?"
                r"|requires?)[^\n]{0,30}(?:cpu|avx|amx|processor|hardware)"
            ),
            (
                r"(?:does not|do not|doesn't|don't|not|cannot|no) (?:\w+ ){0,2}(?:support\w*"
                r"|available)?[^\n]{0,12}(?:bf16|f16|fp16|bfloat16|float16"
                r"|half)[^\n]{0,60}(?:platform|CPU|device|processor|machine|backward|avx)"
            ),
            (
                r"(?:bf16|fp16|bfloat16|float16|half[ -]precision)[^\n]{0,40}(?:is|are)? ?(?:not|n't"
                r"|un) ?(?:be )?(?:supported|available|implemented|run)[^\n]{0,30}(?:CPU|device"
                "|platform|machine|processor|hardware)?"
            ),
            "mkldnn_(?:bf16|fp16)_device_check",
            r"Unsupported (?:dtype|data type|scalar type):? ?(?:torch\.)?(?:Half|BFloat16|float16|bfloat16)",
            r"not implemented for SparseCsr Half",
            r"CPU does not support (?:DT_HALF|DT_BFLOAT16)",
            r"(?:Your setup|your (?:CPU|device|hardware)) doesn't support (?:bf16|fp16|bfloat16|float16)",
            r"int8 (?:inference|quantization) is not supported on this (?:CPU|machine|platform)",
            r"no kernel (?:is )?registered for [^\n]{0,80}float16",
            r"Type 'tensor\(b?float16\)' of [^\n]{1,80}is invalid",
            r"kernel [^\n]{0,40}with key [^\n]{0,40}float16[^\n]{0,12}is not found",
            r"has DataType \w{3,12} not in list of allowed values",
            (
                r"(?:half precision|float16|fp16|FP16|bf16)[^\n]{0,120}only (?:be )?(?:used|supported?|available"
                r"|works?)[^\n]{0,20}(?:CUDA|GPU)"
            ),
            r"mixed precision[^\n]{0,60}(?:requires?|only)[^\n]{0,20}(?:GPU|CUDA)",
            r"only (?:supports? )?(?:float\w{0,2}|bfloat16)[^\n]{0,30}(?:are |is )?supported",
            r"do(?:es)? not support efficient \w{3,20} computation",
            r"expected storage to be of type \w{0,2}float\d\d, but is of type",
        ),
        lambda evidence: (
            (Candidate("benign_message", 0.72), Candidate("unsupported_dtype", 0.5))
            if re.search(r"using (?:FP32|float32)|instead|fall", evidence.line, re.IGNORECASE)
            else (Candidate("unsupported_dtype", 0.93),)
        ),
        "RuntimeError: DNNL does not support bf16/f16 backward on the platform with avx2_vnni_2",
    ),
    sign(
        "dtype_mixed",
        "Input and weights have different number formats.",
        (
            r"expected (?:object of )?scalar type \w+ but (?:found|got)[^\n]{0,20}\w+",
            (
                r"Input type \([^)\n]{1,60}\) and (?:weight"
                r"|bias) type \([^)\n]{1,60}\) should be the same"
            ),
            "expected m(?:at)?1 and m(?:at)?2 to have the same dtype[^\\n]{0,60}",
        ),
        lambda evidence: (
            (Candidate("unsupported_dtype", 0.66), Candidate("model_or_input_error", 0.64))
            if re.search(r"Half|BFloat16", evidence.text)
            else (Candidate("model_or_input_error", 0.85), Candidate("unsupported_dtype", 0.4))
        ),
        "RuntimeError: expected scalar type Half but found Float",
    ),
    sign(
        "layout_not_supported",
        "Channels-first (NCHW) convolution is only for other devices.",
        (
            "only supports?(?: the)? NHWC",
            (
                r"(?:NCHW|channels_first)[^\n]{0,60}(?:not (?:be )?(?:supported|implemented"
                r"|available)|unsupported|only (?:be )?(?:support|available|work)\w*[^\n]{0,12}GPU)"
            ),
            "Check failed: data_format == FORMAT_NHWC",
            (
                r"(?:implementation|op|device|CPU|kernel)\w*[^\n]{0,30}only (?:currently )?supports?"
                " (?:the )?(?:tensors in )?NHWC"
            ),
            r"not support(?:ed)? [^\n]{0,20}NCHW",
            r"data_format[^\n]{0,20}NCHW[^\n]{0,60}CPU",
            r"only supports? (?:the )?N[DHW]{2,3}C\b",
            r"on CPU is only supported for NHWC",
            r"Only NHWC (?:data_format|format|layout)",
            r"only (?:the )?NHWC(?: format| layout)? (?:is |are )?supported",
        ),
        {"unsupported_data_format": 0.95},
        "UnimplementedError: The Conv2D op currently only supports the NHWC tensor format on the CPU.",
    ),
    sign(
        "no_kernel",
        "The framework has no kernel for this operation with these types on this device.",
        (
            (
                "No OpKernel was registered to support Op"
                r" '?[\w/]{1,60}[^\n]{0,300}(?:\n[^\n]{0,300}){0,1}"
            ),
            r"NOT_IMPLEMENTED ?: [^\n]{0,20}Could not find an implementation[^\n]{0,200}",
            r"Could not find an implementation for[^\n]{0,160}",
            r"Could not run '(?:quantized|torchvision)::[^\n]{1,160}",
        ),
        lambda evidence: (
            (Candidate("quantized_engine_missing", 0.62), Candidate("model_or_input_error", 0.58))
            if "quantized::" in evidence.text
            else (
                (Candidate("extension_abi_mismatch", 0.68), Candidate("model_or_input_error", 0.4))
                if "torchvision::" in evidence.text
                else _no_kernel(evidence)
            )
        ),
        "NotFoundError: No OpKernel was registered to support Op 'Conv2D' with attrs T=DT_HALF on CPU",
    ),
    sign(
        "device_lacks_operation",
        "The operation is not made for the device that the tensors are on.",
        (
            r"Could not run '\w{1,20}::\w[^\n']{1,80}' with arguments from the '(?P<device>\w{1,40})' backend",
            r"operator '[\w:.]{1,80}' is not currently (?:implemented|supported) (?:for|on) the \w{1,20} (?:dev|back)",
            r"_overrideable not implemented",
            r"not implemented for (?:the )?(?:MPS|DML|XPU|HPU|Vulkan|OpenCL|privateuseone)\b",
        ),
        _other_device,
        "NotImplementedError: The operator 'aten::x' is not currently implemented for the MPS device.",
    ),
    sign(
        "quantized_engine",
        "The build has no quantised engine, or none is chosen.",
        (
            "Didn't find engine for operation",
            "NoQEngine",
            r"quantized engine \w{1,20} is not supported",
            (
                r"(?:FBGEMM|QNNPACK|XNNPACK|onednn)[^\n]{0,30}(?:is not supported|not available"
                r"|not compiled|engine not)[^\n]{0,20}"
            ),
            "Unknown qengine",
            r"quantized backend not supported",
            r"(?:quantized|quantization) (?:backend|engine)s?[^\n]{0,30}(?:not (?:supported|available|found)|missing)",
            "QNNPACK is not properly initialized",
            "FBGEMM doesn't support this CPU",
            r"failed to initialize (?:pytorch )?(?:QNNPACK|XNNPACK)",
            r"supported_engines[^\n]{0,20}\['none'\]",
        ),
        {"quantized_engine_missing": 0.95},
        "RuntimeError: Didn't find engine for operation quantized::conv2d_prepack NoQEngine",
    ),
)
