"""What came from the depot: signed, whole, and all that came."""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import Any
from urllib.parse import unquote

import pytest
from testinfra.host import Host


@pytest.fixture
def manifest(host: Host, prefix: str) -> dict[str, Any]:
    """The manifest that the device accepted."""
    document: dict[str, Any] = json.loads(host.file(f"{prefix}/depot/manifest.json").content_string)
    return document


def test_the_manifest_is_signed_by_who_may_sign(host: Host, prefix: str) -> None:
    verify = "ssh-keygen -Y verify -f %s/signers -I dnnready-depot -n dnnready-depot -s %s/manifest.json.sig"
    depot = f"{prefix}/depot"
    assert "Good" in host.check_output(f"{verify} < %s/manifest.json", depot, depot, depot)


def test_every_file_is_the_one_of_the_manifest(host: Host, prefix: str, manifest: dict[str, Any]) -> None:
    listed = {entry["path"]: entry["sha256"] for entry in manifest["files"]}
    place = f"{prefix}/depot"
    found = host.check_output(
        r"cd %s && find . -type f \( -name '*.whl' -o -name '*.deb' \) -exec sha256sum {} +", place
    )
    digests = {path.removeprefix("./"): digest for digest, path in map(str.split, found.splitlines())}
    assert digests
    assert {path: digest for path, digest in digests.items() if listed.get(path) != digest} == {}


def test_nothing_is_half_fetched(host: Host, prefix: str) -> None:
    assert host.check_output("find %s/depot/incoming -type f 2>/dev/null || true", prefix) == ""


def test_the_depot_was_asked_for_what_it_lists_alone(expected: dict[str, Any], manifest: dict[str, Any]) -> None:
    """By the log of its server: no other path, no other method, nothing refused."""
    name = re.sub("-[^-]+$", "-depot", expected["container"])
    log = subprocess.run(
        ["podman", "exec", name, "cat", "/var/log/nginx/access.log"],
        env=os.environ,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = re.findall(r'"(\S+) /(\S*) HTTP/[0-9.]+" (\d+)', log)
    asked = [(method, unquote(path), status) for method, path, status in found]
    known = {"manifest.json", "manifest.json.sig"} | {entry["path"] for entry in manifest["files"]}
    assert asked
    gone = "wheels/gast-"  # the update replaces it
    assert {path for _, path, _ in asked if path not in known and not path.startswith(gone)} == set()
    assert {(method, status) for method, _, status in asked} <= {("GET", "200"), ("GET", "206"), ("GET", "304")}
