"""Headers of the libraries, and what the real loader says of real libraries with changed names."""

import shutil
from pathlib import Path

import pytest

from dnnready.diagnosis.probe import LIKELY, Observation
from dnnready.diagnosis.probes import elf, elf_file, inventory, loader, loader_rules, loader_trace, symbols
from dnnready.diagnosis.probes.main_libraries import Start

from .places import ENDING, LIBRARY, Place, causes, evidence, library, look, needs_glibc

pytestmark = needs_glibc

#: A dependency of the library under test, and names of the same length.
NEEDED = b"libgcc_s.so.1"


def headers(case):
    return look(case, inventory.PROBE, elf.PROBE)


def traced(case):
    return look(case, inventory.PROBE, loader.PROBE)


def test_a_healthy_framework(place):
    place.torch()
    found = headers(place.case("pytorch"))
    assert found.suspicions == ()
    assert found.facts["glibc"].startswith("2.")
    found = traced(place.case("pytorch"))
    assert found.suspicions == ()
    assert found.facts["picked"]["libc.so.6"].startswith("/")
    assert "finds all" in found.said


def test_a_library_for_another_processor_or_c_library(place):
    data = bytearray(library())
    data[18:20] = (243).to_bytes(2, "little")
    place.torch(start=bytes(data))
    assert causes(headers(place.case("pytorch")), LIKELY) == {"wrong_architecture": 0.96}
    (place.site / "torch" / f"_C{ENDING}").write_bytes(library((b"libc.so.6\0", b"libc.musl-")))
    assert causes(headers(place.case("pytorch")), LIKELY).keys() == {"musl_libc"}


def test_a_library_that_is_none(place):
    place.torch()
    (place.site / "torch" / "lib" / "libc10.so").write_text("version https://git-lfs.github.com/spec/v1\n")
    found = headers(place.case("pytorch"))
    assert causes(found) == {"corrupt_install": 0.96}
    assert "Git LFS" in evidence(found)


def test_the_c_library_is_too_old_for_it(place):
    place.torch()
    found = headers(place.case("pytorch", host={"libc": {"name": "glibc", "version": "2.5"}}))
    assert causes(found) == {"glibc_too_old": 0.96}
    assert found.suspicions[0].details["wanted"].startswith("2.")


@pytest.mark.parametrize(("version", "weight"), [("2.36", 0.4), ("2.41", 0.93)])
def test_an_executable_stack_is_refused_by_newer_glibc(place, version, weight):
    data = bytearray(library())
    table, entry, count = (int.from_bytes(data[at : at + size], "little") for at, size in ((32, 8), (54, 2), (56, 2)))
    for at in range(table, table + entry * count, entry):
        if int.from_bytes(data[at : at + 4], "little") == 0x6474E551:
            data[at + 4] |= 1
    place.torch(start=bytes(data))
    host = {"libc": {"name": "glibc", "version": version}}
    assert causes(headers(place.case("pytorch", host=host))) == {"exec_stack": weight}


@pytest.mark.parametrize(
    ("name", "cause", "gpu"),
    [
        (b"libdnnl.so.22", "dnn_library_missing", []),
        (b"libgomp.so.99", "openmp_runtime_missing", []),
        (b"libmkl_a.so.1", "mkl_library_missing", []),
        (b"libblas.so.99", "blas_library_missing", []),
        (b"libxyzab.so.1", "system_library_missing", []),
        (b"libtorch_x.so", "corrupt_install", []),
        (b"libcudart.so1", "cuda_build_on_cpu_host", []),
        (b"libcudart.so1", "cuda_libraries_missing", ["x"]),
    ],
)
def test_a_library_that_is_not_found(place, name, cause, gpu):
    place.torch(start=library((NEEDED, name)))
    found = traced(place.case("pytorch", host={"gpu": {"devices": gpu}}))
    assert max(found.suspicions, key=lambda each: each.weight).cause == cause
    details = found.suspicions[0].details
    assert details["library"] == name.decode()
    assert details["needed_by"].endswith(ENDING)
    assert found.facts["missing"] == [name.decode()]


def test_a_library_with_a_digest_in_its_name_can_only_come_from_the_wheel(place):
    place.torch(start=library((NEEDED, b"libdnnl.so.22")))
    case = place.case("pytorch")
    look(case, inventory.PROBE)
    found = list(loader_rules.missing(case, "libgomp-0123abcd.so.1", {}, Start("pytorch", ())))
    assert [each.cause for each in found] == ["corrupt_install"]


