"""The digest that names a release, and what a spec may say."""

from __future__ import annotations

from typing import Any

import pytest

from dnnready.errors import DnnreadyError
from dnnready.release.identity import IDENTIFIER, identity, validate
from tests.unit.release.specs import HOST, spec


def test_the_same_wishes_have_the_same_name() -> None:
    assert IDENTIFIER.match(spec()["id"])
    assert spec()["id"] == spec()["id"]
    assert identity(dict(reversed(list(spec().items()))), HOST) == spec()["id"]


def test_the_name_itself_does_not_count() -> None:
    assert identity({**spec(), "id": "f" * 16}, HOST) == spec()["id"]


@pytest.mark.parametrize("key", sorted(set(spec()) - {"id"}))
def test_every_part_of_a_spec_makes_another_release(key: str) -> None:
    changed = {**spec(), key: "another"}
    assert identity(changed, HOST) != spec()["id"]


@pytest.mark.parametrize(
    "host",
    [
        {**HOST, "cpu": {"architecture": "aarch64"}},
        {**HOST, "libc": {"name": "musl", "version": "2.36"}},
        {**HOST, "libc": {"name": "glibc", "version": "2.41"}},
    ],
)
def test_another_platform_makes_another_release(host: dict[str, Any]) -> None:
    assert identity(spec(), host) != spec()["id"]


def test_what_does_not_go_into_a_release_does_not_change_it() -> None:
    assert identity(spec(), {**HOST, "cores": {"effective": 3}}) == spec()["id"]


@pytest.mark.parametrize("stack", ["onednn", "my-app_2", "a"])
def test_valid_names(stack: str) -> None:
    validate(spec(stack))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"stack": "../etc"}, "stack name"),
        ({"stack": "Torch"}, "stack name"),
        ({"stack": ".hidden"}, "stack name"),
        ({"stack": "a" * 64}, "stack name"),
        ({"stack": "app\n"}, "stack name"),
        ({"id": "../../etc/passwd"}, "id"),
        ({"id": "0123456789ABCDEF"}, "id"),
        ({"python": "python3"}, "absolute"),
        ({"source": "conda"}, "wheel or distribution"),
        ({"lock_sha256": ""}, "lock_sha256"),
        ({"library_path": ["/usr/lib"]}, "inside"),
        ({"library_path": ["venv/../../lib"]}, "inside"),
        ({"library_path": [1]}, "list of strings"),
        ({"packages": ["--admindir=/tmp"]}, "package"),
        ({"packages": "libdnnl2"}, "list"),
        ({"environment": {"A B": "1"}}, "environment variable"),
        ({"environment": {"OMP_NUM_THREADS": 2}}, "string"),
        ({"environment": None}, "dict"),
        ({"tag": 311}, "str"),
    ],
)
def test_a_spec_that_says_nothing_clear_is_refused(changes: dict[str, Any], word: str) -> None:
    with pytest.raises(DnnreadyError, match=word):
        validate({**spec(), **changes})


def test_a_distribution_needs_no_lock() -> None:
    validate(spec(source="distribution", lock_sha256="", packages=["libdnnl3.6", "python3-torch"]))
