#!/usr/bin/python
"""Lets a timer of systemd bring the project to this host, verify it and run it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dnn_pull
short_description: Set up a host that provisions itself from a git repository or a depot
version_added: 0.2.0
description:
  - Writes what the host shall pull to C(<prefix>/pull), a service and a timer that run C(dnnready pull), enables the
    timer and starts it.
  - Where systemd does not run, as in an image that is being built, the timer is enabled and starts at the first boot.
  - What is pulled runs only where it is signed (a commit by one of O(signers), a depot by O(depot_signers)), and not
    older than what the host accepted before. C(docs/pull.md) says what happens then.
  - Everything is readable for every user of the host. There is no place for a secret.
options:
  prefix:
    description: The prefix of dnnready. C(<prefix>/bin/dnnready) must be there.
    type: path
    required: true
  state:
    description: V(absent) takes the units and everything below C(<prefix>/pull) away. The stacks stay.
    type: str
    choices: [present, absent]
    default: present
  source:
    description:
      - The address of a git repository (C(https://), C(http://), C(ssh://), C(user@host:path), C(file://)), or V(depot)
        for the archive of the project in O(depot).
      - An address with a user or password in it is refused, but for the user of ssh.
    type: str
    default: ""
  branch:
    description: The branch. Empty means the one that the repository names itself.
    type: str
    default: ""
  signers:
    description: Who may sign commits, as public keys of ssh, or lines of an C(allowed_signers) file.
    type: list
    elements: str
    default: []
  revoked:
    description: Public keys that may no longer sign commits, whatever O(signers) says.
    type: list
    elements: str
    default: []
  depot:
    description: The depot, as O(source) of M(dnn_depot_sync).
    type: str
    default: ""
  depot_signers:
    description: Who may sign it.
    type: list
    elements: str
    default: []
  depot_revoked:
    description: Public keys that may no longer sign it.
    type: list
    elements: str
    default: []
  project:
    description: The name of the archive in the depot.
    type: str
    default: dnnready
  ansible:
    description: The directory of a release with C(venv/bin/ansible-playbook), as M(dnn_release) builds it.
    type: path
    default: ""
  host:
    description: The name of this host in the inventory.
    type: str
    default: localhost
  groups:
    description: The groups that this host is in, for the C(group_vars) of the project's inventory.
    type: list
    elements: str
    default: []
  inventory:
    description: An inventory of the project, as a path in it. Empty means none but the host's own.
    type: str
    default: ""
  playbook:
    description: What runs, as a path in the project.
    type: str
    default: site.yml
  variables:
    description: Extra variables of this host. One that is called a password, secret or token is refused.
    type: dict
    default: {}
  deploy_key:
    description: A private key on the host that ssh uses for the repository. It is not written by this module.
    type: str
    default: ""
  known_hosts:
    description: Lines of a C(known_hosts) file for ssh. None means the host's own files.
    type: list
    elements: str
    default: []
  calendar:
    description: When, as a calendar event of systemd.time(7).
    type: str
    default: hourly
  random_delay:
    description: The most seconds by which a host waits longer. It differs by host and stays the same on each.
    type: int
    default: 900
  repeat:
    description: Seconds after which the playbook runs although nothing is new.
    type: int
    default: 86400
  timeout:
    description: The most seconds that the playbook may take.
    type: int
    default: 14400
  silence:
    description: After this many seconds without a byte a server counts as gone.
    type: int
    default: 60
  backoff_first:
    description: Seconds to wait after a failure, doubled with each one that follows.
    type: int
    default: 600
  backoff_most:
    description: The most seconds to wait.
    type: int
    default: 86400
attributes:
  check_mode:
    support: full
    description: Says the same as a run would.
  diff_mode:
    support: full
    description: Shows the files and the units, and what is enabled or removed.
seealso:
  - module: dnn_watch
  - module: dnn_depot
author: dnnready maintainers (@dnnready)
"""

