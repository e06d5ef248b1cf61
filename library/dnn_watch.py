#!/usr/bin/python
"""Lets a timer of systemd look whether the stacks of dnnready still run as they were proven."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dnn_watch
short_description: Set up the check that runs on a host without a controller
version_added: 0.2.0
description:
  - Writes a hardened service and a timer that run C(dnnready watch), enables the timer and starts it.
  - Where systemd does not run, as in an image that is being built, the timer is enabled and starts at the first boot.
  - Notes what it makes in the prefix's C(footprint.json), for C(playbooks/remove.yml).
  - C(docs/monitoring.md) says what a check does, costs and writes.
options:
  prefix:
    description: The prefix of dnnready.
    type: path
    required: true
  scope:
    description: V(host) for the host's manager, V(user) for that of the connecting user, which must be running.
    type: str
    choices: [host, user]
    default: host
  state:
    description: V(absent) takes the units away, the metrics, and what checks remember.
    type: str
    choices: [present, absent]
    default: present
  stacks:
    description: The stacks to look at. Empty means all that the host has.
    type: list
    elements: str
    default: []
  calendar:
    description: When, as a calendar event of systemd.time(7).
    type: str
    default: hourly
  random_delay:
    description: The most seconds by which a device waits longer. It differs by device and stays the same on each.
    type: int
    default: 900
  proof_every:
    description: Seconds between convolutions where nothing differs.
    type: int
    default: 86400
  timeout:
    description: Seconds for each run of a framework, which has the lowest priority.
    type: int
    default: 600
  textfile_directory:
    description:
      - Where the metrics go. Empty means the directory of Debian's node_exporter,
        C(/var/lib/prometheus/node-exporter), where there is one at the time of a check. V(none) writes no metrics.
    type: str
    default: ""
  memory_max:
    description: C(MemoryMax) of the service, such as V(1G). Empty sets none.
    type: str
    default: ""
  fail_on_drift:
    description: Whether the service fails where something was found, and not only where the check itself fails.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Says the same as a run would.
  diff_mode:
    support: full
    description: Shows the units, and what is enabled or removed.
seealso:
  - module: dnn_diagnose
author: dnnready maintainers (@dnnready)
"""

EXAMPLES = r"""
- name: Look every hour
  dnn_watch:
    prefix: /opt/dnnready

- name: Look every quarter of an hour, convolve twice a day
  dnn_watch:
    prefix: /opt/dnnready
    calendar: "*:0/15"
    proof_every: 43200

- name: Look no more
  dnn_watch:
    prefix: /opt/dnnready
    state: absent
"""

RETURN = r"""
units:
  description: The files of the units.
  returned: success
  type: list
  elements: str
  sample: [/etc/systemd/system/dnnready-watch.service, /etc/systemd/system/dnnready-watch.timer]
running:
  description: Whether systemd runs, so that the timer waits for its next time.
  returned: success
  type: bool
  sample: true
warnings:
  description: In scope V(user), that the timer ends with the last session, where that is so.
  returned: where there is one
  type: list
  elements: str
  sample: ["The timer of ada ends with the last session. Have root run: loginctl enable-linger ada"]
cpu_seconds:
  description: CPU seconds that the module took on the host.
  returned: always
  type: float
  sample: 0.08
"""

import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dnnready.errors import DnnreadyError
from ansible.module_utils.dnnready.watch.placed import told
from ansible.module_utils.dnnready.watch.setup import plan
from ansible.module_utils.dnnready.watch.units import Settings
from ansible.module_utils.dnnready_module import conclude

_CHOSEN = (
    *("prefix", "stacks", "calendar", "random_delay", "proof_every", "timeout"),
    *("textfile_directory", "memory_max", "fail_on_drift"),
)


def main() -> None:
    """Look, and act where it is no check."""
    module = AnsibleModule(
        argument_spec={
            "prefix": {"type": "path", "required": True},
            "scope": {"type": "str", "choices": ["host", "user"], "default": "host"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "stacks": {"type": "list", "elements": "str", "default": []},
            "calendar": {"type": "str", "default": "hourly"},
            "random_delay": {"type": "int", "default": 900},
            "proof_every": {"type": "int", "default": 86400},
            "timeout": {"type": "int", "default": 600},
            "textfile_directory": {"type": "str", "default": ""},
            "memory_max": {"type": "str", "default": ""},
            "fail_on_drift": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    asked = module.params

    def work() -> dict[str, Any]:
        if not os.path.isabs(asked["prefix"]):
            raise DnnreadyError(f"prefix is the relative path '{asked['prefix']}'.", "Give it from / on.")
        settings = Settings(user=asked["scope"] == "user", **{name: asked[name] for name in _CHOSEN})
        setup = plan(settings, present=asked["state"] == "present")
        changed, diff = setup.changed, setup.diff()
        if changed and not module.check_mode:
            setup.apply()
        return {"changed": changed, "diff": diff, **told(setup)}

    conclude(module, work)


if __name__ == "__main__":
    main()
