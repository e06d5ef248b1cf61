"""Families of libraries and symbols, by their names on any platform."""

import pytest

from dnnready.diagnosis import libraries, symbols


@pytest.mark.parametrize(
    ("names", "family"),
    [
        (["libdnnl.so.3", "libmkldnn.so.0", "dnnl.dll", "libmklml_intel.so", "/x/libmkldnn.0.dylib"], "dnn"),
        (
            ["libgomp.so.1", "libiomp5.so", "libomp.dylib", "libiomp5md.dll", "vcomp140.dll", "libgomp-a34b3233.so.1"],
            "openmp",
        ),
        (["libmkl_rt.so.2", "mkl_rt.2.dll", "libmkl_intel_lp64.1.dylib", r"C:\x\mkl_avx2.1.dll"], "mkl"),
        (["libopenblas.so.0", "libcblas.so.3", "libf77blas.so.3", "libopenblasp-r0-2d23e62b.3.17.so"], "blas"),
        (["libcudnn.so.8", "cudnn64_8.dll", "libcudnn_ops_infer.so.8"], "cudnn"),
        (["libcuda.so.1", "nvcuda.dll"], "gpu_driver"),
        (["libcudart.so.11.0", "cublas64_11.dll", "libnccl.so.2", "libnvinfer.so.7", "libamdhip64.so.6"], "gpu"),
        (["libtorch_cuda.so", "c10_cuda.dll", "libtorch_cuda_cu.so"], "gpu_framework"),
        (["libtorch_cpu.so", "c10.dll", "libtensorflow_framework.so.2", "libonnxruntime.so.1.14.0"], "framework"),
        (["_C.cpython-311-x86_64-linux-gnu.so", "_pywrap_tensorflow_internal.so", "a.abi3.so", "x.pyd"], "extension"),
        (["libstdc++.so.6", "libgcc_s.so.1"], "cxx"),
        (["msvcp140.dll", "vcruntime140_1.dll"], "visual_cxx"),
        (["libm.so.6", "libpthread.so.0"], "glibc"),
        (["ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "libc.musl-x86_64.so.1"], "loader"),
        (["libpython3.7m.so.1.0", "python311.dll"], "python"),
        (["libsycl.so.7", "libtbb.so.12", "libsvml.so"], "oneapi"),
        (["libGL.so.1", "libSM.so.6", "libz.so.1", "foo"], ""),
    ],
)
def test_family_of_a_library(names, family):
    assert {name: libraries.family(name) for name in names} == dict.fromkeys(names, family)


@pytest.mark.parametrize(
    ("names", "family"),
    [
        (["mkl_lapack_sgelqf", "iJIT_NotifyEvent", "MKL_Set_Num_Threads"], "mkl"),
        (["dnnl_primitive_create", "mkldnn_sgemm", "_dnnl_engine_create", "_ZN4dnnl6engineC1Ev"], "dnn"),
        (["omp_get_num_procs", "GOMP_parallel", "__kmpc_fork_call"], "openmp"),
        (["cudnnCreate", "cudnnSetStream"], "cudnn"),
        (["cublasLtCreate", "__nvJitLinkAddData_12_1", "cudaLaunchKernel"], "gpu"),
        (["_ZN2at5emptyEN3c108ArrayRefIxEE", "THPVariableClass", "_ZTIN10tensorflow8OpKernelE"], "framework"),
        (["_ZNSt28__atomic_futex_unsigned_base", "_ZSt20__throw_length_errorPKc"], "cxx"),
        (["__memcpy_chk", "__strdup", "gnu_get_libc_version"], "glibc"),
        (["cblas_sgemm", "dgemm_", "openblas_set_num_threads"], "blas"),
        (["PyUnicodeUCS4_FromStringAndSize", "_PyObject_NextNotImplemented"], "python"),
        (["_ZN6google8protobuf7MessageE"], "protobuf"),
        (["_ZN5boost6thread4joinEv"], "mangled"),
        (["foo"], ""),
    ],
)
def test_family_of_a_symbol(names, family):
    assert {name: symbols.family(name) for name in names} == dict.fromkeys(names, family)


@pytest.mark.parametrize(
    ("library", "manager", "package"),
    [
        ("libgomp.so.1", "apt", "libgomp1"),
        ("/x/libGL.so.1", "dnf", "mesa-libGL"),
        ("libopenblas.so.0", "apk", "openblas"),
        ("libpython3.9.so.1.0", "apt", "libpython3.9"),
        ("libgomp.so.1", "pacman", None),
        ("libunknown.so", "apt", None),
    ],
)
def test_package_of_a_library(library, manager, package):
    assert libraries.package(library, manager) == package


def test_a_name_with_a_digest_comes_from_a_wheel():
    assert libraries.hashed("libgomp-7c85b1e2.so.1.0.0")
    assert not libraries.hashed("libgomp.so.1")
    assert libraries.bundled("/v/lib/python3.11/site-packages/numpy.libs/libx.so")
    assert not libraries.bundled("/usr/lib/x86_64-linux-gnu/libx.so")
