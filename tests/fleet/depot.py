"""A depot as `playbooks/depot.yml` builds it, from the wheelhouse of `make test-host`."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.faults.image import CACHE
from tests.fleet.controller import Controller


def build(controller: Controller, directory: Path, stacks: Sequence[str]) -> str:
    """Build and sign a depot with the wheels of these stacks for Debian 12; the key that signed, for its devices."""
    key = directory.with_name(f"{directory.name}-key")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "depot", "-f", key], check=True)
    wishes: dict[str, Any] = {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "depot_directory": str(directory),
        "depot_key": str(key),
        "depot_sets": list(stacks),
        "depot_targets": [{"python": "cp311", "architecture": "x86_64"}],
        "depot_releases": [],
    }
    sources = f"{controller.environment.get('PIP_FIND_LINKS', '')} {CACHE / 'wheelhouse'}".strip()
    done = controller.play("playbooks/depot.yml", wishes, environment={"PIP_FIND_LINKS": sources})
    assert done.rc == 0, done.said
    return key.with_suffix(".pub").read_text(encoding="utf-8").strip()
