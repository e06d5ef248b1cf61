"""oneDNN inside another program: what OpenVINO, Paddle, MXNet, TensorFlow and PyTorch say where it refuses."""

from __future__ import annotations

from ..finding import Candidate
from ..signature import sign

_SOURCES = (
    r"(?:(?:mkl-?dnn|onednn|dnnl|ideep)[\w.-]{0,20}[/\\]|memory_desc_wrapper\."
    r"|jit_(?:avx|sse|uni)\w{3,60}\.)"
)


def _of_onednn(named: bool) -> tuple[Candidate, ...]:
    return (Candidate("onednn_primitive_error", 0.7),) if named else ()


SIGNATURES = (
    sign(
        "descriptor_refused",
        "The plug-in's oneDNN has nothing for this layer.",
        (
            (
                r"Cannot (?:create|get) (?:\w{2,30} ){0,3}?(?:primitive_desc\w*|primitive descriptor"
                r"|\w{0,20}(?:Forward|Backward)\w{0,10}|(?:forward |backward )?descriptor)[^\n]{0,30}"
                r"(?:for (?:layer|node)|wasn't)"
            ),
            r"Primitive descriptor (?:wasn't|was not|is not) (?:found|selected|set)",
            r"primitive descriptors? list is empty",
            r"(?:Mkldnn|Dnnl)CustomOp\w{0,12}[^\n]{0,80}Status Message",
            r"supportedPrimitiveDescriptors\.empty\(\)",
            r"Unsupported primitive of type",
            r"(?:EnforceNotMet|PreconditionNotMet\w{0,6}|InvalidArgumentError)[^\n]{0,60}(?:MKL-?DNN|oneDNN)",
            r"Could not (?:create|find|select) (?:a )?(?:suitable )?(?:primitive|implementation)[^\n]{0,40}"
            r"(?:for node|\bconv)",
        ),
        {"onednn_primitive_error": 0.86},
        "Cannot create convolution forward descriptor for layer: conv_sub_1/sep",
    ),
    sign(
        "onednn_assertion",
        "A check of oneDNN's own code fails.",
        (
            rf"Assertion[^\n]{{0,160}}{_SOURCES}",
            rf"{_SOURCES}[^\n]{{0,120}}Assertion",
            rf"{_SOURCES}[^\n]{{0,120}}: (?:Failure|error|abort)",
            r"Check failed: [^\n]{0,80}(?:dnnl|mkldnn|dnnConversion|dnnExecute|dnnLayout)",
            r"dnn(?:Conversion|Layout|Groups|Convolution|Execute)\w{3,40}[^\n]{0,160}E_SUCCESS",
            r"INTERNAL ASSERT FAILED at [^\n]{0,160}mkldnn",
        ),
        {"onednn_primitive_error": 0.82},
        "Assertion failed: sizeof...(args) == ndims(), file C:\\x\\mkl-dnn\\src\\common\\memory_desc_wrapper.hpp",
    ),
    sign(
        "ended_in_onednn",
        "The kernel or the runtime names oneDNN's library as the place of the crash.",
        (
            r"segfault at [^\n]{0,120} in (?:lib)?(?:dnnl|mkldnn)[\w.]{0,20}(?:\[|$)",
            r"# C \[(?:lib)?(?:dnnl|mkldnn)[\w.]{0,20}\+0x",
            r"(?:oneDNN|mkldnn|dnnl)\W{0,3} ?(?:primitive )?(?:creation|execution|initiali[sz]ation) (?:failed|error)",
        ),
        {"onednn_primitive_error": 0.78, "dnn_library_version_conflict": 0.5},
        "kernel: python3[123]: segfault at 0 ip 00007f sp 00007f error 4 in libdnnl.so.3.5[7f+1000]",
    ),
    sign(
        "layout_of_onednn",
        "A tensor in oneDNN's own layout meets an operation that does not take it.",
        (
            r"unsupported tensor layout: Mkldnn",
            r"expects (?:strided|MKL-?DNN|float)[^\n]{0,40}tensor input",
            r"incompatible with mkldnn tensor",
            r"(?:input|output|weight|src|dst)[^\n]{0,30}(?:need|must|should)[^\n]{0,10}same (?:memory )?format"
            r" for \w*conv",
            r"(?:for|with) MKL-?DNN tensors?\b[^\n]{0,40}(?:not|un)\b",
            r"doesn't support [^\n]{0,20}MKLDNN tensors",
            (
                r"(?:mkldnn|onednn)\w{0,30}[:,] [^\n]{0,60}"
                "(?:operations are not supported|only supports?|only has|only take)"
            ),
        ),
        {"onednn_primitive_error": 0.8, "unsupported_dtype": 0.4},
        "RuntimeError: unsupported tensor layout: Mkldnn",
    ),
    sign(
        "onednn_compared",
        "oneDNN's own test finds wrong results.",
        (
            r"errors:[1-9]\d{0,8} total:",
            r"err_max_diff:[\d.e-]{1,20} err_max_rdiff:",
        ),
        lambda evidence: _of_onednn(evidence.context.has("onednn", "dnnl", "mkldnn", "benchdnn", "convolution,")),
        "errors:17 total:48\nconvolution,indirect_gemm:acl",
    ),
    sign(
        "bindings_of_mkl_operation",
        "The graph asks for MKL's operations, and the build has none.",
        (
            r"Op type not registered '_?Mkl\w{2,60}'",
            r"No OpKernel was registered to support Op '_?Mkl\w{2,60}'",
        ),
        {"framework_built_without_onednn": 0.88},
        "NotFoundError: Op type not registered '_MklConv2D' in binary running on host",
    ),
)
