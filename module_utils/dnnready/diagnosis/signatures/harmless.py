"""Messages that need no cure: information and warnings after which everything works."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Union

from ..signature import Signature, sign

_BENIGN = {"benign_message": 0.56}


def _harmless(name: str, meaning: str, phrases: Union[str, Sequence[str]], example: str) -> Signature:
    return sign(name, meaning, phrases, _BENIGN, example)


SIGNATURES = (
    _harmless(
        "onednn_on",
        "TensorFlow says that oneDNN is on: that is what one wants.",
        "oneDNN custom operations are on",
        "I tensorflow/core/util/port.cc:153] oneDNN custom operations are on. You may see slightly different results",
    ),
    _harmless(
        "could_be_faster",
        "TensorFlow says that a build for exactly this CPU could be faster; oneDNN's kernels choose at run time "
        "anyway.",
        (
            "and could speed up CPU",
            r"(?:this TensorFlow|binary)[^\n]{0,40}not compiled to use",
            "(?:wasn't|was not) compiled to use",
            "(?:binary|TensorFlow) is optimized (?:to use available CPU|with)",
            "To enable the following instructions",
            "To enable them in other operations, rebuild",
        ),
        "I cpu_feature_guard.cc:142] Your CPU supports instructions that this TensorFlow binary was not compiled "
        "to use: AVX2 FMA",
    ),
    sign(
        "slower_build",
        "A build without AVX was installed where the CPU has it: slower, and right.",
        r"without avx core[^\n]{0,40}no_avx core",
        {"benign_message": 0.95},
        "WARNING: AVX is supported, but you have installed a without avx core. Hence, no_avx core will be imported",
    ),
    _harmless(
        "nnpack",
        "PyTorch leaves NNPACK out on this CPU and takes another kernel: the results are right.",
        "Could not initialize NNPACK",
        "[W NNPACK.cpp:80] Could not initialize NNPACK! Reason: Unsupported hardware.",
    ),
    _harmless(
        "affinity",
        "ONNX Runtime could not pin its threads, as fewer CPUs are allowed than there are; it goes on unpinned.",
        r"(?:pthread_setaffinity_np|SetThreadAffinityMask|sched_setaffinity)[^\n]{0,20}failed",
        "[E:onnxruntime:Default, env.cc:226 ThreadMain] pthread_setaffinity_np failed for thread: 1, error code: 22",
    ),
    _harmless(
        "no_gpu_found",
        "The framework looked for a GPU, found none, and uses the CPU.",
        (
            "Could not find cuda drivers",
            "failed call to cuInit",
            "Ignore above cudart dlerror",
            "GPU will not be used",
            "kernel driver does not appear to be running",
            "TF-TRT Warning",
            "Could not find TensorRT",
            "CUDA_ERROR_NO_DEVICE",
            "No GPU/TPU found, falling back to CPU",
            "An NVIDIA GPU may be present on this machine, but",
            "cannot dlopen some TensorRT libraries",
            r"Unable to initialize backend '(?:rocm|tpu|cuda|gpu|interpreter|axon)\w*'",
            "GPU available: False",
            "Skipping import of cpp extensions",
            r"(?:CUDA|GPU|MPS)[^\n]{0,30}not available ?[-,;:.]{0,2} ?(?:defaulting|falling back|using|will use)",
            r"Using CPU\. Note: This module is much faster with a GPU",
            "compiled without GPU support",
            "No CUDA runtime is found",
            r"Specified provider '(?:CUDA|Tensorrt|ROCM|CoreML|Azure)\w*' is not in available",
            "Failed to initialize NVML",
            r"CUDA is not available\. Disabling",
        ),
        "I cuda_cudart_lib.cc:29] Could not find cuda drivers on your machine, GPU will not be used.",
    ),
    _harmless(
        "factory_twice",
        "Two parts of TensorFlow register the same thing: known noise at start.",
        (
            r"Unable to register cu\w+ factory",
            "Attempting to register factory for plugin",
            "computation placer already registered",
        ),
        "E cuda_dnn.cc:9261] Unable to register cuDNN factory: Attempting to register factory for plugin cuDNN "
        "when one has already been registered",
    ),
    _harmless(
        "large_allocation",
        "A large allocation was noted, and made.",
        (
            r"Allocation of \d+ exceeds \d+% of (?:free )?system memory",
            "tcmalloc: large alloc",
        ),
        "W allocator.cc:107] Allocation of 1234 exceeds 10% of system memory.",
    ),
    _harmless(
        "fallback_blas",
        "A library could not use its fastest kernels and took others.",
        (
            r"OpenBLAS is using \w+ kernels as a fallback",
            "Using NumPy C-API based implementation for BLAS",
            "NumExpr (?:defaulting|detected)",
            "Falling back to CPU",
            "falls? back to (?:CPU|float32|fp32|the CPU)",
            "may cause severe performance downgrade",
            "may have performance implications",
        ),
        "OpenBLAS : Your OS does not support AVX instructions. OpenBLAS is using Nehalem kernels as a fallback",
    ),
    _harmless(
        "deprecation",
        "Something will change in a later release.",
        (
            "DeprecationWarning",
            "FutureWarning",
            "PendingDeprecationWarning",
            "is deprecated and will be removed",
            r"Passing \(type, 1\)",
            "has been deprecated",
            "is deprecated[.,;]",
            r"\[W:onnxruntime:",
        ),
        "FutureWarning: Passing (type, 1) or '1type' as a synonym of type is deprecated",
    ),
    _harmless(
        "onnxruntime_detection",
        "ONNX Runtime could not identify a device or a CPU, and uses its general kernels.",
        (
            "Unknown CPU vendor",
            "GPU device discovery failed",
            "cpuid_info warning",
        ),
        "onnxruntime cpuid_info warning: Unknown CPU vendor. cpuinfo_vendor value: 0",
    ),
    _harmless(
        "pip_as_root",
        "pip gives advice.",
        (
            "Running pip as the 'root' user",
            "new (?:release|version) of pip",
            "Defaulting to user installation",
            "You are using pip version",
        ),
        "WARNING: Running pip as the 'root' user can result in broken permissions",
    ),
    _harmless(
        "noise_at_start",
        "The software tells what it does.",
        (
            r"Number of places reduced from \d+ to \d+",
            r"OpenBLAS Warning \.\.\. cannot install fork handler",
            r"precompiled NUM_THREADS exceeded, adding auxiliary array",
            r"run does not have GPU support\. Will run in CPU only mode",
            r"pin_memory' argument is set as true but no accelerator",
            r"Setting OMP_NUM_THREADS environment variable for each process to be 1",
            r"[Ff]allback to CPU execution provider",
            r"Created TensorFlow Lite XNNPACK delegate",
            r"so the LD_PRELOAD environment variable will not be set",
            r"None of the MLIR Optimization Passes are enabled",
            r"profile_utils/cpu_utils\.cc:\d{1,4}\] CPU Frequency",
            r"but there was no current CUDA context",
            r"Local rendezvous is aborting with status: OUT_OF_RANGE",
            r"not compiled with flash attention",
            r"Creating new thread pool with default inter op setting",
            r"libpng warning: iCCP",
            r"Skipping registering GPU devices",
            r"CPU random generator seem to be failing",
            r"Applied workaround for CuDNN issue",
            r"NumPy array is not writable",
        ),
        "libgomp: Number of places reduced from 96 to 8 because some places didn't contain any usable logical CPUs",
    ),
    _harmless(
        "omp_information",
        "OpenMP reports what it does.",
        r"OMP: Info #\d{1,4}",
        "OMP: Info #276: omp_set_nested routine deprecated, please use omp_set_max_active_levels instead.",
    ),
)
