#!/usr/bin/python
"""Builds a depot: what devices without the internet install from."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dnn_depot
short_description: Build a depot of wheels and Debian packages
version_added: 0.2.0
description:
  - Fills a plain directory with the wheels of locks and with Debian packages, writes a manifest of them
    (C(docs/schema/depot-1.json)), a bill of materials (CycloneDX 1.6) and a detached signature. See C(docs/depot.md).
  - Fetches only what is missing or damaged. A run that is cut leaves the old depot as it was; the next one goes on.
  - Wheels come from where pip on this machine is configured to look, and must match the hashes of the locks.
    Packages come from an archive whose signature apt checks.
  - Files that are needed no more are removed once the new manifest is in place. Whatever else lies there stays.
options:
  directory:
    description: The depot. It is created where it does not exist.
    type: path
    required: true
  lock_directories:
    description: Directories with lock sets. Of two locks for the same target the earlier directory's counts.
    type: list
    elements: path
    required: true
  requirements:
    description: Single locks by name, such as those of custom stacks. They need the comments that C(make lock) writes.
    type: dict
    default: {}
  sets:
    description: Lock sets whose wheels are wanted. Empty means all. The set C(uv), the installer, always comes along.
    type: list
    elements: str
    default: []
  targets:
    description: For whom. Empty means everyone that there are locks for.
    type: list
    elements: dict
    default: []
    suboptions:
      python:
        description: Such as C(cp311). Empty means any.
        type: str
        default: ""
      architecture:
        description: Such as C(x86_64). Empty means any.
        type: str
        default: ""
  releases:
    description: The Debian releases that O(packages) are wanted for.
    type: list
    elements: dict
    default: []
    suboptions:
      codename:
        description: Such as C(bookworm).
        type: str
        required: true
      architecture:
        description: Debian's name of the architecture.
        type: str
        choices: [amd64, arm64]
        default: amd64
  packages:
    description:
      - Lists of Debian packages by codename, those of C(any) for every release, wanted with all that they depend on.
      - Those that the sources do not have are listed in RV(left_out).
    type: dict
    default: {}
  apt_sources:
    description: Lines of a C(sources.list) by codename. By default this machine's, with the codename replaced.
    type: dict
    default: {}
  signing_key:
    description:
      - The ssh key that signs the manifest. One with a passphrase must be in an ssh-agent, its public half beside it.
    type: path
    default: ~/.ssh/dnnready-depot
  create_key:
    description: Whether a key without a passphrase is made where there is none. Otherwise that is an error.
    type: bool
    default: false
  expires_days:
    description: How long devices trust a manifest, which is renewed with less than a third of that left.
    type: float
    default: 90
  keep:
    description: Whether files that are needed no more stay.
    type: bool
    default: false
  project:
    description:
      - Directories that are packed as C(project/<name>.tar.gz) for devices that pull, each laid over those before it.
      - Of a checkout of git what its HEAD has, of any other directory what lies there. None means no project.
    type: list
    elements: path
    default: []
  project_name:
    description: Its name.
    type: str
    default: dnnready
  cache:
    description: Where apt's indexes are kept, in check mode too. By default C(~/.cache/dnnready/depot).
    type: path
  python:
    description: The interpreter whose pip fetches wheels. By default that of the module.
    type: path
attributes:
  check_mode:
    support: full
    description: Reads apt's indexes over the network; fetches no file of the depot.
  diff_mode:
    support: full
    description: Shows the files with their sizes and digests.
author: dnnready maintainers (@dnnready)
"""

EXAMPLES = r"""
- name: A depot of everything
  dnn_depot:
    directory: /srv/depot
    lock_directories: ["{{ playbook_dir }}/locks"]
    create_key: true

- name: A depot of PyTorch for Debian 12 on x86-64
  dnn_depot:
    directory: /srv/depot
    lock_directories: ["{{ playbook_dir }}/locks"]
    sets: [pytorch]
    targets:
      - {python: cp311, architecture: x86_64}
    releases:
      - {codename: bookworm, architecture: amd64}
    packages:
      any: [python3-venv, libstdc++6]
      bookworm: [libdnnl2]
    apt_sources:
      bookworm: [deb http://mirror.example/debian bookworm main]
    signing_key: ~/.ssh/dnnready-depot
    expires_days: 30
"""

