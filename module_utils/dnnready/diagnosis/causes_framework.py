"""Causes of step 4: the framework and what surrounds it."""

from __future__ import annotations

from .cause import Cause, Remedy

CAUSES = (
    Cause(
        "framework_not_installed",
        4,
        "The framework is not installed for the interpreter that runs the program.",
        (
            Remedy(
                "Install it with that very interpreter: `python -m pip install {module}`, and compare `which "
                "python` with `pip --version`."
            ),
        ),
        "`python -c 'import importlib.util as u; print(u.find_spec(\"{module}\"))'` prints None.",
        "release",
    ),
    Cause(
        "interpreter_missing",
        4,
        "The Python of the environment does not start: it was removed, replaced by another version, or is misled.",
        (
            Remedy(
                "Look at where it leads (`readlink -f {python}`), unset PYTHONHOME, and where its base Python is gone "
                "or another one make the environment again with a Python that exists."
            ),
        ),
        "`{python} -c pass` fails.",
        "release",
    ),
    Cause(
        "python_version_no_wheel",
        4,
        "There is no build of the package for this version of Python.",
        (
            Remedy(
                "Use a Python that {requirement} is published for (look at the file names on its download page), "
                "in a virtual environment."
            ),
        ),
        "`pip debug --verbose` lists no tag that a file of the package has.",
        "release",
    ),
    Cause(
        "externally_managed_python",
        4,
        "The distribution keeps its Python for its own packages (PEP 668), so pip refuses.",
        (
            Remedy(
                "Make a virtual environment: `python3 -m venv ~/venv && ~/venv/bin/pip install ...`; or use the "
                "distribution's package."
            ),
        ),
        "A file EXTERNALLY-MANAGED lies in the interpreter's library folder, and no virtual environment is active.",
        "release",
    ),
    Cause(
        "framework_built_without_onednn",
        4,
        "This build of the framework does not contain oneDNN or MKL, or the provider that uses it.",
        (
            Remedy(
                "Use a build that has it: the official x86-64 wheels of PyTorch and TensorFlow do; ONNX "
                "Runtime's wheels do not."
            ),
        ),
        "`torch.__config__.show()` names no oneDNN; `onnxruntime.get_available_providers()` names no Dnnl.",
        "release",
    ),
    Cause(
        "quantized_engine_missing",
        4,
        "The build has no engine for quantised operations (FBGEMM, QNNPACK, oneDNN), or none is chosen.",
        (
            Remedy(
                "Set torch.backends.quantized.engine = 'qnnpack' before loading the model.",
                lambda facts, _: facts.arm,
                certain=True,
            ),
            Remedy(
                "Choose one of torch.backends.quantized.supported_engines ('qnnpack' on ARM), or use a newer build."
            ),
        ),
        "`torch.backends.quantized.supported_engines` has only 'none', or not the one that the model wants.",
        "release",
    ),
    Cause(
        "corrupt_install",
        4,
        "Files of the installed package are damaged, cut short or missing.",
        (
            Remedy(
                "Reinstall the package: `apt-get install --reinstall {package}`.",
                lambda _, details: details.get("manager") == "dpkg",
                certain=True,
            ),
            Remedy(
                "Reinstall it cleanly: `python -m pip install --no-cache-dir --force-reinstall --no-deps {package}` "
                "with the very version that is installed.",
                lambda _, details: "package" in details,
                certain=True,
            ),
            Remedy(
                "Reinstall it cleanly: `python -m pip uninstall -y PACKAGE`, then `python -m pip install "
                "--no-cache-dir --force-reinstall PACKAGE`."
            ),
        ),
        "Sizes or hashes of its files differ from the package's RECORD.",
        "release",
    ),
    Cause(
        "extension_abi_mismatch",
        4,
        "An extension was built for another version or C++ ABI of the framework than the one that is loaded.",
        (
            Remedy(
                "Install the versions of both that belong together, or build the extension again in this "
                "environment (delete its build folder first)."
            ),
        ),
        "The extension's release notes name another framework version; `{symbol}` is missing in the loaded one.",
        "release",
    ),
    Cause(
        "numpy_abi",
        4,
        "numpy and a package that was compiled against it are of different generations.",
        (
            Remedy(
                "`python -m pip install 'numpy<2'`, or a newer release of the package that was built for this numpy."
            ),
        ),
        "`python -m pip check`, and numpy.__version__ against what the package asks for.",
        "release",
    ),
    Cause(
        "protobuf_conflict",
        4,
        "protobuf does not fit the generated code of the framework.",
        (
            Remedy(
                "`python -m pip install 'protobuf<3.21'` for TensorFlow up to 2.11; else the protobuf that `pip "
                "check` asks for."
            ),
        ),
        "`python -m pip check` names protobuf.",
        "release",
    ),
    Cause(
        "shadowed_or_partial_module",
        4,
        "A file of the user hides the package, or only half of it was imported.",
        (
            Remedy(
                "Rename your file or folder called like the package and delete its __pycache__; do not start "
                "Python in the source tree; else reinstall."
            ),
        ),
        "`python -c 'import {module}; print({module}.__file__)'` points outside site-packages.",
        "advice",
    ),
    Cause(
        "cuda_build_on_cpu_host",
        4,
        "A build for CUDA is installed on a host without a usable GPU.",
        (
            Remedy(
                "Install the CPU build: PyTorch from its CPU index, `tensorflow-cpu` instead of `tensorflow`, "
                "and CPU builds of extensions."
            ),
        ),
        "torch.version.cuda is set while no GPU device exists.",
        "release",
    ),
    Cause(
        "cuda_libraries_missing",
        4,
        "There is a GPU, but the CUDA libraries or the driver that the build wants are absent or of another version.",
        (
            Remedy(
                "Install the CUDA runtime that the build names, or a build for the CUDA of this host; for the "
                "CPU alone, the CPU build."
            ),
        ),
        "The CUDA version of the build differs from `nvidia-smi` or from the libraries on the loader path.",
        "advice",
    ),
    Cause(
        "cudnn_not_found_or_mismatch",
        4,
        "cuDNN, the GPU's DNN library, is absent, too old or cannot start: the operation did not run on the CPU.",
        (
            Remedy(
                "No GPU is here: install the CPU build, which needs no cuDNN.",
                lambda facts, _: None if facts.gpu is None else not facts.gpu,
                certain=True,
            ),
            Remedy(
                "Install the cuDNN that the build names and leave it GPU memory; to run on the CPU: "
                "CUDA_VISIBLE_DEVICES=-1 or the CPU build."
            ),
        ),
        "The failing node is on a GPU device; it works with CUDA_VISIBLE_DEVICES=-1.",
        "advice",
    ),
)
