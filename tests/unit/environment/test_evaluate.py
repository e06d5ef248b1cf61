"""Every finding, where it is due and where it is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.environment.evaluate import evaluate
from dnnready.environment.finding import Finding
from dnnready.errors import DnnreadyError

HOST = {
    "cpu": {"isa": "avx512_core_amx"},
    "cores": {"effective": 4, "affinity": [0, 1, 2, 3], "physical": 4, "quota": None, "numa_nodes": 1},
    "libc": {"name": "glibc", "version": "2.36"},
    "memory": {"total_bytes": 8 << 30, "limit_bytes": None},
}
TORCH = ["loader", "glibc", "libgomp", "onednn", "mkl", "pytorch"]
TENSORFLOW = ["loader", "glibc", "onednn", "tensorflow"]
INTEL = ["loader", "glibc", "libiomp5", "mkl"]


def codes(variables, readers, host=HOST, exists=None):
    return {(finding.level, finding.code, finding.variable) for finding in evaluate(variables, readers, host, exists)}


ERROR, WARNING, NOTE = "error", "warning", "note"


@pytest.mark.parametrize(
    ("readers", "variables", "expected"),
    [
        (TORCH, {}, set()),
        (TORCH, {"OMP_NUM_THREADS": "4", "MODEL_PATH": "/srv/model.pt", "EMPTY": ""}, set()),
        (TORCH, {"OMP_NUM_THREADS": "0"}, {(ERROR, "invalid_env_value", "OMP_NUM_THREADS")}),
        (TORCH, {"MODEL": "a b"}, {(ERROR, "not_portable", "MODEL")}),
        (TORCH, {"OMP_PLACES": "cores(4)"}, {(ERROR, "not_portable", "OMP_PLACES")}),
        (TORCH, {"UID": "1"}, {(ERROR, "not_portable", "UID")}),
        (TORCH, {"GOMP_CPU_AFFINITY": "garbage"}, {(ERROR, "invalid_env_value", "GOMP_CPU_AFFINITY")}),
        (TENSORFLOW, {"TF_NUM_INTRAOP_THREADS": "-1"}, {(ERROR, "invalid_env_value", "TF_NUM_INTRAOP_THREADS")}),
        (TENSORFLOW, {"KMP_AFFINITY": "disabled"}, {(WARNING, "unread", "KMP_AFFINITY")}),
        (TENSORFLOW, {"OMP_NUM_THREADS": "2"}, {(WARNING, "unread", "OMP_NUM_THREADS")}),
        (TORCH, {"KMP_BLOCKTIME": "0"}, {(WARNING, "unread", "KMP_BLOCKTIME")}),
        (TORCH, {"TF_ENABLE_ONEDNN_OPTS": "1"}, {(WARNING, "unread", "TF_ENABLE_ONEDNN_OPTS")}),
        (TORCH, {"MKL_DEBUG_CPU_TYPE": "5"}, {(WARNING, "unread", "MKL_DEBUG_CPU_TYPE")}),
        (TORCH, {"MALLOC_CONF": "tcache:true"}, {(WARNING, "unread", "MALLOC_CONF")}),
        (TORCH, {"MALLOC_CONF": "tcache:true", "LD_PRELOAD": "/usr/lib/libjemalloc.so.2"}, set()),
        (TORCH, {"KMP_BLOCKTIME": "0", "LD_PRELOAD": "libiomp5.so"}, set()),
        ([], {"KMP_BLOCKTIME": "0", "TF_NUM_INTEROP_THREADS": "1"}, set()),
        (TORCH, {"OMP_NUM_THREADS": "5"}, {(WARNING, "too_many_threads", "OMP_NUM_THREADS")}),
        (TORCH, {"OMP_NUM_THREADS": "4,9"}, set()),
        (TENSORFLOW, {"TF_NUM_INTRAOP_THREADS": "8"}, {(WARNING, "too_many_threads", "TF_NUM_INTRAOP_THREADS")}),
        (TENSORFLOW, {"TF_NUM_INTEROP_THREADS": "8"}, set()),
        (TORCH, {"ONEDNN_MAX_CPU_ISA": "AVX2"}, {(WARNING, "isa_below_cpu", "ONEDNN_MAX_CPU_ISA")}),
        (TORCH, {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_AMX"}, set()),
        (
            TORCH,
            {"DNNL_MAX_CPU_ISA": "AVX2"},
            {(WARNING, "isa_below_cpu", "DNNL_MAX_CPU_ISA"), (NOTE, "old_name", "DNNL_MAX_CPU_ISA")},
        ),
        (
            TORCH,
            {"ONEDNN_DEFAULT_FPMATH_MODE": "bf16", "DNNL_DEFAULT_FPMATH_MODE": "STRICT"},
            {
                (WARNING, "names_disagree", "ONEDNN_DEFAULT_FPMATH_MODE"),
                (NOTE, "old_name", "DNNL_DEFAULT_FPMATH_MODE"),
            },
        ),
        (
            TORCH,
            {"ONEDNN_DEFAULT_FPMATH_MODE": "bf16", "DNNL_DEFAULT_FPMATH_MODE": "BF16"},
            {(NOTE, "old_name", "DNNL_DEFAULT_FPMATH_MODE")},
        ),
        (TORCH, {"OMP_PROC_BIND": "close"}, {(WARNING, "shrinks_cpu_set", "OMP_PROC_BIND")}),
        (TORCH, {"OMP_PROC_BIND": "false", "OMP_PLACES": "cores"}, set()),
        (TORCH, {"OMP_PLACES": "{0},{1}"}, {(WARNING, "shrinks_cpu_set", "OMP_PLACES")}),
        (TORCH, {"GOMP_CPU_AFFINITY": "0-3"}, {(WARNING, "shrinks_cpu_set", "GOMP_CPU_AFFINITY")}),
        (INTEL, {"KMP_AFFINITY": "compact"}, {(WARNING, "shrinks_cpu_set", "KMP_AFFINITY")}),
        (INTEL, {"KMP_AFFINITY": "disabled"}, set()),
        (INTEL, {"KMP_AFFINITY": "granularity=fine,none"}, set()),
        (
            TORCH,
            {"OMP_PROC_BIND": "primary"},
            {(WARNING, "shrinks_cpu_set", "OMP_PROC_BIND"), (WARNING, "word_too_new", "OMP_PROC_BIND")},
        ),
        (INTEL, {"OMP_PROC_BIND": "primary"}, {(WARNING, "shrinks_cpu_set", "OMP_PROC_BIND")}),
        (TORCH, {"GOMP_CPU_AFFINITY": "2-5"}, None),
        (TORCH, {"ONEDNN_VERBOSE": "1"}, {(WARNING, "debugging", "ONEDNN_VERBOSE")}),
        (TORCH, {"ONEDNN_VERBOSE": "NONE"}, set()),
        (TORCH, {"MKL_VERBOSE": "0"}, set()),
        (
            TORCH,
            {"MKL_NUM_THREADS": "1", "OMP_NUM_THREADS": "4"},
            {(WARNING, "mkl_beats_omp", "MKL_NUM_THREADS")},
        ),
        (TORCH, {"MKL_NUM_THREADS": "4", "OMP_NUM_THREADS": "4,1"}, set()),
        (TORCH, {"MKL_DYNAMIC": "FALSE"}, {(NOTE, "mkl_not_dynamic", "MKL_DYNAMIC")}),
        (INTEL, {"MKL_THREADING_LAYER": "GNU"}, {(WARNING, "mkl_threading_layer_conflict", "MKL_THREADING_LAYER")}),
        (INTEL, {"MKL_THREADING_LAYER": "SEQUENTIAL"}, set()),
        (TORCH, {"MKL_THREADING_LAYER": "INTEL"}, {(WARNING, "mkl_threading_layer_conflict", "MKL_THREADING_LAYER")}),
        (TORCH, {"GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=1073741824"}, set()),
        (TORCH, {"GLIBC_TUNABLES": "glibc.malloc.nmap_threshold=1"}, {(WARNING, "tunable_unknown", "GLIBC_TUNABLES")}),
        (TORCH, {"GLIBC_TUNABLES": "glibc.rtld.execstack=1"}, {(WARNING, "tunable_unknown", "GLIBC_TUNABLES")}),
        (TORCH, {"LD_PRELOAD": "/nowhere.so", "LD_LIBRARY_PATH": "/nowhere"}, set()),
    ],
)
def test_findings(readers, variables, expected):
    if expected is None:
        expected = {(ERROR, "cpu_not_allowed", "GOMP_CPU_AFFINITY"), (WARNING, "shrinks_cpu_set", "GOMP_CPU_AFFINITY")}
    assert codes(variables, readers) == expected


def test_an_old_glibc_refuses_a_large_threshold():
    old = {**HOST, "libc": {"name": "glibc", "version": "2.31"}}
    tunables = {"GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=33554433"}
    assert codes(tunables, TORCH, old) == {(WARNING, "threshold_ignored", "GLIBC_TUNABLES")}
    assert codes({"GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=0x2000000"}, TORCH, old) == set()
    assert codes({"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}, TORCH, old) == {
        (WARNING, "tunable_unknown", "GLIBC_TUNABLES")
    }


def test_musl_has_no_glibc():
    assert codes({"GLIBC_TUNABLES": "glibc.malloc.arena_max=1"}, ["onednn"], {"libc": {"name": "musl"}}) == {
        (WARNING, "unread", "GLIBC_TUNABLES")
    }


def test_files_are_looked_up_where_they_can_be():
    variables = {"LD_PRELOAD": "/a.so:/b.so:c.so", "LD_LIBRARY_PATH": "/lib:/nowhere"}
    assert codes(variables, TORCH, exists={"/a.so", "/lib"}.__contains__) == {
        (ERROR, "file_missing", "LD_PRELOAD"),
        (WARNING, "directory_missing", "LD_LIBRARY_PATH"),
    }


def test_an_error_says_what_would_have_happened_and_comes_first():
    findings = evaluate({"ONEDNN_VERBOSE": "1", "GOMP_CPU_AFFINITY": "x", "MKL_NUM_THREADS": "abc"}, TORCH, HOST)
    assert [finding.level for finding in findings] == ["error", "error", "warning"]
    assert "spin for ever" in str(findings[0])
    assert "one thread" in str(findings[1])
    assert findings[0].as_dict() == {
        **{key: getattr(findings[0], key) for key in ("level", "code", "variable", "value", "text", "remedy")}
    }


def test_a_cpu_that_the_process_must_not_use_is_named():
    [finding, _] = evaluate({"OMP_PLACES": "{0},{7}"}, TORCH, HOST)
    assert finding.code == "cpu_not_allowed"
    assert "CPU 7" in finding.text and "0,1,2,3" in finding.remedy


def test_without_a_host_the_value_alone_counts():
    assert codes({"GOMP_CPU_AFFINITY": "99", "OMP_NUM_THREADS": "99"}, TORCH, None) == {
        (WARNING, "shrinks_cpu_set", "GOMP_CPU_AFFINITY")
    }


def test_an_unknown_reader_is_refused():
    with pytest.raises(DnnreadyError, match="libgomb"):
        evaluate({}, ["libgomb"])


NAMES = st.sampled_from(["OMP_NUM_THREADS", "OMP_PLACES", "KMP_AFFINITY", "GLIBC_TUNABLES", "LD_PRELOAD", "X", "1"])


@given(st.dictionaries(NAMES, st.text(max_size=12)), st.sampled_from([TORCH, INTEL, TENSORFLOW, []]))
def test_no_value_breaks_the_checks(variables, readers):
    for finding in evaluate(variables, readers, HOST, frozenset().__contains__):
        assert isinstance(finding, Finding)
        assert finding.text and finding.remedy and finding.level in (ERROR, WARNING, NOTE)
