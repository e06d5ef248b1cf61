"""kill -9 before every single step that changes the disk, during an update that fetches, unpacks and removes."""

from __future__ import annotations

import itertools
import json
import shutil
import tempfile
from pathlib import Path

import pytest

from dnnready.depot.sync import Wish, sync
from tests.unit.depot import depots
from tests.unit.depot.depots import DNNL, NUMPY, ONEDNN, PYTORCH, TORCH, public
from tests.unit.release.failing_files import Killed, failing


def test_killed_anywhere_no_name_is_wrong_and_the_next_run_ends_it(
    tmp_path: Path, keys: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made = depots.small(tmp_path / "depot", keys["old"], 3000)
    old, prefix = tmp_path / "old", tmp_path / "prefix"
    made.add_uv("0.13.9", b"old uv")
    made.write()
    given = {"source": str(made.directory), "signers": [public(keys["old"])], "uv": True}
    sync(Wish(prefix=old, locks=[ONEDNN], **given))
    made.files.pop(made.locks[depots.UV][1][0])
    made.add_uv("0.14.0", b"new uv")
    made.serial += 1
    made.write()
    right = {path: content for path, (content, *_) in made.files.items()}
    wish = Wish(prefix=prefix, locks=[PYTORCH], **given)

    for step in itertools.count(1):
        shutil.rmtree(prefix, ignore_errors=True)
        shutil.copytree(old, prefix)
        killed = False
        try:
            with failing(step):
                sync(wish)
        except Killed:
            killed = True
        root = prefix / "depot"
        for path in root.glob("wheels/[!.]*.whl"):
            assert path.read_bytes() == right[f"wheels/{path.name}"], (step, path)
        for path in prefix.glob("tools/uv/*/uv"):
            assert path.read_bytes() in (b"old uv", b"new uv"), step
        accepted = json.loads((root / "accepted.json").read_text())["serial"]
        there = {f"wheels/{path.name}" for path in root.glob("wheels/[!.]*.whl")}
        if accepted == made.serial:
            assert there >= {NUMPY, TORCH}, step
        sync(wish)
        assert {f"wheels/{path.name}" for path in (root / "wheels").iterdir()} == {NUMPY, TORCH}, step
        assert DNNL not in there or killed
        assert [path.read_bytes() for path in prefix.glob("tools/uv/*/uv")] == [b"new uv"], step
        assert sync(wish, check=True)["changed"] is False, step
        if not killed:
            break
    assert step > 30, "the steps are not counted"
