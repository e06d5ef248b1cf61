"""What a switch to a release with a short proof needs: its own interpreter through the link, and unchanged files."""

from __future__ import annotations

import json
import venv
from pathlib import Path
from typing import Any

import pytest

from dnnready.release import through
from dnnready.release.rejection import RejectedError
from dnnready.release.store import Store
from tests.unit.release.specs import finish, spec

ACCEPT = ("accelerated",)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A venv, which may be moved."""
    place = tmp_path_factory.mktemp("venv")
    venv.create(place, symlinks=True, with_pip=False)
    return place


@pytest.fixture
def store(tmp_path: Path, made: Path) -> Store:
    """A stack with a release that has an interpreter and a short proof."""
    found, wanted = Store(tmp_path, "app"), spec(environment={"OMP_NUM_THREADS": "2"})
    finish(found, wanted)
    python = found.release(wanted["id"]) / "venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(made / "bin" / "python")
    (python.parents[1] / "pyvenv.cfg").write_text((made / "pyvenv.cfg").read_text())
    tell(found, wanted["id"], scope="short")
    found.point("current", wanted["id"])
    return found


def tell(store: Store, identifier: str, **change: Any) -> None:
    path = store.release(identifier) / "proof.json"
    proof = json.loads(path.read_text())
    proof["fingerprint"]["files"] = [entry for entry in proof["fingerprint"]["files"] if "bin/python" not in entry[0]]
    path.write_text(json.dumps({**proof, **change}))


def test_an_interpreter_that_starts_through_the_link_is_enough(store: Store) -> None:
    identifier = store.identifiers()[0]
    proof = through.prove_new(store, identifier, ACCEPT, 30)
    assert (proof["scope"], proof["release"]) == ("short", identifier)
    assert 0 < proof["summary"]["cpu_seconds"] < 1.5
    assert proof["summary"]["implementations"] == ["brg_conv_fwd:avx2"]


def test_a_link_elsewhere_is_refused(store: Store) -> None:
    store.point("current", "f" * 16)
    with pytest.raises(RejectedError, match="does not lead to release"):
        through.prove_new(store, store.identifiers()[0], ACCEPT, 30)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("#!/bin/sh\necho sorry >&2; exit 3\n", "does not answer"),
        ("#!/bin/sh\necho /usr\n", "says that it is /usr"),
        ("#!/bin/sh\nsleep 60\n", "does not answer"),
        (None, "it cannot be started"),
    ],
)
def test_an_interpreter_of_somebody_else_is_refused(store: Store, text: str | None, said: str) -> None:
    identifier = store.identifiers()[0]
    python = store.release(identifier) / "venv" / "bin" / "python"
    python.unlink()
    if text is not None:
        python.write_text(text)
        python.chmod(0o755)
    with pytest.raises(RejectedError, match=said) as refused:
        through.prove_new(store, identifier, ACCEPT, 1)
    assert ("sorry" in refused.value.log) is (text is not None and "sorry" in text)


@pytest.mark.parametrize("why", ["full", "old", "changed", "none"])
def test_anything_else_convolves(store: Store, why: str) -> None:
    """There is no library here, so the convolution itself is refused."""
    identifier = store.identifiers()[0]
    if why == "changed":
        file = store.release(identifier) / "libdnnl.so"
        file.write_text("")
        proof = json.loads((store.release(identifier) / "proof.json").read_text())
        tell(store, identifier, fingerprint={**proof["fingerprint"], "files": [[str(file), 9, 9]]})
    elif why == "none":
        (store.release(identifier) / "proof.json").unlink()
    elif why == "full":
        tell(store, identifier, scope="full")
    else:
        proof = json.loads((store.release(identifier) / "proof.json").read_text())
        (store.release(identifier) / "proof.json").write_text(json.dumps({**proof, "scope": None}))
    with pytest.raises(RejectedError, match=r"Proven through .*current it is"):
        through.prove_new(store, identifier, ACCEPT, 30)