RETURN = r"""
directory:
  description: The depot, absolute.
  returned: success
  type: str
  sample: /srv/depot
fetched:
  description: The files that were fetched, or would be.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: Its place in the depot.
      type: str
    bytes:
      description: Its size.
      type: int
  sample: [{path: wheels/uv-0.13.9-py3-none-manylinux_2_28_aarch64.whl, bytes: 16864124}]
removed:
  description: The files that were removed, or would be.
  returned: success
  type: list
  elements: str
  sample: [wheels/six-1.16.0-py2.py3-none-any.whl]
reasons:
  description: Why the manifest was written, or would be. Empty where it stays.
  returned: success
  type: list
  elements: str
  sample: [its content changes]
left_out:
  description: What the depot does not hold although it was asked for, and why.
  returned: success
  type: list
  elements: str
  sample: ["libmkl-rt for bookworm-amd64: the apt sources do not have it"]
files:
  description: How many wheels and packages the depot holds then.
  returned: success
  type: int
  sample: 52
bytes:
  description: Their size.
  returned: success
  type: int
  sample: 1123244000
serial:
  description: The serial number of the manifest; null where there is none yet.
  returned: success
  type: int
  sample: 1767225600
expires:
  description: When devices stop to trust the manifest; empty where there is none yet.
  returned: success
  type: str
  sample: "2026-04-01T00:00:00Z"
public_key:
  description: What devices need in C(dnnready_depot_signers); empty where the key is not there yet.
  returned: success
  type: str
  sample: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExampleEx
key_created:
  description: Whether the key was made, or would be.
  returned: success
  type: bool
  sample: false
cpu_seconds:
  description: CPU seconds that the module and its children took.
  returned: success
  type: float
  sample: 3.1
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dnnready.depot.signature import public_key
from ansible.module_utils.dnnready.depot_builder import keys
from ansible.module_utils.dnnready.depot_builder.build import alone, build
from ansible.module_utils.dnnready.depot_builder.listing import listing
from ansible.module_utils.dnnready.depot_builder.plan import make
from ansible.module_utils.dnnready.depot_builder.request import request
from ansible.module_utils.dnnready_module import conclude


def work(module: AnsibleModule) -> dict[str, Any]:
    """Plan, and carry it out unless this is a check."""
    wanted = request(module.params)
    create = module.params["create_key"] and not keys.there(wanted.key)
    if not create:
        keys.require(wanted.key)
    plan = make(wanted)
    manifest = plan.before
    if not module.check_mode and (create or plan.changed):
        with alone(wanted.directory):
            if create:
                keys.create(wanted.key)
            manifest = build(wanted, plan)
    return {
        "changed": create or plan.changed,
        "directory": str(wanted.directory),
        "fetched": [{"path": entry.path, "bytes": entry.bytes} for entry in plan.absent],
        "removed": plan.superfluous,
        "reasons": plan.reasons,
        "left_out": plan.left_out,
        "files": len(plan.entries),
        "bytes": sum(entry.bytes for entry in plan.entries),
        "serial": manifest.serial if manifest else None,
        "expires": manifest.expires if manifest else "",
        "public_key": public_key(wanted.key) if keys.there(wanted.key) else "",
        "key_created": create,
        "diff": listing(wanted.directory, plan),
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec={
            "directory": {"type": "path", "required": True},
            "lock_directories": {"type": "list", "elements": "path", "required": True},
            "requirements": {"type": "dict", "default": {}},
            "sets": {"type": "list", "elements": "str", "default": []},
            "targets": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {name: {"type": "str", "default": ""} for name in ("python", "architecture")},
            },
            "releases": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "codename": {"type": "str", "required": True},
                    "architecture": {"type": "str", "choices": ["amd64", "arm64"], "default": "amd64"},
                },
            },
            "packages": {"type": "dict", "default": {}},
            "apt_sources": {"type": "dict", "default": {}},
            "signing_key": {"type": "path", "default": "~/.ssh/dnnready-depot", "no_log": False},
            "create_key": {"type": "bool", "default": False, "no_log": False},
            "expires_days": {"type": "float", "default": 90},
            "keep": {"type": "bool", "default": False},
            "project": {"type": "list", "elements": "path", "default": []},
            "project_name": {"type": "str", "default": "dnnready"},
            "cache": {"type": "path"},
            "python": {"type": "path"},
        },
        supports_check_mode=True,
    )
    conclude(module, lambda: work(module))


if __name__ == "__main__":
    main()
