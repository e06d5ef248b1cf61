"""Whether a stored proof still speaks of what is on the disk."""

import os
import time

import pytest

from dnnready.diagnosis.probes import release


@pytest.fixture
def proven(tmp_path):
    packages = tmp_path / "venv" / "lib" / "python3.11" / "site-packages"
    packages.mkdir(parents=True)
    library = packages / "libdnnl.so"
    library.write_text("library")
    old = time.time() - 100
    os.utime(packages, (old, old))
    (tmp_path / "proof.json").write_text("{}")
    return tmp_path, {"fingerprint": {"files": [[str(library), 7, int(old)]]}}


def test_untouched(proven):
    path, proof = proven
    assert release._touched(str(path), proof) == ""


def test_a_file_that_python_runs_at_each_start(proven):
    path, proof = proven
    packages = path / "venv/lib/python3.11/site-packages"
    (packages / "zz.pth").write_text("import os")
    later = time.time() + 10
    os.utime(packages, (later, later))
    assert "site-packages was changed" in release._touched(str(path), proof)


def test_a_change_that_keeps_size_and_time(proven, monkeypatch):
    path, proof = proven
    monkeypatch.setattr(release, "_SAME_COPY", -1000.0)  # a test does not wait ten minutes
    assert "libdnnl.so was changed" in release._touched(str(path), proof)


def test_a_proof_that_is_gone(proven):
    path, proof = proven
    (path / "proof.json").unlink()
    assert "cannot be read" in release._touched(str(path), proof)
