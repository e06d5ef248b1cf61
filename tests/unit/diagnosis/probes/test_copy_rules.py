"""Which copy of a library is taken, where several are on the host."""

import shutil
from pathlib import Path

import pytest

from dnnready.diagnosis.probes import copy_rules, elf_file, inventory
from dnnready.diagnosis.probes.loader_trace import Trace
from dnnready.diagnosis.probes.main_libraries import Start

from .places import LIBRARY, library, look, needs_glibc

pytestmark = needs_glibc


@pytest.fixture
def bundled(place):
    """A case whose libtorch.so looks for its neighbours beside itself, as the wheels do."""
    place.torch()
    case = place.case("pytorch")
    look(case, inventory.PROBE)
    user = place.site / "torch" / "lib" / "libtorch.so"
    shutil.copy(LIBRARY, user)
    return case, user, elf_file.Elf(64, True, "x86_64", 1, 1, runpath=("$ORIGIN",))


@pytest.mark.parametrize(
    ("name", "reason", "wanted"),
    [
        ("libc10.so", "LD_LIBRARY_PATH", [("extension_abi_mismatch", 0.82)]),
        ("libdnnl.so.3", "LD_LIBRARY_PATH", [("dnn_library_version_conflict", 0.8)]),
        ("libgomp.so.1", "LD_LIBRARY_PATH", [("openmp_runtime_conflict", 0.45)]),
        ("libc10.so", "RUNPATH from file x", []),
        ("libc10.so", "/etc/ld.so.cache", []),
        ("libxyz.so", "LD_LIBRARY_PATH", []),
    ],
)
def test_a_copy_from_elsewhere(bundled, tmp_path, name, reason, wanted):
    case, user, headers = bundled
    (user.parent / name).write_bytes(library())
    other = tmp_path / name
    other.write_bytes(library())
    seen = Trace(picked={name: str(other)}, reasons={name: reason})
    found = list(copy_rules.foreign(case, Start("pytorch", ()), seen, {name: [(str(user), headers)]}))
    assert [(each.cause, each.weight) for each in found] == wanted
    if found:
        assert found[0].details == {"library": str(other), "variable": reason, "found": str(user.parent / name)}


def test_the_frameworks_own_copy_by_the_library_path_is_right(bundled):
    case, user, headers = bundled
    own = user.parent / "libc10.so"
    seen = Trace(picked={"libc10.so": str(own)}, reasons={"libc10.so": "LD_LIBRARY_PATH"})
    assert list(copy_rules.foreign(case, Start("pytorch", ()), seen, {"libc10.so": [(str(user), headers)]})) == []


@pytest.mark.parametrize(
    ("names", "weight"),
    [
        (["libgomp.so.1"], None),
        (["libgomp.so.1", "libgomp-a34b3233.so.1"], 0.3),
        (["libgomp.so.1", "libiomp5.so"], 0.4),
        (["libiomp5.so", "libomp.so.5"], 0.85),
    ],
)
def test_openmp_runtimes_that_meet(tmp_path, names, weight):
    seen = Trace(picked={name: str(Path(tmp_path / name)) for name in names})
    found = list(copy_rules.runtimes(seen, Start("pytorch", ())))
    assert [(each.cause, each.weight) for each in found] == ([("openmp_runtime_conflict", weight)] if weight else [])


def test_parts_of_mkl_from_two_places():
    seen = Trace(picked={"libmkl_rt.so.2": "/a/libmkl_rt.so.2", "libmkl_core.so.2": "/b/libmkl_core.so.2"})
    found = list(copy_rules.runtimes(seen, Start("mkl", ())))
    assert [(each.cause, each.weight) for each in found] == [("undefined_symbol_mkl", 0.8)]
