"""After playbooks/rollback.yml, and there and back again on the device itself, without any network."""

from __future__ import annotations

import json

from testinfra.host import Host

UPDATED = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "MKL_DYNAMIC")


def updated(host: Host, prefix: str, stack: str) -> bool:
    """Whether the release that is current is the one of the update."""
    manifest = json.loads(host.file(f"{prefix}/stacks/{stack}/current/manifest.json").content_string)
    return any(name in manifest["spec"]["environment"] for name in UPDATED)


def proven(host: Host, prefix: str, stack: str) -> bool:
    """Whether it convolves now."""
    return bool(host.run("%s/bin/dnnready verify %s", prefix, stack).rc == 0)


def test_the_release_before_the_update_is_current_and_convolves(host: Host, prefix: str, stack: str) -> None:
    assert not updated(host, prefix, stack)
    assert proven(host, prefix, stack)


def test_the_device_goes_back_to_the_update_by_itself(host: Host, prefix: str, stack: str) -> None:
    went = host.run("%s/bin/dnnready rollback %s", prefix, stack)
    assert went.rc == 0, went.stderr
    assert updated(host, prefix, stack)
    assert proven(host, prefix, stack)