def test_present_but_not_where_the_loader_looks(place):
    place.torch(start=library((NEEDED, b"libdnnl.so.22")))
    hidden = place.prefix / "lib" / "libdnnl.so.22"
    shutil.copy(LIBRARY, hidden)
    found = traced(place.case("pytorch"))
    assert causes(found) == {"dnn_library_missing": 0.95}
    assert found.suspicions[0].details["found"] == str(hidden)
    assert str(hidden) in evidence(found)
    seen = traced(place.case("pytorch", environment={"LD_LIBRARY_PATH": str(hidden.parent)}))
    assert "dnn_library_missing" not in causes(seen)


def test_the_loader_takes_the_targets_environment_not_ours(place, monkeypatch):
    place.torch(start=library((NEEDED, b"libdnnl.so.22")))
    shutil.copy(LIBRARY, place.prefix / "lib" / "libdnnl.so.22")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(place.prefix / "lib"))
    assert causes(traced(place.case("pytorch")), LIKELY) == {"dnn_library_missing": 0.95}


@pytest.mark.parametrize(
    "content", [b"", b"no library at all, but long enough for the loader to read its header\n" * 9]
)
def test_a_library_that_the_loader_refuses(place, content):
    place.torch(start=content)
    assert causes(traced(place.case("pytorch")), LIKELY).keys() <= {"corrupt_install", "wrong_architecture"}
    assert causes(traced(place.case("pytorch")), LIKELY)


def test_an_old_libstdcxx_from_the_library_path(place, tmp_path):
    place.torch()
    old = tmp_path / "old"
    old.mkdir()
    target = place.site / "torch" / f"_C{ENDING}"
    consumer = _consumer()
    if consumer is None:
        pytest.skip("no library of this machine needs a GLIBCXX version")
    target.write_bytes(consumer)
    changed = library((b"GLIBCXX_3.4.2", b"GLIBCXX_9.9.2"), (b"GLIBCXX_3.4.1", b"GLIBCXX_9.9.1"))
    (old / "libstdc++.so.6").write_bytes(changed)
    found = traced(place.case("pytorch", environment={"LD_LIBRARY_PATH": str(old)}))
    assert causes(found)["libstdcxx_too_old"] == 0.96
    assert "LD_LIBRARY_PATH" in evidence(found)
    assert found.suspicions[0].details["library"] == str(old / "libstdc++.so.6")


def _consumer():
    """A library of this machine that needs a version of libstdc++ above 3.4.9."""
    for path in sorted(Path(LIBRARY).parent.glob("lib*.so.*")):
        try:
            read = elf_file.read(str(path))
        except (OSError, elf_file.ElfError):
            continue
        if read.newest("GLIBCXX_") > "3.4.1" and path.is_file():
            return path.read_bytes()
    return None


def test_onednn_preloaded_before_the_frameworks_own(place, tmp_path):
    place.torch()
    other = tmp_path / "libdnnl.so.3"
    shutil.copy(LIBRARY, other)
    found = traced(place.case("pytorch", environment={"LD_PRELOAD": str(other)}))
    assert causes(found, LIKELY) == {"dnn_library_version_conflict": 0.7}


def test_onednn_alone(place, tmp_path):
    case = place.case("onednn")
    if "libdnnl" in str(loader.main_libraries.cached(case, "libdnnl.so.3")):
        pytest.skip("this machine has oneDNN")
    found = traced(place.case("onednn"))
    assert causes(found)["dnn_library_missing"] == 0.95
    shutil.copy(LIBRARY, place.prefix / "lib" / "libdnnl.so.3")
    assert traced(place.case("onednn")).suspicions == ()
    other = tmp_path / "other"
    other.mkdir()
    (other / "libdnnl.so.3").write_bytes(library() + b"x")
    found = traced(place.case("onednn", environment={"LD_LIBRARY_PATH": str(other)}))
    assert causes(found, LIKELY) == {"dnn_library_version_conflict": 0.8}


