"""The GPU's side: cuDNN and CUDA, missing or unfit, and a build for a GPU on a host that has none."""

from __future__ import annotations

from ..finding import Candidate
from ..signature import sign

SIGNATURES = (
    sign(
        "dnn_library_of_gpu",
        'TensorFlow\'s "DNN library" is cuDNN: the operation ran on a GPU, not on the CPU.',
        (
            "No DNN (?:library|in stream executor)",
            "DNN library is not found",
            "DNN library initialization failed",
            "no DNN support",
            "(?:get|find) (?:a )?convolution(?:al)? algorithm",
            "probably because cuDNN failed to initialize",
            r"GetConvolve\w*Algorithms",
            "Unable to find a valid cuDNN algorithm",
            r"cudnn \w{0,30} ?launch fail",
            r"StreamExecutor[^\n]{0,60}(?:no|without) DNN",
            "No algorithm worked!",
        ),
        {"cudnn_not_found_or_mismatch": 0.92},
        "UnimplementedError: DNN library is not found. [[{{node conv2d/Conv2D}}]] [Op:Conv2D]",
    ),
    sign(
        "cudnn_error",
        "cuDNN does not start, or is of another version than the build wants.",
        (
            r"CUDNN_STATUS_(?!SUCCESS)\w{3,40}",
            (
                "(?:could not|couldn't|failed to|unable to|cannot) (?:create|load|find|open|destroy"
                r"|initialize|locate)(?! dynamic library)[^\n]{0,30}cudnn"
            ),
            r"cuDNN (?:version )?(?:mismatch|error|failed|incompat\w*)",
            r"Loaded runtime CuDNN library: \S{1,20} but",
            r"compiled (?:against|with) cudnn[^\n]{0,40}but",
            r"Loaded cudnn[^\n]{0,60}(?:incompat|expected|but)",
            (
                r"cudnn(?:64_\d+)?\.?\w{0,4}[^\n]{0,30}(?:not found|not installed|is missing"
                "|could not be found)"
            ),
            "Could not set cudnn",
            r"cuDNN \w{1,20} (?:function )?launch failure",
            "failed to initialize cudnn",
            "zlibwapi",
            r"(?:No cuDNN found|Can not use cuDNN|cannot compile with cuDNN)",
            "unable to find an engine to execute",
            "(?:supported|possible|available) without cudnn",
        ),
        {"cudnn_not_found_or_mismatch": 0.88, "cuda_libraries_missing": 0.4},
        "E cuda_dnn.cc:329] Could not create cudnn handle: CUDNN_STATUS_INTERNAL_ERROR",
    ),
    sign(
        "cuda_handle",
        "A library of CUDA does not start.",
        (
            ("(?:failed|could not|unable) (?:to )?create (?:cublas|cusolver|cufft|cusparse|curand) handle"),
            r"(?:CUBLAS|CUSOLVER|CUFFT|CUSPARSE|CURAND)_STATUS_(?!SUCCESS)\w{3,40}",
            "CUDA_(?:PATH|HOME) is set but",
            r"Requires? cuDNN [\d.*]{1,8} and CUDA [\d.*]{1,8}",
        ),
        {"cuda_libraries_missing": 0.66, "cudnn_not_found_or_mismatch": 0.62},
        "failed to create cublas handle: CUBLAS_STATUS_NOT_INITIALIZED",
    ),
    sign(
        "no_gpu",
        "A build for GPUs runs on a host without one, or without its driver.",
        (
            "Found no NVIDIA driver",
            "No CUDA GPUs are available",
            "no NVIDIA devices found",
            "Failed to infer device type",
            r"cuda runtime error \((?:30|35|38|100)\)",
            "no CUDA-capable device",
            "CUDA driver initialization failed",
            "Unable to find a valid cuDNN algorithm to run",
            r"cudaGetDevice\w*\(\)(?![^\n]{0,160}Error 80[34])",
            "NVML: (?:Driver|Not)",
            r"nvidia-smi[^\n]{0,30}(?:not found|has failed|command not)",
            "not able to use (?:the )?GPU",
            "Cannot initialize CUDA without ATen_cuda",
            r"lib(?:cublas|cudart|cudnn)\.so\.\*\[0-9\] not found in the system path",
            r"cuda\.is_available\(\) (?:returns|is|returned) False;",
            "CUDA_HOME environment variable is not set",
            r"libcuda\.so cannot found",
            r"could not select device driver[^\n]{0,40}gpu",
            "nvidia-container-cli: ",
            r"libnvidia-container[^\n]{0,60}(?:not found|error)",
        ),
        lambda evidence: (
            (Candidate("benign_message", 0.66), Candidate("cuda_build_on_cpu_host", 0.6))
            # TensorFlow goes on without.
            if "Warning" in evidence.line or "failed call to cuInit" in evidence.line
            else (Candidate("cuda_build_on_cpu_host", 0.85), Candidate("cuda_libraries_missing", 0.45))
        ),
        "RuntimeError: Found no NVIDIA driver on your system.",
    ),
    sign(
        "cuda_version",
        "The build's CUDA does not fit the host's driver or GPU.",
        (
            "CUDA driver version is insufficient",
            "NVIDIA driver on your system is too old",
            "no kernel image is available",
            "invalid device function",
            "(?:compiled|built) with different CUDA",
            r"CUDA version[^\n]{0,60}(?:mismatch|different|does not match|not match)",
            "is not compatible with the current PyTorch installation",
            "forward compatibility was attempted",
            r"cudaGetDeviceCount\(\)[^\n]{0,160}Error 80[34]",
            r"detected CUDA version[^\n]{0,40}mismatch",
            "Driver/library version mismatch",
            r"nvrtc: error: (?:failed to open|invalid)",
            r"compiled with CUDA [\d.]{2,6}, but CUDA runtime version",
        ),
        {"cuda_libraries_missing": 0.88, "cuda_build_on_cpu_host": 0.4},
        "CUDA driver version is insufficient for CUDA runtime version",
    ),
    sign(
        "gpu_device_missing",
        "The program places an operation on a GPU that is not there.",
        (
            r"Cannot assign a device for operation[^\n]{0,200}(?:GPU|gpu)",
            r"unknown device[^\n]{0,60}GPU",
            r"Device /\S{0,40}GPU:\d[^\n]{0,40}(?:unknown|not)",
        ),
        {"model_or_input_error": 0.66, "cuda_build_on_cpu_host": 0.6},
        "Cannot assign a device for operation 'a': it was explicitly assigned to /device:GPU:0",
    ),
    sign(
        "gpu_libraries_listed",
        "TensorFlow sees a GPU but not all of its libraries, and goes on without it.",
        "Cannot dlopen some GPU libraries",
        lambda _: (
            Candidate("cuda_libraries_missing", 0.72),
            Candidate("cudnn_not_found_or_mismatch", 0.66),
            Candidate("benign_message", 0.4),
        ),
        "W gpu_device.cc:1850] Cannot dlopen some GPU libraries. Please make sure the missing libraries",
    ),
)
