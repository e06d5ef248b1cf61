"""The example of a fleet, and the one that docs/fleets.md makes from a list of devices. No host is reached."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.fleet.controller import EXAMPLE, PROJECT, Controller


def listed(ansible_bin: Path, directory: Path, inventory: Path) -> dict[str, Any]:
    done = Controller(ansible_bin, directory).command("ansible-inventory", "-i", str(inventory), "--list")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_host_is_in_one_group_of_each_kind(ansible_bin: Path, tmp_path: Path) -> None:
    groups = listed(ansible_bin, tmp_path, EXAMPLE)
    hosts = groups.pop("_meta")["hostvars"]
    assert len(hosts) == 24
    for kind in (("x86_64", "aarch64"), ("site_north", "site_south"), ("ring_canary", "ring_early", "ring_rest")):
        assert sorted(name for group in kind for name in groups[group]["hosts"]) == sorted(hosts)
    assert {ring for ring in hosts["edge-001"]["dnnready_rings"] if "%" not in ring} <= set(groups)


def test_the_vault_is_an_example_only(ansible_bin: Path, tmp_path: Path) -> None:
    """Ansible does not read it, so that nobody connects with a password that stands in a repository."""
    hosts = listed(ansible_bin, tmp_path, EXAMPLE)["_meta"]["hostvars"]
    assert hosts["edge-001"]["ansible_become_password"] == "{{ vault_become_password }}"
    assert "vault_become_password" not in hosts["edge-001"]


def test_a_list_of_devices_becomes_the_same_groups(ansible_bin: Path, tmp_path: Path) -> None:
    """The program, the groups and the table of docs/fleets.md."""
    page = (PROJECT / "docs" / "fleets.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```\w*\n(.*?)```\n", page, re.DOTALL)
    begins = {"1-devices.py": "#!/usr/bin/env", "2-groups.yml": "plugin:", "../devices.csv": "name,ansible_host"}
    inventory = tmp_path / "inventory"
    inventory.mkdir()
    for name, begin in begins.items():
        (text,) = (block for block in blocks if block.startswith(begin))
        (inventory / name).write_text(text, encoding="utf-8")
    (inventory / "1-devices.py").chmod(0o755)
    groups = listed(ansible_bin, tmp_path, inventory)
    assert groups["_meta"]["hostvars"]["edge-101"]["ansible_host"] == "198.51.100.7"
    assert groups["ring_canary"]["hosts"] == ["edge-001"]
    assert groups["site_north"]["hosts"] == groups["x86_64"]["hosts"] == ["edge-001", "edge-002"]
    assert groups["site_south"]["hosts"] == groups["aarch64"]["hosts"] == ["edge-101"]
