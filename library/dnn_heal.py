#!/usr/bin/python
"""Mends what a diagnosis finds, proves it, and takes back what did not help."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dnn_heal
short_description: Mend what keeps conv2d from the DNN library, and prove it
version_added: 0.1.0
description:
  - Diagnoses as M(dnn_diagnose) does, and mends what is safe to mend. A release is built again from its lock, its
    variables are written as they were proven, packages of the distribution are installed, files are made readable,
    C(current) is pointed at a release that proves itself.
  - After each act the convolution is proven again. Where all acts together do not bring the proof, they are taken back.
  - What it must not do by itself is returned as one exact command each.
  - One healing at a time runs on a host. Each is a line in C(<prefix>/heal.log).
options:
  prefix:
    description: Where dnnready's stacks are. Needed unless O(target_python), O(target_unit) or O(target_pid) is given.
    type: path
  stacks:
    description: The stacks to heal; all that are installed where empty.
    type: list
    elements: str
    default: []
  target_python:
    description: The interpreter of an environment of the user's own, instead of stacks. See M(dnn_diagnose).
    type: str
    default: ""
  target_unit:
    description: A systemd service, instead of stacks.
    type: str
    default: ""
  target_pid:
    description: A running process, instead of stacks.
    type: int
    default: 0
  frameworks:
    description: The frameworks of that environment; those that are installed where empty.
    type: list
    elements: str
    choices: [onednn, mkl, pytorch, tensorflow]
    default: []
  directory:
    description: Where the program of O(target_python) starts.
    type: str
    default: ""
  program:
    description: The script of O(target_python). Variables that it sets wrongly or too late are found.
    type: str
    default: ""
  environment:
    description: Variables that the program of O(target_python) gets beside those of a login shell.
    type: dict
    default: {}
  foreign:
    description:
      - Whether what belongs to the user may be changed. That is packages in O(target_python) by pip, a line of a
        shell's start-up file that sets a wrong variable, a drop-in of O(target_unit) that takes a variable away.
      - A service is never restarted.
    type: bool
    default: false
  sources:
    description:
      - "By stack, where its wheels come from: C(requirements), the text of its lock, and C(index_url)."
      - What is not given is read from the release itself.
    type: dict
    default: {}
  facts_directory:
    description: Where C(dnnready.fact) is, as for M(dnn_release).
    type: path
    default: ""
  host:
    description: The host, as M(dnn_host_info) returned it; read where empty.
    type: dict
    default: {}
  timeout:
    description: The longest that one run of a framework may take, in seconds.
    type: float
    default: 120
attributes:
  check_mode:
    support: full
    description: Says what would be done first, and does nothing.
  diff_mode:
    support: full
    description: Shows verdict and causes before and after.
seealso:
  - module: dnn_diagnose
  - module: conv2d_verify
author: dnnready maintainers (@dnnready)
"""

EXAMPLES = r"""
- name: Mend the stacks of this host
  dnn_heal:
    prefix: /opt/dnnready
    facts_directory: /etc/ansible/facts.d
  register: healing

- name: Say what is left to do
  ansible.builtin.debug:
    msg: "{{ healing.text.splitlines() }}"

- name: Mend an environment of my own
  dnn_heal:
    target_python: /srv/camera/venv/bin/python
    foreign: true
  when: false # in your own environment
"""

RETURN = r"""
heals:
  description: A document for each target, C(docs/schema/heal-1.json).
  returned: always
  type: list
  elements: dict
  contains:
    target:
      description: What was looked at.
      type: dict
      sample: {kind: stack, name: onednn}
    before:
      description: Verdict and findings before.
      type: dict
      sample: {verdict: broken, healthy: false, findings: [{cause: dnn_library_missing}]}
    actions:
      description: Done or left to do. C(outcome) is healed, undone, failed, advised, or, in check mode, would.
      type: list
      elements: dict
      sample: [{cause: dnn_library_missing, kind: release, command: build the release again, outcome: healed}]
    after:
      description: Verdict and findings afterwards.
      type: dict
      sample: {verdict: accelerated, healthy: true, findings: []}
    healed:
      description: Whether something was changed and the proof came.
      type: bool
      sample: true
    healthy:
      description: Whether nothing is left to do.
      type: bool
      sample: true
text:
  description: The same for people.
  returned: always
  type: str
  sample: "onednn: broken, dnn_library_missing -> accelerated"
healthy:
  description: Whether nothing is left to do on any target.
  returned: always
  type: bool
  sample: true
cpu_seconds:
  description: CPU seconds that the module took on the host.
  returned: always
  type: float
  sample: 14.2
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dnnready.healing.deed import Sources
from ansible.module_utils.dnnready.healing.heal import Request, heal
from ansible.module_utils.dnnready.healing.told import text
from ansible.module_utils.dnnready_module import conclude
from ansible.module_utils.dnnready_targets import OPTIONS, asked


def main() -> None:
    """Heal."""
    module = AnsibleModule(
        argument_spec={
            **OPTIONS,
            "foreign": {"type": "bool", "default": False},
            "sources": {"type": "dict", "default": {}},
            "facts_directory": {"type": "path", "default": ""},
        },
        supports_check_mode=True,
    )
    given = module.params

    def work() -> dict[str, Any]:
        heals = heal(
            Request(
                asked(given),
                foreign=given["foreign"],
                look_only=module.check_mode,
                sources=Sources(given["sources"]),
                facts_directory=given["facts_directory"],
            )
        )
        return {
            "changed": any(act["outcome"] in ("healed", "would") for one in heals for act in one["actions"]),
            "heals": heals,
            "text": text(heals),
            "healthy": all(one["healthy"] for one in heals),
            "diff": [difference(one) for one in heals if one["healed"]],
        }

    conclude(module, work)


def difference(healing: dict[str, Any]) -> dict[str, str]:
    """What Ansible shows."""
    name = healing["target"]["name"]
    return {
        "before_header": name,
        "after_header": name,
        "before": side(healing["before"]),
        "after": side(healing["after"]),
    }


def side(state: dict[str, Any]) -> str:
    """Verdict and causes, a line each."""
    return "\n".join([state["verdict"], *(finding["cause"] for finding in state["findings"])]) + "\n"


if __name__ == "__main__":
    main()
