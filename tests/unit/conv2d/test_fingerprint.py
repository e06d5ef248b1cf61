"""Whether a stored proof still speaks of this machine."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from dnnready.conv2d import fingerprint as module
from dnnready.conv2d.fingerprint import fingerprint, holds, local

REQUEST = {"probes": ["pytorch"], "shapes": [], "environment": {}}


@pytest.fixture
def library(tmp_path: Path) -> Path:
    path = tmp_path / "libdnnl.so.3"
    path.write_bytes(b"library")
    return path


def proof(library: Path, **change: Any) -> dict[str, Any]:
    return {
        "schema": "dnnready/proof/1",
        "verdict": "accelerated",
        "fingerprint": fingerprint("abc", [str(library), "/gone/libx.so"], REQUEST),
        **change,
    }


def test_it_holds_while_nothing_changed(library: Path) -> None:
    assert holds(proof(library), "abc") == (True, "")
    assert holds(proof(library), "abc", REQUEST) == (True, "")


def test_a_fallback_holds_too(library: Path) -> None:
    assert holds(proof(library, verdict="fallback"), "abc")[0]


@pytest.mark.parametrize("part", ["kernel", "cpu", "libc", "probes", "release"])
def test_every_part_counts(library: Path, part: str) -> None:
    kept = proof(library)
    kept["fingerprint"][part] = "another"
    held, why = holds(kept, "abc")
    assert not held
    assert why


def test_another_release_or_request(library: Path) -> None:
    assert holds(proof(library), "def") == (False, "the release is another one")
    assert not holds(proof(library), "abc", {**REQUEST, "environment": {"OMP_NUM_THREADS": "1"}})[0]


def test_a_replaced_file(library: Path) -> None:
    kept = proof(library)
    library.write_bytes(b"another library")
    assert holds(kept, "abc") == (False, f"{library} was replaced")


def test_a_file_of_the_same_size_with_another_time(library: Path) -> None:
    kept = proof(library)
    os.utime(library, ns=(1, 1))
    assert not holds(kept, "abc")[0]


def test_a_removed_file(library: Path) -> None:
    kept = proof(library)
    library.unlink()
    assert holds(kept, "abc") == (False, f"{library} is gone")


@pytest.mark.parametrize(
    "kept",
    [
        None,
        [],
        {},
        {"schema": "dnnready/proof/1"},
        {"schema": "dnnready/proof/2", "fingerprint": {}},
        {"schema": "dnnready/proof/1", "fingerprint": []},
    ],
)
def test_what_is_no_proof(kept: Any) -> None:
    assert not holds(kept, "abc")[0]


@pytest.mark.parametrize("files", [None, "abc", [1], [["/a"]], [["/a", 1, 2, 3]]])
def test_what_is_no_list_of_files(library: Path, files: Any) -> None:
    kept = proof(library)
    kept["fingerprint"]["files"] = files
    assert not holds(kept, "abc")[0]


def test_a_broken_proof_is_made_again(library: Path) -> None:
    assert holds(proof(library, verdict="broken"), "abc") == (False, "the last verdict was broken")


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda text: text.replace("cpu MHz\t\t: 2100.000", "cpu MHz\t\t: 3400.123"), True),
        (lambda text: text.replace("bogomips\t: 4200.00", "bogomips\t: 1"), True),
        (lambda text: text + "\nprocessor\t: 1\nmodel name\t: another\n", True),
        (lambda text: text.replace("avx2", ""), False),
        (lambda text: text.replace("Xeon", "Atom"), False),
        (lambda _: "", False),
    ],
)
def test_which_lines_of_cpuinfo_count(tmp_path: Path, change: Any, same: bool) -> None:
    text = (
        "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(R)\ncpu MHz\t\t: 2100.000\n"
        "flags\t\t: fpu avx avx2\nbogomips\t: 4200.00\n"
    )
    digests = []
    for number, content in enumerate((text, change(text))):
        root = tmp_path / str(number)
        (root / "proc").mkdir(parents=True)
        (root / "proc" / "cpuinfo").write_text(content)
        digests.append(local(str(root))["cpu"])
    assert (digests[0] == digests[1]) is same


def test_a_host_without_proc_still_has_a_fingerprint(tmp_path: Path) -> None:
    assert local(str(tmp_path))["kernel"].startswith("Linux ")


def test_a_new_version_of_the_probes_asks_for_a_new_proof(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = proof(library)
    monkeypatch.setattr(module, "PROBE_VERSION", 10**6)
    assert holds(kept, "abc") == (False, "dnnready proves differently now")


def test_looking_is_cheap(library: Path) -> None:
    kept = proof(library)
    kept["fingerprint"]["files"] *= 300
    started = time.process_time()
    for _ in range(10):
        assert holds(kept, "abc")[0]
    assert (time.process_time() - started) / 10 < 0.05
