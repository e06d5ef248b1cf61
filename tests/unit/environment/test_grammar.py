"""Which values each grammar takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnnready.environment.affinity import CpuList, KmpAffinity, Places
from dnnready.environment.catalogue import CATALOGUE, find
from dnnready.environment.grammar import Choice, Integer, IntegerList, Size
from dnnready.environment.paths import JemallocOptions, PathList, Preload, Tunables, number

GOOD = {
    "OMP_NUM_THREADS": ["1", "2,1", "0032"],
    "OMP_PROC_BIND": ["true", "FALSE", "close", "close,spread", "master"],
    "OMP_PLACES": [
        "cores",
        "THREADS",
        "cores(2)",
        "{0},{1}",
        "{0}:4",
        "{0:2}:2:2",
        "{0,1,4:2}",
        "{0:4,!2}",
        "{3}:2:-1",
    ],
    "OMP_DYNAMIC": ["true", "False"],
    "OMP_WAIT_POLICY": ["passive", "ACTIVE"],
    "OMP_STACKSIZE": ["2M", "16", "512k", "16384B"],
    "OMP_MAX_ACTIVE_LEVELS": ["0", "3"],
    "OMP_THREAD_LIMIT": ["1"],
    "OMP_SCHEDULE": ["static", "dynamic,4", "monotonic:static", "Guided"],
    "GOMP_CPU_AFFINITY": ["0", "0-3", "0-15:2", "0,3,1-2", "0 3 1-2"],
    "GOMP_SPINCOUNT": ["0", "infinite", "10M"],
    "KMP_AFFINITY": [
        *("none", "disabled", "compact", "granularity=fine,compact,1,0", "verbose,scatter", "granularity=core"),
        *("proclist=[0,1],explicit", "granularity=fine,proclist=[{0,1},3-5],explicit"),
    ],
    "KMP_BLOCKTIME": ["0", "200", "200ms", "50us", "infinite"],
    "KMP_HW_SUBSET": ["1c", "1s,4c,1t", "2c@1"],
    "MKL_NUM_THREADS": ["1", "64"],
    "MKL_DYNAMIC": ["TRUE", "false"],
    "MKL_THREADING_LAYER": ["GNU", "intel", "SEQUENTIAL", "TBB"],
    "MKL_INTERFACE_LAYER": ["LP64", "GNU,LP64", "ILP64"],
    "MKL_ENABLE_INSTRUCTIONS": ["AVX2", "AVX512_E4"],
    "MKL_CBWR": ["AUTO,STRICT", "COMPATIBLE"],
    "MKL_VERBOSE": ["0", "1"],
    "ONEDNN_MAX_CPU_ISA": ["AVX2", "avx512_core_amx", "DEFAULT", "ALL", "AVX10_1_512", "SVE_256"],
    "ONEDNN_VERBOSE": ["0", "1", "2", "all", "profile_exec,dispatch", "debuginfo=3", "1,filter=conv"],
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": ["0", "1024"],
    "ONEDNN_DEFAULT_FPMATH_MODE": ["BF16", "strict", "any"],
    "ONEDNN_CPU_ISA_HINTS": ["PREFER_YMM"],
    "ONEDNN_JIT_PROFILE": ["6"],
    "TF_ENABLE_ONEDNN_OPTS": ["0", "1", "true", "FALSE"],
    "TF_NUM_INTRAOP_THREADS": ["0", "4"],
    "TF_NUM_INTEROP_THREADS": ["1"],
    "TF_MKL_ALLOC_MAX_BYTES": ["1000000000"],
    "ATEN_CPU_CAPABILITY": ["avx2", "default"],
    "LD_LIBRARY_PATH": ["/usr/lib", "/a:/b", "{release}/lib:/usr/lib"],
    "LD_PRELOAD": ["/usr/lib/libjemalloc.so.2", "libjemalloc.so.2", "/a.so:/b.so", "{release}/x.so"],
    "GLIBC_TUNABLES": ["glibc.malloc.mmap_threshold=33554432", "glibc.malloc.arena_max=0x4:glibc.cpu.hwcaps=-AVX2"],
    "MALLOC_CONF": ["background_thread:true,dirty_decay_ms:10000", "dirty_decay_ms:-1", "new_key:word"],
    "TCMALLOC_RELEASE_RATE": ["0", "1.5", "10"],
    "OPENBLAS_CORETYPE": ["Haswell"],
}
BAD = {
    "OMP_NUM_THREADS": ["0", "-1", "abc", "", "1.5", "2,", "2,0", "1,x", "0x2", "99999999999999999999", "2147483648"],
    "OMP_PROC_BIND": ["yes", "true,close", "", "close,"],
    "OMP_PLACES": [
        *("garbage", "0", "!1", "{0", "{}", "{a}", "{0},", "cores(0)", "{0:0}", "!{0}", "{0}:2:-1", "{0:4:0}", ""),
        *("{0:99999}", "{0},cores", "{!1}", "{0:8000}:8000", "{1}:2:-2"),
    ],
    "OMP_DYNAMIC": ["1", "abc"],
    "OMP_WAIT_POLICY": ["spin"],
    "OMP_STACKSIZE": ["abc", "1", "0", "1T", "4096B", "2MB"],
    "OMP_MAX_ACTIVE_LEVELS": ["-1", "abc"],
    "OMP_THREAD_LIMIT": ["0"],
    "OMP_SCHEDULE": ["abc", "dynamic,0"],
    "GOMP_CPU_AFFINITY": ["garbage", "0,x", "1-0", "", "0,,1", "0-4:0", "-1", "99999"],
    "GOMP_SPINCOUNT": ["abc", "-1"],
    "KMP_AFFINITY": [
        *("garbage", "granularity=xx,compact", "compact,scatter", "compact,1,0,2", "1,compact", "explicit", "", ","),
        *("proclist=[0,x],explicit", "proclist=[0]", "compact,1,verbose"),
    ],
    "KMP_BLOCKTIME": ["abc", "-1", "1h"],
    "KMP_HW_SUBSET": ["garbage", "c"],
    "MKL_NUM_THREADS": ["abc", "0", "-1", ""],
    "MKL_DYNAMIC": ["0", "1", "no", "abc"],
    "MKL_THREADING_LAYER": ["abc", "OpenMP"],
    "MKL_INTERFACE_LAYER": ["abc"],
    "MKL_ENABLE_INSTRUCTIONS": ["AVX3"],
    "MKL_CBWR": ["abc"],
    "MKL_VERBOSE": ["abc", "3"],
    "ONEDNN_MAX_CPU_ISA": ["garbage", "AVX512", "", "avx-2"],
    "ONEDNN_VERBOSE": ["abc", "profile,abc", "5", ""],
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": ["abc", "-1", "99999999999"],
    "ONEDNN_DEFAULT_FPMATH_MODE": ["abc", "fp16"],
    "ONEDNN_CPU_ISA_HINTS": ["ymm"],
    "ONEDNN_JIT_PROFILE": ["perf"],
    "TF_ENABLE_ONEDNN_OPTS": ["2", "abc", "on", ""],
    "TF_NUM_INTRAOP_THREADS": ["-1", "abc"],
    "TF_NUM_INTEROP_THREADS": ["-1"],
    "TF_MKL_ALLOC_MAX_BYTES": ["abc", "-1", "64MB", "1000", ""],
    "ATEN_CPU_CAPABILITY": ["AVX2", "abc"],
    "LD_LIBRARY_PATH": ["lib", "/a:lib", "/a::/b", "/a:", "", "{release}lib"],
    "LD_PRELOAD": ["./a.so", "lib/a.so", "", ":/a.so"],
    "GLIBC_TUNABLES": ["nonsense", "glibc.malloc.mmap_threshold=abc", "glibc.malloc.mmap_threshold=1G", "a=1", ""],
    "MALLOC_CONF": ["garbage", "narenas:x", "narenas:2,", "dirty_decay_ms:-2", ""],
    "TCMALLOC_RELEASE_RATE": ["11", "x"],
    "OPENBLAS_CORETYPE": ["", "0"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in GOOD.items() for value in values])
def test_a_good_value_is_taken(name, value):
    assert CATALOGUE[name].grammar.problem(value) == ""


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_a_bad_value_is_named(name, value):
    assert CATALOGUE[name].grammar.problem(value) != ""


@given(st.sampled_from(sorted(CATALOGUE)), st.text())
def test_no_text_breaks_a_grammar(name, value):
    assert isinstance(CATALOGUE[name].grammar.problem(value), str)


@given(st.sampled_from([CpuList(), Places(), KmpAffinity()]), st.text("0123456789{}[]!,:-=acelmoprst()"))
def test_cpus_are_those_of_good_values_alone(grammar, value):
    cpus = grammar.cpus(value)
    assert cpus is None or (grammar.problem(value) == "" and all(0 <= cpu < 8192 for cpu in cpus))


@pytest.mark.parametrize(
    ("grammar", "value", "cpus"),
    [
        (CpuList(), "0-15:5,2", {0, 5, 10, 15, 2}),
        (Places(), "{0},{2}", {0, 2}),
        (Places(), "{0:2}:3:4", {0, 1, 4, 5, 8, 9}),
        (Places(), "{0:4:2,!4}", {0, 2, 6}),
        (Places(), "{0}:4,!{2}", {0, 1, 3}),
        (Places(), "{5}:3:-2", {1, 3, 5}),
        (Places(), "cores", None),
        (KmpAffinity(), "proclist=[{0,2},5-7],explicit", {0, 2, 5, 6, 7}),
        (KmpAffinity(), "compact", None),
        (CpuList(), "x", None),
    ],
)
def test_which_cpus_a_value_names(grammar, value, cpus):
    assert grammar.cpus(value) == cpus


@pytest.mark.parametrize(
    ("name", "yes", "no"),
    [
        ("MKL_DYNAMIC", "true", "false"),
        ("ONEDNN_VERBOSE", "1", "0"),
        ("ONEDNN_JIT_DUMP", "1", "0"),
        ("TF_ENABLE_ONEDNN_OPTS", "true", "false"),
        ("OMP_PROC_BIND", "true", "false"),
    ],
)
def test_yes_and_no_are_spelled_as_the_variable_wants_them(name, yes, no):
    grammar = find(name).grammar
    assert (grammar.spelled(True), grammar.spelled(False)) == (yes, no)
    assert grammar.problem(yes) == grammar.problem(no) == ""


@pytest.mark.parametrize("grammar", [Integer(1, 8), IntegerList(), Choice(("a",)), Size(), PathList(), Preload()])
def test_every_grammar_says_what_is_good(grammar):
    assert grammar.words()


@pytest.mark.parametrize(("text", "value"), [("0x10", 16), ("010", 8), ("10", 10), ("abc", 0), ("", 0), ("0", 0)])
def test_numbers_are_read_as_glibc_reads_them(text, value):
    assert number(text) == value


def test_tunables_and_options_can_be_listed():
    assert dict(Tunables.settings("glibc.a.b=2:glibc.cpu.hwcaps=x")) == {"glibc.a.b": 2, "glibc.cpu.hwcaps": 0}
    assert JemallocOptions().problem("tcache:maybe") == "gives tcache 'maybe', which is not true|false"
