"""Sizes and hashes of the installed files."""

import hashlib
import shutil
import tempfile
from pathlib import Path

import pytest

from dnnready.diagnosis.probe import LIKELY, Observation, Suspicion
from dnnready.diagnosis.probes import hashes, inventory, records, registered

from .places import ENDING, causes, evidence, library, look, needs_glibc

pytestmark = needs_glibc


@pytest.fixture
def whole(place):
    place.torch(requires=["helper>=1"])
    place.install("helper", "1.0", {"helper.py": "x = 1\n", "helper/tests/test_x.py": "x = 1\n"})
    place.install("unrelated", "1.0", {"unrelated.py": "x = 1\n"})
    return place


def sizes(place):
    return look(place.case("pytorch"), inventory.PROBE, records.PROBE)


def test_whole_files(whole):
    found = sizes(whole)
    assert found.suspicions == ()
    assert found.facts["checked"] == 7
    assert "have their size" in found.said


@pytest.mark.parametrize(
    ("path", "size", "words"),
    [
        ("torch/lib/libc10.so", 100_000, "100000 of"),
        ("torch/lib/libc10.so", 0, " 0 of"),
        (f"torch/_C{ENDING}", None, "no such file"),
        ("torch/nn/__init__.py", None, "no such file"),
        ("torch/nn/__init__.py", 0, "0 of 10 bytes"),
        ("helper.py", None, "no such file"),
    ],
)
def test_a_damaged_file(whole, path, size, words):
    target = whole.site / path
    if size is None:
        target.unlink()
    else:
        target.write_bytes(target.read_bytes()[:size])
    found = sizes(whole)
    assert causes(found, 0.9).keys() == {"corrupt_install"}
    assert found.suspicions[0].certain
    assert f"{path}:" in evidence(found)
    assert words in evidence(found)
    assert found.said == ""


def test_a_library_cut_to_nine_tenths(whole):
    target = whole.site / "torch/lib/libc10.so"
    data = target.read_bytes()
    target.write_bytes(data[: len(data) * 9 // 10])
    assert causes(sizes(whole)) == {"corrupt_install": 0.97}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda site: (site / "helper/tests/test_x.py").unlink(),
        lambda site: (site / "helper.py").write_text("x = 1  # edited\n"),
        lambda site: (site / "helper.py").write_text("x\n"),
        lambda site: (site / "unrelated.py").unlink(),
        lambda site: ((site / "helper.pyc").write_bytes(b"code"), (site / "helper.py").unlink()),
    ],
)
def test_what_people_do_on_purpose_is_no_damage(whole, spoil):
    spoil(whole.site)
    assert causes(sizes(whole), LIKELY) == {}


def test_a_stripped_library_is_shorter_and_whole(place):
    place.torch()
    record = place.site / "torch-2.3.0+cpu.dist-info" / "RECORD"
    length = len(library())
    record.write_text(record.read_text().replace(f",{length}\n", f",{length + 4096}\n"))
    found = sizes(place)
    assert causes(found) == {"corrupt_install": 0.3}
    assert "stripped" in evidence(found)


def test_one_finding_for_each_package(whole):
    for path in (whole.site / "torch").rglob("*.*"):
        path.unlink()
    found = sizes(whole)
    assert len(found.suspicions) == 1
    assert "_C" in found.suspicions[0].evidence[0]


def test_no_register_is_said(place):
    found = sizes(place)
    assert found.suspicions == ()
    assert found.unknown


def content(place):
    return look(place.case("pytorch"), inventory.PROBE, hashes.PROBE)


def test_hashes_of_whole_files(whole):
    found = content(whole)
    assert found.suspicions == ()
    assert found.facts["hashed"] == 2


def test_zeros_inside_a_library(whole):
    target = whole.site / "torch/lib/libc10.so"
    data = bytearray(target.read_bytes())
    data[200_000:300_000] = bytes(100_000)
    target.write_bytes(data)
    assert sizes(whole).suspicions == ()
    found = content(whole)
    assert causes(found) == {"corrupt_install": 0.95}
    assert "torch/lib/libc10.so: sha256" in evidence(found)


def test_a_library_that_was_made_longer_is_mentioned_only(whole):
    target = whole.site / "torch/lib/libc10.so"
    target.write_bytes(target.read_bytes() + bytes(4096))
    assert causes(content(whole)) == {"corrupt_install": 0.4}


def test_hashes_wait_for_a_reason(whole):
    case = whole.case("pytorch")
    assert hashes.PROBE.skip(case)
    case.observations["convolution"] = Observation(facts={"signal": "SIGSEGV"})
    assert hashes.PROBE.skip(case) == ""
    case.observations["convolution"] = Observation(suspicions=(Suspicion("corrupt_install", 0.6, []),))
    assert hashes.PROBE.skip(case) == ""
    case.observations.clear()
    case.thorough = True
    assert hashes.PROBE.skip(case) == ""


@pytest.fixture
def dpkg():
    """The registers of two packages, and the files; outside of pytest's folder, whose name says "test"."""
    folder = Path(tempfile.mkdtemp(prefix="registers-"))
    info, root = folder / "info", folder / "root"
    info.mkdir()
    (root / "torch").mkdir(parents=True)
    module, start, dnnl = root / "torch/__init__.py", root / "torch/_C.so", root / "libdnnl.so.2"
    module.write_text("")
    for path in (start, dnnl):
        path.write_bytes(library())
    digest = hashlib.md5(dnnl.read_bytes(), usedforsecurity=False).hexdigest()
    (info / "python3-torch.list").write_text(f"/.\n{root}\n{module}\n{start}\n")
    (info / "libdnnl2:amd64.list").write_text(f"/.\n{dnnl}\n")
    (info / "libdnnl2:amd64.md5sums").write_text(f"{digest}  {str(dnnl).lstrip('/')}\n")
    yield info, module, start, dnnl
    shutil.rmtree(folder)


def test_the_lists_of_dpkg(dpkg):
    info, module, start, dnnl = dpkg
    entries = {entry.path: entry for entry in registered.owned([str(module)], folder=str(info))}
    assert set(entries) == {str(start), str(dnnl)}
    assert entries[str(dnnl)].package == "libdnnl2"
    assert [records.examine(entry) for entry in entries.values()] == [None, None]
    assert hashes.compare(entries[str(dnnl)]) is None
    dnnl.write_bytes(library((b"libgcc_s.so.1", b"libgcc_x.so.1")))
    assert hashes.compare(entries[str(dnnl)]).weight == 0.95
    dnnl.unlink()
    assert records.examine(entries[str(dnnl)])[2]


def test_dpkg_says_nothing_of_a_framework_that_it_does_not_own(dpkg):
    assert list(registered.owned(["/elsewhere/torch/__init__.py"], ["pytorch"], str(dpkg[0]))) == []


def test_onednn_of_the_distribution_is_known_by_its_package(dpkg):
    assert {entry.package for entry in registered.owned([], ["onednn"], str(dpkg[0]))} == {"python3-torch", "libdnnl2"}
