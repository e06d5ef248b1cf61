"""The catalogue is complete, consistent, and its page is the one in docs."""

import subprocess
import sys
from pathlib import Path

import pytest

from dnnready.environment.catalogue import CATALOGUE, GROUPS, find
from dnnready.environment.isa import X86_NAMES, lost
from dnnready.environment.variable import READERS

ROOT = Path(__file__).resolve().parents[3]

#: What the project promises to know.
PROMISED = """
KMP_AFFINITY KMP_BLOCKTIME OMP_NUM_THREADS OMP_PROC_BIND OMP_PLACES GOMP_CPU_AFFINITY MKL_NUM_THREADS MKL_DYNAMIC
MKL_THREADING_LAYER ONEDNN_MAX_CPU_ISA ONEDNN_VERBOSE ONEDNN_PRIMITIVE_CACHE_CAPACITY ONEDNN_DEFAULT_FPMATH_MODE
DNNL_MAX_CPU_ISA DNNL_VERBOSE DNNL_PRIMITIVE_CACHE_CAPACITY DNNL_DEFAULT_FPMATH_MODE MKLDNN_VERBOSE
TF_ENABLE_ONEDNN_OPTS TF_NUM_INTRAOP_THREADS TF_NUM_INTEROP_THREADS TF_MKL_ALLOC_MAX_BYTES LD_LIBRARY_PATH LD_PRELOAD
GLIBC_TUNABLES MALLOC_CONF
"""


@pytest.mark.parametrize("name", PROMISED.split())
def test_the_promised_variables_are_known(name):
    variable = find(name)
    assert variable is not None and name in variable.names


@pytest.mark.parametrize("variable", CATALOGUE.values(), ids=lambda variable: variable.name)
def test_an_entry_is_whole(variable):
    assert variable.summary.endswith(".") and variable.bad.endswith(".")
    assert variable.source.startswith("https://")
    assert set(variable.readers) <= set(READERS)
    assert variable.grammar.problem("") != "", "an empty value is never meant"
    assert all(variable.grammar.problem(value) == "" for value in variable.off)
    assert bool(variable.off) == variable.debugging


def test_no_name_is_there_twice():
    names = [name for group in GROUPS.values() for variable in group for name in variable.names]
    assert len(names) == len(set(names))


def test_an_application_has_variables_of_its_own():
    assert find("MODEL_PATH") is None


def test_every_reader_reads_something():
    assert {reader for variable in CATALOGUE.values() for reader in variable.readers} == set(READERS)


def test_the_page_is_the_catalogue():
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "environment_page.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("limit", "cpu", "left"),
    [
        # Measured with oneDNN 3.12 on a CPU with AVX-512, bf16, fp16 and AMX: its own `isa:` line.
        ("SSE41", "avx512_core_amx", "sse41"),
        ("AVX", "avx512_core_amx", "avx"),
        ("AVX2", "avx512_core_amx", "avx2"),
        ("AVX2_VNNI", "avx512_core_amx", "avx2_vnni"),
        ("AVX2_VNNI_2", "avx512_core_amx", "avx2_vnni"),
        ("AVX512_CORE", "avx512_core_amx", "avx512_core"),
        ("AVX512_CORE_VNNI", "avx512_core_amx", "avx512_core_vnni"),
        ("AVX512_CORE_BF16", "avx512_core_amx", "avx512_core_bf16"),
        ("AVX512_CORE_FP16", "avx512_core_amx", "avx512_core_fp16"),
        ("AVX10_1_512", "avx512_core_amx", "avx512_core_fp16"),
        ("AVX10_2_512", "avx512_core_amx", "avx512_core_fp16"),
        ("AVX512_CORE_AMX", "avx512_core_amx", None),
        ("AVX512_CORE_AMX_FP16", "avx512_core_amx", None),
        ("DEFAULT", "avx512_core_amx", None),
        ("ALL", "avx2", None),
        ("AVX512_CORE", "avx2", None),
        ("AVX2", "avx2", None),
        ("AVX2_VNNI", "avx512_core_bf16", "avx2"),
        ("SVE_128", "sve_256", None),
        ("AVX2", "", None),
    ],
)
def test_what_a_limit_of_the_isa_takes_away(limit, cpu, left):
    assert lost(limit, cpu) == left


@pytest.mark.parametrize("name", [name for name in X86_NAMES if name not in ("default", "all")])
def test_no_limit_takes_anything_from_its_own_cpu(name):
    assert lost(name, name) is None
