"""Where releases are, what state they are in, and the switch."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from dnnready.errors import DnnreadyError
from dnnready.release.store import Store, flush
from tests.unit.release.specs import build, finish, spec

ONE, TWO = "1" * 16, "2" * 16


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path, "app")
    made.releases.mkdir(parents=True)
    return made


@pytest.mark.parametrize(("prefix", "stack"), [("relative", "app"), ("/opt/dnnready", "../app"), ("/opt", "")])
def test_only_absolute_prefixes_and_plain_names(prefix: str, stack: str) -> None:
    with pytest.raises(DnnreadyError, match="No place"):
        Store(Path(prefix), stack)


def test_an_id_is_no_path(store: Store) -> None:
    with pytest.raises(DnnreadyError, match="not the id"):
        store.release("../../etc")


def test_the_link_names_a_release_relatively(store: Store) -> None:
    assert store.linked("current") == ""
    store.point("current", ONE)
    assert os.readlink(store.root / "current") == f"releases/{ONE}"
    assert store.linked("current") == ONE
    store.point("current", TWO)
    assert store.linked("current") == TWO
    assert [path.name for path in store.root.iterdir() if path.is_symlink()] == ["current"]


@pytest.mark.parametrize("target", ["/usr", "releases/../../x", "elsewhere/" + ONE, "releases/short", ONE])
def test_a_link_that_leads_elsewhere_names_nothing(store: Store, target: str) -> None:
    (store.root / "current").symlink_to(target)
    assert store.linked("current") == ""


def test_a_reader_finds_a_target_at_every_moment(store: Store) -> None:
    store.point("current", ONE)
    missing, looks, end = [], 0, threading.Event()

    def read() -> None:
        nonlocal looks
        while not end.is_set():
            looks += 1
            if store.linked("current") not in (ONE, TWO):
                missing.append(looks)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(300):
        store.point("current", TWO if number % 2 else ONE)
    end.set()
    reader.join()
    assert looks > 300
    assert not missing


def test_a_switch_that_fails_leaves_the_link(store: Store) -> None:
    store.point("current", ONE)
    (store.root / "previous").mkdir()
    with pytest.raises(DnnreadyError, match=r"Cannot make .* previous"):
        store.point("previous", TWO)
    assert store.linked("current") == ONE
    assert not [path for path in store.root.iterdir() if path.name.startswith(".previous")]


@pytest.mark.parametrize(
    ("manifest", "finished"),
    [
        (None, False),
        ("", False),
        ("{", False),
        ("[]", False),
        ('{"state": "installed"}', False),
        ('{"schema": "dnnready/manifest/2", "state": "installed"}', False),
        ('{"schema": "dnnready/manifest/1", "state": "building"}', False),
        ('{"schema": "dnnready/manifest/1", "state": "installed"}', True),
    ],
)
def test_only_a_manifest_that_says_so_is_a_finished_release(store: Store, manifest: str | None, finished: bool) -> None:
    store.release(ONE).mkdir()
    if manifest is not None:
        (store.release(ONE) / "manifest.json").write_text(manifest, encoding="utf-8")
    assert store.finished(ONE) is finished


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"schema": "dnnready/proof/9"}'])
def test_a_proof_that_cannot_be_read_is_none(store: Store, text: str) -> None:
    store.release(ONE).mkdir()
    (store.release(ONE) / "proof.json").write_text(text, encoding="utf-8")
    assert store.proof(ONE) is None


def test_a_proof_is_found(store: Store) -> None:
    wanted = spec()
    finish(store, wanted)
    proof = store.proof(wanted["id"])
    assert proof is not None
    assert proof["verdict"] == "accelerated"


def test_releases_come_newest_first_and_nothing_else(store: Store) -> None:
    specs = [spec(options={"number": number}) for number in range(3)]
    for age, one in enumerate(specs):
        os.utime(build(store, one) / "manifest.json", (1000 - age, 1000 - age))
    (store.releases / ".trash-x").mkdir()
    (store.releases / "notes").touch()
    assert store.identifiers() == [one["id"] for one in specs]


def test_what_is_removed_is_gone_and_nothing_else(store: Store) -> None:
    kept, gone = spec(), spec(options={"number": 1})
    build(store, kept)
    build(store, gone)
    (store.releases / f".trash-{gone['id']}").mkdir()  # of an earlier cut
    store.remove(store.release(gone["id"]))
    store.remove(store.release(gone["id"]))
    assert [path.name for path in store.releases.iterdir()] == [kept["id"]]


def test_everything_can_be_flushed(tmp_path: Path) -> None:
    flush(tmp_path)
    with pytest.raises(OSError, match="missing"):
        flush(tmp_path / "missing")
