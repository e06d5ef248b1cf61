"""Every cause is explained, and its remedy is worded for hosts of all kinds."""

import re

import pytest

from dnnready.diagnosis.cause import HEALERS, STEPS
from dnnready.diagnosis.causes import CAUSES
from dnnready.diagnosis.explain import explain
from dnnready.diagnosis.facts import Facts

DEBIAN = {"os": {"id": "debian"}, "cpu": {"architecture": "x86_64", "flags": ["avx"], "emulated": False}}
HOSTS = {
    "not known": {},
    "debian": DEBIAN,
    "alpine": {"os": {"id": "alpine"}, "libc": {"name": "musl", "version": "1.2.5"}},
    "red hat": {"os": {"id": "rhel"}, "libc": {"name": "glibc", "version": "2.17"}},
    "arm": {"cpu": {"architecture": "aarch64"}, "gpu": {"devices": []}, "os": {"id": "ubuntu"}},
    "gpu": {"gpu": {"devices": ["x"]}},
    "refused": {"wx": {"allowed": False}, "disk": {"target": {"noexec": True}}},
}


@pytest.mark.parametrize("cause", CAUSES.values(), ids=lambda cause: cause.code)
def test_a_cause_is_whole(cause):
    assert re.fullmatch("[a-z_]+", cause.code)
    assert cause.step in STEPS
    assert cause.healer in HEALERS
    assert cause.where in ("host", "model", "none")
    assert re.fullmatch(r"[A-Za-z].{20,250}\.", cause.explanation)
    assert cause.remedies[-1].condition is None


@pytest.mark.parametrize("cause", CAUSES.values(), ids=lambda cause: cause.code)
@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS.keys())
@pytest.mark.parametrize("details", [{}, {"library": "libgomp.so.1", "wanted": "2.28"}, {"library": "C:\\x.dll"}])
def test_a_remedy_is_a_sentence_on_every_host(cause, host, details):
    remedy = cause.remedy(Facts(host), details)
    assert re.match("[A-Z`]", remedy), remedy
    for words in (remedy, cause.confirmation(Facts(host), details)):
        assert words.endswith(".")
        assert not re.search(r"[{}]|\bNone\b(?!\.$)", words), words


@pytest.mark.parametrize(
    ("message", "host", "words"),
    [
        ("libgomp.so.1: cannot open shared object file: No such file", DEBIAN, "(`apt-get install libgomp1`)"),
        ("libgomp.so.1: cannot open shared object file: No such file", HOSTS["red hat"], "(`dnf install libgomp`)"),
        ("libgomp.so.1: cannot open shared object file: No such file", HOSTS["alpine"], "(`apk add libgomp`)"),
        ("libGL.so.1: cannot open shared object file: No such file", DEBIAN, "apt-get install libgl1"),
        ("libGL.so.1: cannot open shared object file: No such file", DEBIAN, "opencv-python-headless"),
        ("DLL load failed while importing _C: The specified module could not be found.", {}, "Visual C++"),
        ("Library not loaded: @rpath/libomp.dylib", {}, "brew install libomp"),
        ("libc.so.6: version 'GLIBC_2.34' not found", HOSTS["red hat"], "older"),
        ("a.so: failed to map segment from shared object: Operation not permitted", HOSTS["refused"], "noexec"),
        ("libgomp: Invalid value for environment variable OMP_NUM_THREADS", {}, "OMP_NUM_THREADS"),
    ],
)
def test_a_remedy_names_what_this_host_needs(message, host, words):
    assert words.lower() in explain(message, host).findings[0].remedy.lower()
