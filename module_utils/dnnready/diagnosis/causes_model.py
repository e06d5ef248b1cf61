"""Causes of step 5: what the logs and the model itself say."""

from __future__ import annotations

from .cause import Cause, Remedy

CAUSES = (
    Cause(
        "onednn_primitive_error",
        5,
        "oneDNN cannot make or run this operation, or crashes in it.",
        (
            Remedy(
                "Upgrade the framework (it brings a newer oneDNN); make the input contiguous; as a stopgap run "
                "the operation without it"
                " (torch.backends.mkldnn.flags(enabled=False), TF_ENABLE_ONEDNN_OPTS=0, enable_mkldnn=False)."
            ),
        ),
        "ONEDNN_VERBOSE=all names the primitive; the same call works with oneDNN off.",
        "advice",
    ),
    Cause(
        "unsupported_dtype",
        5,
        "The CPU has no kernel for this number format (float16 or bfloat16).",
        (Remedy("Run the model in float32 on this CPU: model.float(), --no-half, fp16=False."),),
        "The same convolution in float32 passes.",
        "advice",
        "model",
    ),
    Cause(
        "unsupported_data_format",
        5,
        "TensorFlow's CPU kernels take channels last (NHWC) only, and the model gives channels first (NCHW).",
        (Remedy("Use data_format='channels_last' and transpose the input (and keras.backend.set_image_data_format)."),),
        "The same layer with channels_last passes.",
        "advice",
        "model",
    ),
    Cause(
        "model_or_input_error",
        5,
        "The model, its input or the program's choice of device is at fault; the host is fine.",
        (
            Remedy(
                "Correct the shapes, the layer or the device that the line names; a known-good conv2d runs on "
                "this host."
            ),
        ),
        "A known-good convolution passes in the same environment.",
        "advice",
        "model",
    ),
    Cause(
        "benign_message",
        5,
        "The message is only information or a warning; nothing has to be done.",
        (Remedy("Nothing. If something is wrong, its own message is elsewhere in the log."),),
        "The operation completes with right results.",
        "advice",
        "none",
    ),
)
