"""The manifest of a depot: what is right comes back, what is wrong is named, nothing leads out of a directory."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnready.depot.checked import seconds, timestamp
from dnnready.depot.manifest import Entry, LockEntry, Manifest, Repository, parse
from dnnready.errors import DnnreadyError

ROOT = Path(__file__).resolve().parents[3]
TORCH = "wheels/torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"
NUMPY = "wheels/numpy-2.4.6-cp311-cp311-manylinux_2_27_x86_64.whl"
DEB = "apt/bookworm-amd64/libdnnl3_3.6-1_amd64.deb"
INDEX = "apt/bookworm-amd64/Packages"


def entry(path: str, kind: str, **changes: Any) -> Entry:
    values = {"name": "x", "version": "1.0", "architecture": "x86_64", "stacks": ("pytorch",), **changes}
    return Entry(path=path, bytes=12, sha256="a" * 64, kind=kind, **values)


MANIFEST = Manifest(
    serial=1790000000,
    created="2026-09-21T14:13:20Z",
    expires="2027-09-21T14:13:20Z",
    files=(
        entry(INDEX, "index", name="", version=""),
        entry(DEB, "package", name="libdnnl3", version="3.6-1"),
        entry("sbom.cdx.json", "sbom", name="", version="", architecture="any"),
        entry(NUMPY, "wheel", name="numpy"),
        entry(TORCH, "wheel", name="torch", version="2.13.0+cpu"),
    ),
    locks=(LockEntry("pytorch", "cp311", "x86_64", "2.28", "b" * 64, (NUMPY, TORCH)),),
    repositories=(Repository("bookworm", "amd64", "apt/bookworm-amd64", INDEX, ("libdnnl3",)),),
)
DOCUMENT = json.loads(MANIFEST.text())


def data(document: Any) -> bytes:
    return json.dumps(document).encode()


def test_what_is_written_is_read_back() -> None:
    assert parse(MANIFEST.text().encode(), "here") == MANIFEST
    assert MANIFEST.text().endswith("}\n")


def test_the_schema_and_the_parser_agree() -> None:
    schema = json.loads((ROOT / "docs" / "schema" / "depot-1.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(DOCUMENT)


def test_the_order_of_files_does_not_change_the_text() -> None:
    turned = dataclasses.replace(MANIFEST, files=tuple(reversed(MANIFEST.files)))
    assert turned.text() == MANIFEST.text()


def test_locks_are_found_by_digest() -> None:
    assert MANIFEST.lock("b" * 64) == MANIFEST.locks[0]
    assert MANIFEST.lock("c" * 64) is None


def test_times_go_there_and_back() -> None:
    assert seconds(timestamp(1790000000.7)) == 1790000000


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (["schema"], "dnnready/depot/2", "not dnnready/depot/1"),
        (["serial"], True, "serial must be a whole number"),
        (["serial"], -1, "serial must be a whole number"),
        (["created"], "2026-02-30T00:00:00Z", "is no time"),
        (["created"], "2026-02-20 00:00:00", "created: must look like"),
        (["expires"], "2026-09-21T14:13:20Z", "is not after"),
        (["files"], {}, "files: must be a list"),
        (["files", 3, "path"], "/etc/passwd", "files[3].path"),
        (["files", 3, "path"], "wheels/../../etc/x.whl", "files[3].path"),
        (["files", 3, "path"], "wheels/.x.whl", "files[3].path"),
        (["files", 3, "path"], "wheels/-x.whl", "files[3].path"),
        (["files", 3, "path"], "wheels/a b.whl", "files[3].path"),
        (["files", 3, "path"], "wheels/a\n.whl", "files[3].path"),
        (["files", 3, "path"], "wheels/x.whl\n", "files[3].path"),
        (["files", 3, "path"], "apt/bookworm-amd64/x.deb", "files[3].path"),
        (["files", 1, "path"], "apt/trixie-amd64/x.deb", "lies in no repository"),
        (["files", 1, "path"], "apt/../x.deb", "files[1].path"),
        (["files", 3, "kind"], "script", "must be one of"),
        (["files", 3, "kind"], ["wheel"], "must be one of"),
        (["files", 3, "bytes"], -1, "bytes must be a whole number"),
        (["files", 3, "bytes"], 1.5, "bytes must be a whole number"),
        (["files", 3, "sha256"], "A" * 64, "sha256"),
        (["files", 3, "architecture"], "mips", "architecture"),
        (["files", 3, "stacks"], "pytorch", "stacks"),
        (["files", 3, "stacks", 0], 5, "stacks[0]"),
        (["files", 4, "path"], NUMPY, "is there twice"),
        (["locks", 0, "files", 0], "wheels/other.whl", "wheels/other.whl is not among the files"),
        (["locks", 0, "sha256"], "", "locks[0].sha256"),
        (["locks", 0, "python"], "3.11", "locks[0].python"),
        (["repositories", 0, "path"], "apt/other-amd64", "its path must be apt/bookworm-amd64"),
        (["repositories", 0, "index"], "apt/../Packages", "repositories[0].index"),
        (["repositories", 0, "packages", 0], "-o=evil", "repositories[0].packages[0]"),
    ],
)
def test_what_is_wrong_is_named(place: list[Any], value: Any, said: str) -> None:
    document = copy.deepcopy(DOCUMENT)
    holder = document
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = value
    with pytest.raises(DnnreadyError) as error:
        parse(data(document), "http://depot/manifest.json")
    assert said in error.value.message
    assert error.value.message.startswith("http://depot/manifest.json")


def test_one_lock_may_serve_two_sets_but_not_differ() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["locks"].append({**document["locks"][0], "set": "mine"})
    assert len(parse(data(document), "here").locks) == 2
    document["locks"][1]["files"] = [TORCH]
    with pytest.raises(DnnreadyError, match="with other files"):
        parse(data(document), "here")


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[]", b"null", b"{}", b"[" * 100000, b"<html>404</html>", MANIFEST.text().encode()[:-40]]
)
def test_what_is_no_manifest_is_said(content: bytes) -> None:
    with pytest.raises(DnnreadyError):
        parse(content, "here")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["../x.whl", "/x", "wheel"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    found = [path] if path else []
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in items:
        found += places(value, (*path, key))
    return found


def stays_inside(manifest: Manifest) -> bool:
    paths = [entry.path for entry in manifest.files] + [repository.path for repository in manifest.repositories]
    return all(os.path.normpath(f"/depot/{path}") == f"/depot/{path}" for path in paths)


@settings(max_examples=300, deadline=None)
@given(place=st.sampled_from(places(DOCUMENT)), value=VALUES)
def test_a_changed_manifest_is_read_or_refused(place: tuple[Any, ...], value: Any) -> None:
    document = copy.deepcopy(DOCUMENT)
    holder = document
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = value
    try:
        manifest = parse(data(document), "here")
    except DnnreadyError:
        return
    assert stays_inside(manifest)
    assert parse(manifest.text().encode(), "here").text() == manifest.text()


@settings(max_examples=200, deadline=None)
@given(name=st.from_regex(r"\A(wheels|apt/b-amd64)?/?[a-zA-Z./%~+-]{0,12}\.whl\Z") | st.text(max_size=30))
def test_no_path_leaves_the_directory(name: str) -> None:
    document = copy.deepcopy(DOCUMENT)
    document["files"][3]["path"] = name
    document["locks"] = []
    try:
        manifest = parse(data(document), "here")
    except DnnreadyError:
        return
    assert stays_inside(manifest)


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=200) | VALUES.map(data))
def test_anything_at_all_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(DnnreadyError):
        parse(content, "here")
