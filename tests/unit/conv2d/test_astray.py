"""A library of another release or of the system does not prove this one."""

import os

import pytest

from dnnready.conv2d import probe_library
from dnnready.conv2d.verification import astray

RELEASE = "/opt/dnnready/stacks/onednn/releases/0123456789abcdef"


def request(path=RELEASE, folder=f"{RELEASE}/venv/lib"):
    return {"release_path": path, "environment": {"LD_LIBRARY_PATH": folder} if folder else {}}


@pytest.mark.parametrize(
    ("probe", "asked", "loaded", "code"),
    [
        ("onednn", request(), [f"{RELEASE}/venv/lib/libdnnl.so.3"], None),
        ("onednn", request(), ["/usr/lib/x86_64-linux-gnu/libdnnl.so.2"], "dnn_library_missing"),
        ("onednn", request(folder=""), ["/usr/lib/x86_64-linux-gnu/libdnnl.so.2"], None),  # the distribution's
        ("onednn", request(path=""), ["/usr/lib/x86_64-linux-gnu/libdnnl.so.2"], None),
        ("onednn", request(), [], None),  # nothing was loaded: the probe's own failure says why
        ("mkl", request(), ["/opt/intel/libmkl_rt.so.2"], "mkl_library_missing"),
        ("pytorch", request(), ["/usr/lib/libdnnl.so.2"], None),
    ],
)
def test_who_is_astray(probe, asked, loaded, code):
    found = astray(probe, asked, loaded)
    assert (found.code if found else None) == code


def test_the_name_that_programs_are_linked_to_comes_first(tmp_path, monkeypatch):
    for name in ("libdnnl.so", "libdnnl.so.3", "libdnnl.so.3.2"):
        (tmp_path / name).write_text("")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    found = probe_library.candidates("libdnnl", ["libdnnl.so.3", "libdnnl.so.2"])
    assert [os.path.basename(path) for path in found[:3]] == ["libdnnl.so.3", "libdnnl.so", "libdnnl.so.3.2"]