@pytest.mark.parametrize(
    ("layer", "runtime"), [("", "libiomp5.so"), ("INTEL", "libiomp5.so"), ("SEQUENTIAL", None), ("TBB", None)]
)
def test_mkl_alone(place, layer, runtime):
    folder = place.prefix / "lib"
    for part in ("rt", "core", "intel_lp64", "intel_thread", "sequential", "tbb_thread"):
        shutil.copy(LIBRARY, folder / f"libmkl_{part}.so.2")
    environment = {"MKL_THREADING_LAYER": layer} if layer else {}
    if loader.main_libraries.cached(place.case("mkl"), "libiomp5.so"):
        pytest.skip("this machine has Intel's OpenMP")
    found = traced(place.case("mkl", environment=environment))
    assert causes(found) == ({"openmp_runtime_missing": 0.95} if runtime else {})
    (folder / "libiomp5.so").write_bytes(library())
    assert traced(place.case("mkl", environment=environment)).suspicions == ()
    (folder / "libmkl_core.so.2").unlink()
    found = traced(place.case("mkl", environment=environment))
    assert causes(found) == {"mkl_library_missing": 0.95}


def test_the_words_of_the_loader():
    debug = (
        "     7:\tfind library=libdnnl.so.2 [0]; searching\n"
        "     7:\t search path=/a:/b\t\t(RUNPATH from file /x/y.so)\n"
        "     7:\t  trying file=/a/libdnnl.so.2\n"
        "     7:\t search path=/own\t\t(LD_LIBRARY_PATH)\n"
        "     7:\t  trying file=/own/libdnnl.so.2\n"
        "     7:\t/x/y.so: error: symbol lookup error: undefined symbol: dnnl_x (continued)\n"
        "undefined symbol: dnnl_x\t(/x/y.so)\n"
        "undefined symbol: omp_y, version OMP_1.0\t(/x/y.so)\n"
        "/lib/libc.so.6: version `GLIBC_2.98' not found (required by /x/y.so)\n"
        "ERROR: ld.so: object '/x/z.so' from LD_PRELOAD cannot be preloaded (file too short): ignored.\n"
        "python: error while loading shared libraries: /x/w.so: file too short\n"
    )
    found = loader_trace.parse("\tlibdnnl.so.2 => /own/libdnnl.so.2 (0x00007f0)\n\tlibq.so => not found\n", debug)
    assert found.picked == {"libdnnl.so.2": "/own/libdnnl.so.2"}
    assert found.reasons == {"libdnnl.so.2": "LD_LIBRARY_PATH"}
    assert found.missing == ["libq.so"]
    assert found.versions == [("/lib/libc.so.6", "GLIBC_2.98", "/x/y.so")]
    assert found.ignored == [("/x/z.so", "file too short"), ("/x/w.so", "file too short")]
    assert found.undefined == [("dnnl_x", "/x/y.so"), ("omp_y", "/x/y.so")]


def test_the_words_of_musl():
    text = (
        "Error loading shared library libdnnl.so.2: No such file or directory (needed by /x/y.so)\n"
        "Error relocating /x/y.so: dnnl_x: symbol not found\n"
    )
    found = loader_trace.parse("", text)
    assert found.missing == ["libdnnl.so.2"]
    assert found.undefined == [("dnnl_x", "/x/y.so")]


def test_a_symbol_that_no_library_has(place):
    place.torch(start=library((b"\0secure_getenv\0", b"\0dnnl_getenvxx\0")))
    found = look(place.case("pytorch"), inventory.PROBE, symbols.PROBE)
    assert "dnn_library_version_conflict" in causes(found, LIKELY)
    case = place.case("pytorch")
    case.observations["convolution"] = Observation(facts={"text": "_C.so: undefined symbol: dnnl_getenvxx"})
    assert symbols.PROBE.skip(case) == ""
    assert causes(look(case, inventory.PROBE, symbols.PROBE))["dnn_library_version_conflict"] == 0.93


def test_every_symbol_is_there(place):
    place.torch()
    case = place.case("pytorch")
    assert symbols.PROBE.skip(case)
    found = look(case, inventory.PROBE, symbols.PROBE)
    assert found.suspicions == ()
    assert "Every symbol" in found.said


def test_a_folder_with_a_blank_in_its_name(empty, tmp_path):
    shutil.copytree(empty, tmp_path / "my venv", symlinks=True)
    place = Place(tmp_path / "my venv")
    place.torch(start=library((NEEDED, b"libdnnl.so.22")))
    assert causes(traced(place.case("pytorch"))) == {"dnn_library_missing": 0.95}