EXAMPLES = r"""
- name: Pull from a repository
  dnn_pull:
    prefix: /opt/dnnready
    source: https://git.example.net/fleet/dnnready.git
    branch: production
    signers:
      - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOK3Pyt2t7ZVZKmnEfOm1dFxBSZZrU3V5C0cX0hdjfRT release 2026
    ansible: /opt/dnnready/pull/stacks/ansible/releases/3f2a9c1d5e7b8a60
    variables: {dnnready_stacks: [onednn]}

- name: Pull from a depot, four times a day
  dnn_pull:
    prefix: /opt/dnnready
    source: depot
    depot: https://depot.example.net/dnnready
    depot_signers:
      - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOK3Pyt2t7ZVZKmnEfOm1dFxBSZZrU3V5C0cX0hdjfRT depot 2026
    ansible: /opt/dnnready/pull/stacks/ansible/releases/3f2a9c1d5e7b8a60
    calendar: "00/6:00"

- name: Pull no more
  dnn_pull:
    prefix: /opt/dnnready
    state: absent
"""

RETURN = r"""
units:
  description: The files that are written or removed, those of the units and those below C(<prefix>/pull).
  returned: success
  type: list
  elements: str
  sample: [/etc/systemd/system/dnnready-pull.service, /etc/systemd/system/dnnready-pull.timer]
running:
  description: Whether systemd runs, so that the timer waits for its next time.
  returned: success
  type: bool
  sample: true
cpu_seconds:
  description: CPU seconds that the module took on the host.
  returned: always
  type: float
  sample: 0.09
"""

import os
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dnnready.errors import DnnreadyError
from ansible.module_utils.dnnready.pull.settings import Settings
from ansible.module_utils.dnnready.pull.setup import Wanted, plan
from ansible.module_utils.dnnready.pull.units import Schedule
from ansible.module_utils.dnnready.watch.placed import told
from ansible.module_utils.dnnready_module import conclude

_TEXTS = {"source": "", "branch": "", "depot": "", "project": "dnnready", "inventory": "", "playbook": "site.yml"}
_LISTS = ("signers", "revoked", "depot_signers", "depot_revoked")
_SECONDS = {"repeat": 86400, "timeout": 14400, "silence": 60, "backoff_first": 600, "backoff_most": 86400}


def main() -> None:
    """Look, and act where it is no check."""
    texts = {**_TEXTS, "host": "localhost", "deploy_key": "", "calendar": "hourly"}
    module = AnsibleModule(
        argument_spec={
            "prefix": {"type": "path", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "ansible": {"type": "path", "default": ""},
            "variables": {"type": "dict", "default": {}},
            "random_delay": {"type": "int", "default": 900},
            # A path, no secret: no_log would hide it from the diff.
            **{name: {"type": "str", "default": default, "no_log": False} for name, default in texts.items()},
            **{name: {"type": "list", "elements": "str", "default": []} for name in (*_LISTS, "groups", "known_hosts")},
            **{name: {"type": "int", "default": default} for name, default in _SECONDS.items()},
        },
        required_if=[("state", "present", ("source", "ansible"))],
        supports_check_mode=True,
    )
    conclude(module, lambda: work(module))


def work(module: AnsibleModule) -> dict[str, Any]:
    """Decide, then act."""
    asked = module.params
    if not os.path.isabs(asked["prefix"]):
        raise DnnreadyError(f"prefix is the relative path '{asked['prefix']}'.", "Give it from / on.")
    settings = Settings(
        ansible=os.path.join(asked["ansible"], "venv"),
        host=asked["host"],
        deploy_key=asked["deploy_key"],
        **{name: asked[name] for name in (*_TEXTS, *_LISTS, *_SECONDS)},
    )
    wanted = Wanted(
        Path(asked["prefix"]),
        settings,
        groups=asked["groups"],
        variables=asked["variables"],
        known_hosts=asked["known_hosts"],
        schedule=Schedule(asked["calendar"], asked["random_delay"]),
    )
    found = plan(wanted, present=asked["state"] == "present")
    changed, diff = found.changed, found.setup.diff()
    if changed and not module.check_mode:
        found.apply()
    return {"changed": changed, "diff": diff, **told(found.setup)}


if __name__ == "__main__":
    main()
