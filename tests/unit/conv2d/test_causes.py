"""Why a probe did not come to its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.conv2d.causes import last_line, of_process, of_text
from dnnready.process import Completed


def completed(**change: Any) -> Completed:
    values: dict[str, Any] = {
        "argv": ("python", "-"),
        "exit_code": 1,
        "signal": None,
        "timed_out": False,
        "stdout": "",
        "stderr": "",
        "wall_seconds": 1.0,
        "cpu_seconds": 1.0,
        "peak_rss_bytes": 1,
    }
    return Completed(**{**values, **change})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"exit_code": None, "signal": "SIGILL"}, "cpu_lacks_instructions"),
        ({"exit_code": 132}, "cpu_lacks_instructions"),
        ({"exit_code": None, "signal": "SIGBUS"}, "corrupt_install"),
        ({"exit_code": None, "signal": "SIGSEGV"}, "corrupt_install"),
        ({"exit_code": 139}, "corrupt_install"),
        ({"exit_code": None, "signal": "SIGKILL"}, "out_of_memory"),
        ({"exit_code": 137}, "out_of_memory"),
        ({"exit_code": None, "signal": "SIGABRT"}, "probe_crashed"),
        (
            {"exit_code": None, "signal": "SIGABRT", "stderr": "OMP: Error #15: Initializing libomp.so.5"},
            "openmp_runtime_conflict",
        ),
        ({"exit_code": None, "signal": "SIGKILL", "timed_out": True}, "probe_timed_out"),
        ({"exit_code": 1, "stderr": "ValueError: nobody knows"}, "probe_failed"),
        ({"exit_code": 0}, "probe_failed"),
        ({"stderr": "ModuleNotFoundError: No module named 'torch'"}, "framework_not_installed"),
    ],
)
def test_how_it_ended(change: dict[str, Any], code: str) -> None:
    cause = of_process(completed(**change), "3x3", {})
    assert cause.code == code
    assert cause.text


def test_the_cause_names_the_convolution_and_the_signal() -> None:
    cause = of_process(completed(exit_code=None, signal="SIGSEGV"), "depthwise", {})
    assert "SIGSEGV" in cause.text
    assert "depthwise" in cause.text


def test_a_hang_with_a_bad_affinity_is_explained() -> None:
    cause = of_process(completed(timed_out=True, exit_code=None, signal="SIGKILL"), "", {"GOMP_CPU_AFFINITY": "x"})
    assert cause.code == "invalid_env_value"
    assert "GOMP_CPU_AFFINITY=x" in cause.text


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("ImportError: libdnnl.so.2: cannot open shared object file: No such file or directory", "dnn_library_missing"),
        ("OSError: libmkl_rt.so.2: cannot open shared object file: No such file", "mkl_library_missing"),
        ("Intel MKL FATAL ERROR: Cannot load libmkl_avx2.so.", "mkl_library_missing"),
        ("OSError: libgomp.so.1: cannot open shared object file: No such file or directory", "openmp_runtime_missing"),
        ("ImportError: libiomp5.so: cannot open shared object file: No such file", "openmp_runtime_missing"),
        ("ImportError: libcudart.so.12: cannot open shared object file: No such file", "cuda_build_on_cpu_host"),
        ("ImportError: libstdc++.so.6: cannot open shared object file: No such file", "system_library_missing"),
        ("ImportError: libopenblas.so.0: cannot open shared object file: No such file", "blas_library_missing"),
        ("/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by x)", "glibc_too_old"),
        ("/lib/libstdc++.so.6: version `GLIBCXX_3.4.32' not found (required by libdnnl.so)", "libstdcxx_too_old"),
        ("ImportError: libtorch_cpu.so: file too short", "corrupt_install"),
        ("ImportError: libx.so: failed to map segment from shared object", "selinux_or_noexec"),
        ("ImportError: a.so: cannot enable executable stack as shared object requires: Invalid argument", "exec_stack"),
        ("libgomp-d22c30c5.so.1: cannot allocate memory in static TLS block", "static_tls"),
        ("RuntimeError: could not create a primitive", "onednn_primitive_error"),
        ("AbortedError: Operation received an exception: could not create a primitive", "onednn_primitive_error"),
        ("libgomp: Thread creation failed: Resource temporarily unavailable", "thread_limit"),
        ("RuntimeError: can't start new thread", "thread_limit"),
        ("OpenBLAS error: Memory allocation still failed after 10 retries, giving up.", "out_of_memory"),
        ("AttributeError: `np.complex_` was removed in the NumPy 2.0 release", "numpy_abi"),
        ("google.protobuf.runtime_version.VersionError: gencode 6.31.1 runtime 5.29.5", "protobuf_conflict"),
        ("RuntimeError: NumPy was built with baseline optimizations: (X86_V2)", "cpu_lacks_instructions"),
        ("F tensorflow/core/platform/posix/posix.cc:1] Check failed: -1 != path_length", "proc_sys_unavailable"),
        ("RuntimeError: Python version mismatch: module was compiled for Python 3.11", "extension_abi_mismatch"),
        (
            "python: symbol lookup error: libmkl_gnu_thread.so: undefined symbol: omp_get_num_procs",
            "undefined_symbol_mkl",
        ),
        ("runtime,SYCL cpu devices queried but not found,src/common/engine.cpp:111", "dnn_library_missing"),
        ("OSError: [Errno 28] No space left on device", "no_disk_space"),
        ("all is well", None),
    ],
)
def test_messages(message: str, code: str | None) -> None:
    text = f"Traceback (most recent call last):\n  File x\n{message}\nlast line"
    cause = of_text(text)
    assert (cause.code if cause else None) == code
    if cause:
        assert message.split(":", maxsplit=1)[0] in cause.text
        assert "Traceback" not in cause.text


def test_the_last_line_is_the_message_of_a_traceback() -> None:
    assert last_line("Traceback:\n  x\nKeyError: 'y'\n\n") == "KeyError: 'y'"
    assert last_line("") == ""


@given(st.text(), st.integers(0, 255))
def test_any_end_has_a_cause(text: str, code: int) -> None:
    cause = of_process(completed(stderr=text, exit_code=code), "", {})
    assert cause.code
    assert "\n" not in cause.text


def test_codes_are_documented() -> None:
    from dnnready.conv2d import causes

    page = (Path(__file__).parents[3] / "docs" / "proof.md").read_text()
    codes = {rule[1] for rule in causes._RULES} | {code for code, _ in causes._SIGNALS.values()}
    codes |= {"probe_failed", "probe_crashed", "wrong_result", "not_dispatched", "reference_implementation"}
    codes |= {"isa_below_cpu", "proof_not_trusted", "onednn_not_enabled_at_runtime", "invalid_env_value"}
    assert sorted(code for code in codes if f"`{code}`" not in page) == []
