#!/usr/bin/python
"""Reads what a host has stored about its stacks, and what it runs on; proves nothing."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dnn_fleet_info
short_description: Read what a host has stored about its stacks
version_added: 0.1.0
description:
  - Reads the hardware, and of each stack below the prefix the current release, its manifest and its proof, in one cheap
    call.
  - Says whether each proof still holds, which compares the loaded files with those of the moment of the proof. No
    framework is started and nothing is proven.
  - Changes nothing. It is what C(playbooks/report.yml) asks each host for.
options:
  prefix:
    description:
      - The prefix of dnnready on the host. It need not exist.
      - Empty for the place that belongs to O(scope), C(/opt/dnnready) or C(dnnready) in the user's data directory.
    type: path
    default: ""
  scope:
    description: Whether dnnready is installed for the host or for the connecting user.
    type: str
    choices: [host, user]
    default: host
attributes:
  check_mode:
    support: full
    description: Reads the same.
  diff_mode:
    support: none
    description: There is never a change to show.
author: dnnready maintainers (@dnnready)
"""

EXAMPLES = r"""
- name: Read what is stored
  dnn_fleet_info:
  register: dnn

- name: Say of which hardware class the host is
  ansible.builtin.debug:
    msg: "{{ dnn.stored.hardware.class.name }}"
"""

RETURN = r"""
stored:
  description: What is stored on the host.
  returned: always
  type: dict
  contains:
    prefix:
      description: The prefix of dnnready.
      type: str
      sample: /opt/dnnready
    hardware:
      description: C(cpu), C(cores), C(memory), C(os) and C(libc) of the host document, and the hardware class.
      type: dict
      sample:
        class: {id: 63b776792263, name: "Intel Xeon, avx512_core_amx, 2 cores, 24 GiB", certain: true}
    stacks:
      description: What is stored of each stack, by name.
      type: list
      elements: dict
      contains:
        stack:
          description: Its name.
          type: str
          sample: pytorch
        release:
          description: Id of the current release, empty where none is current.
          type: str
          sample: 8473c08723073fb9
        previous:
          description: Id of the release before it, empty where there is none.
          type: str
          sample: ""
        releases:
          description: How many releases are on the disk.
          type: int
          sample: 1
        since:
          description: When the release became current, UTC; empty where none is.
          type: str
          sample: "2026-01-31T12:00:00Z"
        holds:
          description: Whether the proof still speaks of this release on this machine.
          type: bool
          sample: true
        why:
          description: Why it does not; empty where it does.
          type: str
          sample: ""
        switching:
          description: Whether a switch to another release was cut and is not final.
          type: bool
          sample: false
        rejected:
          description: Releases that were switched to and had to go back, with C(release), C(when) and C(why).
          type: list
          elements: dict
          sample: []
        distributions:
          description: How many distributions are installed in the release.
          type: int
          sample: 11
        bytes:
          description: Size of the release on the disk; null where unknown.
          type: int
          sample: 163797529
        proof:
          description: The proof without what only the next look on this host needs; null where there is none.
          type: dict
          sample: {verdict: accelerated, created: "2026-01-31T12:00:00Z"}
cpu_seconds:
  description: CPU seconds that the module took on the host.
  returned: always
  type: float
  sample: 0.1
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dnnready.report.fleet_host import stored
from ansible.module_utils.dnnready_module import conclude


def main() -> None:
    """Read what is stored."""
    module = AnsibleModule(
        argument_spec={
            "prefix": {"type": "path", "default": ""},
            "scope": {"type": "str", "choices": ["host", "user"], "default": "host"},
        },
        supports_check_mode=True,
    )
    asked = module.params

    def work() -> dict[str, Any]:
        return {"changed": False, "stored": stored(asked["prefix"], asked["scope"])}

    conclude(module, work)


if __name__ == "__main__":
    main()
