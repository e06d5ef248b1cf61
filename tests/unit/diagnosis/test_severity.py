"""How serious the software itself calls a line."""

import pytest

from dnnready.diagnosis.severity import severity


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("I tensorflow/core/util/port.cc:153] oneDNN custom operations are on.", "info"),
        ("I0000 00:00:1795371931.855902   12437 port.cc:153] oneDNN custom operations are on.", "info"),
        ("W tensorflow/stream_executor/dso_loader.cc:64] Could not load dynamic library", "warning"),
        ("E tensorflow/stream_executor/cuda/cuda_driver.cc:313] failed call to cuInit", "error"),
        ("F tensorflow/core/platform/cpu_feature_guard.cc:37] The TensorFlow library was compiled", "fatal"),
        ("[W NNPACK.cpp:80] Could not initialize NNPACK!", "warning"),
        ("[W908 14:03:21.322 NNPACK.cpp:61] Could not initialize NNPACK!", "warning"),
        ("[E:onnxruntime:, sequential_executor.cc:346 Execute] Non-zero status code", "error"),
        ("[W:onnxruntime:Default, device_discovery.cc:164] GPU device discovery failed", "warning"),
        ("OMP: Error #15: Initializing libiomp5.so", "error"),
        ("OMP: Hint This means that multiple copies", "error"),
        ("OMP: Warning #96: Cannot form a team", "warning"),
        ("OMP: Info #276: omp_set_nested routine deprecated", "info"),
        ("WARNING: Running pip as the 'root' user", "warning"),
        ("ERROR: No matching distribution found for torch", "error"),
        ("a/b.py:12: UserWarning: CUDA initialization", "warning"),
        ('  warnings.warn("CUDA is not available")', "warning"),
        ("DeprecationWarning: x", "warning"),
        ("ImportError: libgomp.so.1", "error"),
        ("tensorflow.python.framework.errors_impl.UnimplementedError: x", "error"),
        ("MemoryError", "error"),
        ("CRITICAL: x", "fatal"),
        ("libgomp: Thread creation failed", ""),
        ("Collecting torch", ""),
        ("", ""),
    ],
)
def test_severity(line, expected):
    assert severity(line) == expected
