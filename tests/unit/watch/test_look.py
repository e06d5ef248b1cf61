"""What the cheap look sees, and that each thing that matters changes its digest."""

import os

import pytest

from dnnready.watch.look import LOGIN, foreign, look
from dnnready.watch.services import Service
from tests.unit.watch.sample import RELEASE, device, proof


@pytest.mark.parametrize(
    ("given", "own", "probes", "partly", "found"),
    [
        ({"ONEDNN_MAX_CPU_ISA": "SSE41"}, {}, ["onednn"], True, {"ONEDNN_MAX_CPU_ISA": "SSE41"}),
        ({"DNNL_MAX_CPU_ISA": "SSE41"}, {}, ["onednn"], True, {"DNNL_MAX_CPU_ISA": "SSE41"}),
        ({"ONEDNN_MAX_CPU_ISA": "SSE41"}, {}, ["mkl"], True, {}),
        ({"KMP_AFFINITY": "compact"}, {}, ["tensorflow"], True, {}),
        ({"OMP_NUM_THREADS": "1"}, {"OMP_NUM_THREADS": "2"}, ["onednn"], True, {}),
        ({"OMP_NUM_THREADS": "1"}, {"OMP_NUM_THREADS": "2"}, ["onednn"], False, {"OMP_NUM_THREADS": "1"}),
        ({}, {"OMP_NUM_THREADS": "2"}, ["onednn"], False, {"OMP_NUM_THREADS": None}),
        ({}, {"OMP_NUM_THREADS": "2"}, ["onednn"], True, {}),
        ({"LD_PRELOAD": "/x.so"}, {}, ["tensorflow"], True, {"LD_PRELOAD": "/x.so"}),
        ({"LANG": "C", "CAMERA": "front"}, {}, ["onednn"], False, {}),
        ({}, {"CAMERA": "front"}, ["onednn"], False, {"CAMERA": None}),
    ],
)
def test_variables_that_the_libraries_read_and_the_proof_had_not(given, own, probes, partly, found):
    assert foreign(given, own, probes, partly=partly) == found


def service(**variables):
    return Service("camera.service", "onednn", {"OMP_NUM_THREADS": "2", **variables}, (), False)


def test_a_device_as_it_was_proven(tmp_path):
    seen = look(device(tmp_path), {"LANG": "C"}, [service()])
    assert (seen.release, seen.holds, seen.why, seen.own_file, seen.differing) == (RELEASE, True, "", "", {})
    assert seen.accept == ("accelerated",)


def replaced(store):
    (store.release(RELEASE) / "lib.so").write_text("another library", encoding="utf-8")


def gone(store):
    (store.release(RELEASE) / "lib.so").unlink()


def switched(store):
    os.replace(store.release(RELEASE), store.releases / "fedcba9876543210")
    store.point("current", "fedcba9876543210")


def cut(store):
    store.switch.write_text('{"schema": "dnnready/switch/1", "from": "", "to": "x"}', encoding="utf-8")


@pytest.mark.parametrize(("change", "own_file"), [(replaced, "lib.so"), (gone, "lib.so"), (switched, ""), (cut, "")])
def test_what_changes_is_seen(tmp_path, change, own_file):
    store = device(tmp_path)
    before = look(store, {}, [])
    change(store)
    after = look(store, {}, [])
    assert after.digest != before.digest
    assert os.path.basename(after.own_file) == own_file


def test_paths_through_current_are_those_of_the_release(tmp_path):
    store = device(tmp_path)
    (store.release(RELEASE) / "environment").write_text(f"LD_LIBRARY_PATH={store.release(RELEASE)}/lib\n")
    through = Service("a.service", "onednn", {"LD_LIBRARY_PATH": f"{store.root}/current/lib"}, (), False)
    other = Service("b.service", "onednn", {"LD_LIBRARY_PATH": "/usr/lib"}, (), False)
    assert look(store, {}, [through, other]).differing == {"b.service": {"LD_LIBRARY_PATH": "/usr/lib"}}


def test_login_shells_and_services_are_told_apart(tmp_path):
    variables = {"ONEDNN_MAX_CPU_ISA": "SSE41"}
    seen = look(device(tmp_path), variables, [service(ONEDNN_MAX_CPU_ISA="AVX")])
    assert seen.differing == {LOGIN: variables, "camera.service": {"ONEDNN_MAX_CPU_ISA": "AVX"}}


def test_the_return_of_a_file_that_a_broken_proof_does_not_name_is_seen(tmp_path):
    store = device(tmp_path)
    files = look(store, {}, []).files
    gone(store)
    (store.release(RELEASE) / "proof.json").unlink()
    without = look(store, {}, [], files)
    (store.release(RELEASE) / "lib.so").write_text("a library", encoding="utf-8")
    assert look(store, {}, [], files).digest != without.digest


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"schema": "dnnready/proof/1"}', '{"fingerprint": {"files": [1, []]}}']
)
def test_a_proof_that_cannot_be_read_is_none(tmp_path, text):
    store = device(tmp_path)
    (store.release(RELEASE) / "proof.json").write_text(text, encoding="utf-8")
    seen = look(store, {}, [])
    assert (seen.holds, seen.own_file) == (False, "")


@pytest.mark.parametrize("link", [None, "releases/fedcba9876543210", "/etc"])
def test_nothing_is_current(tmp_path, link):
    store = device(tmp_path)
    (store.root / "current").unlink()
    if link:
        (store.root / "current").symlink_to(link)
    assert look(store, {}, []).path == ""


def test_fallback_is_accepted_where_it_was_provisioned_so(tmp_path):
    store = device(tmp_path, options={"onednn_convolution": "auto"})
    assert look(store, {}, []).accept == ("accelerated", "fallback")
    assert proof(store.release(RELEASE))["options"] == {}
