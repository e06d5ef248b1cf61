#!/usr/bin/python
"""Writes checked environment variables for a release, login shells or systemd services."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dnn_environment
short_description: Set environment variables of DNN libraries and frameworks, checked before they are written
version_added: 0.1.0
description:
  - Writes environment variables into a release of dnnready, for login shells, or as drop-ins of systemd services.
  - Every value is checked against what the libraries really read, before anything is written. Some bad values hang
    a framework, some abort it, and most silently cost speed. All refused variables are named at once, with the reason.
  - Warns about variables that nothing in the stack reads, and about values that do not fit the host.
  - What is written means the same to C(sh), to the C(EnvironmentFile) of systemd and to C(docker run --env-file).
    A value that these would not all read the same is refused.
  - Writes files of its own alone, marked in their first line, and touches no others.
  - C(docs/environment-variables.md) lists the known variables. Any other variable is an application's own and passes.
options:
  scope:
    description:
      - V(release) writes C(environment) in the directory O(path), for C(dnnready run).
      - V(login) writes O(login_directory)C(/)O(name)C(.sh), for login shells of all users.
      - V(systemd) writes a drop-in O(name)C(.conf) for each of O(units). A unit's own C(EnvironmentFile) still wins.
        Services see the variables when they start next.
    type: str
    choices: [release, login, systemd]
    required: true
  path:
    description:
      - In scope V(release) the directory of the release.
      - In the other scopes a release whose variables are taken, usually its stack's C(current); O(variables) go over
        them. Paths inside the release are written through O(path) and follow a later switch.
    type: path
  name:
    description: Stem of the file's name in scopes V(login) and V(systemd); C(dnnready-STACK) by convention.
    type: str
    default: dnnready
  units:
    description:
      - Services that get a drop-in, such as V(camera.service) or V(worker@.service).
      - With O(state=absent) and none named, every drop-in of that name that this module wrote is removed.
    type: list
    elements: str
    default: []
  variables:
    description:
      - The variables. The files hold these and no others.
      - Whole numbers are written as they are, yes and no as the variable wants them (V(1) or V(true)), null leaves
        a variable out. Other types are refused, because YAML may have changed their spelling.
      - In scope V(release) C({release}) in a value stands for O(path).
    type: dict
    default: {}
  readers:
    description:
      - Who reads environment variables in what will run. Variables that none of them reads cause a warning.
      - Leave it empty where that is not known.
    type: list
    elements: str
    choices:
      [loader, glibc, libgomp, libiomp5, onednn, mkl, openblas, pytorch, tensorflow, jemalloc, tcmalloc]
    default: []
  host:
    description: The facts that M(dnn_host_info) returns as C(host), for checks against the cores, the CPU and glibc.
    type: dict
  state:
    description: Whether the files shall be there.
    type: str
    choices: [present, absent]
    default: present
  login_directory:
    description: Where login shells look for files.
    type: path
    default: /etc/profile.d
  systemd_directory:
    description: Where systemd looks for units of the administrator.
    type: path
    default: /etc/systemd/system
  prefix:
    description:
      - The prefix of dnnready, whose C(footprint.json) notes the files for C(playbooks/remove.yml). Empty for none.
    type: path
    default: ""
attributes:
  check_mode:
    support: full
    description: Says the same as a run would. A library of C(LD_PRELOAD) that is missing is only a warning here.
  diff_mode:
    support: full
    description: Shows the text of each file before and after.
seealso:
  - module: dnn_host_info
author: dnnready maintainers (@dnnready)
"""

EXAMPLES = r"""
- name: Read the host
  dnn_host_info:
  register: dnn

- name: Two threads of PyTorch for the camera service
  dnn_environment:
    scope: systemd
    name: dnnready-pytorch
    units: [camera.service]
    variables:
      OMP_NUM_THREADS: 2
      ONEDNN_DEFAULT_FPMATH_MODE: bf16
    readers: [libgomp, onednn, mkl, pytorch]
    host: "{{ dnn.host }}"

- name: Run the camera service with what PyTorch was proven with
  dnn_environment:
    scope: systemd
    name: dnnready-pytorch
    units: [camera.service]
    path: /opt/dnnready/stacks/pytorch/current

- name: Let TensorFlow use oneDNN in login shells
  dnn_environment:
    scope: login
    name: dnnready-tensorflow
    variables:
      TF_ENABLE_ONEDNN_OPTS: true

- name: Take the drop-ins away from all services
  dnn_environment:
    scope: systemd
    name: dnnready-pytorch
    state: absent
"""

RETURN = r"""
variables:
  description: The variables as they were written.
  returned: success
  type: dict
  sample: {OMP_NUM_THREADS: "2", ONEDNN_DEFAULT_FPMATH_MODE: bf16}
findings:
  description: What is worth knowing about them. Findings of level C(warning) are shown as warnings too.
  returned: success
  type: list
  elements: dict
  contains:
    level:
      description: C(warning) or C(note).
      type: str
      sample: warning
    code:
      description: A stable name of the kind of finding.
      type: str
      sample: unread
    variable:
      description: The variable.
      type: str
      sample: KMP_AFFINITY
    value:
      description: Its value.
      type: str
      sample: compact
    text:
      description: What is the matter.
      type: str
      sample: Nothing in this stack reads KMP_AFFINITY; libiomp5 (Intel's and LLVM's OpenMP) would.
    remedy:
      description: What to do about it.
      type: str
      sample: libgomp takes OMP_PLACES and OMP_PROC_BIND.
files:
  description: The files that were looked at.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: Where.
      type: str
      sample: /etc/systemd/system/camera.service.d/dnnready-pytorch.conf
    changed:
      description: Whether it was, or in check mode would be, written or removed.
      type: bool
      sample: true
reloaded:
  description: Whether systemd was told to read its units anew.
  returned: success
  type: bool
  sample: true
cpu_seconds:
  description: CPU seconds that the module took on the host.
  returned: always
  type: float
  sample: 0.1
"""

import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dnnready import footprint
from ansible.module_utils.dnnready.environment import places
from ansible.module_utils.dnnready.environment.inherit import inherited
from ansible.module_utils.dnnready.environment.prepare import Prepared, prepare
from ansible.module_utils.dnnready.environment.variable import READERS
from ansible.module_utils.dnnready.errors import DnnreadyError
from ansible.module_utils.dnnready_module import conclude


def looked_at(asked: dict[str, Any], prepared: Prepared) -> list[places.Change]:
    """The files of the scope, as they are and as they shall be."""
    variables = prepared.variables if asked["state"] == "present" else None
    if asked["scope"] == "release":
        return places.release_changes(asked["path"], variables)
    if asked["scope"] == "login":
        return places.login_changes(asked["login_directory"], asked["name"], variables)
    return places.systemd_changes(asked["systemd_directory"], asked["name"], asked["units"], variables)


def note(prefix: str, changes: list[places.Change]) -> None:
    """Say in the footprint what is about to be written, and which directories come with it."""
    written = [change for change in changes if change.changed and change.after is not None]
    directories = [path for change in written for path in footprint.missing_directories(os.path.dirname(change.path))]
    footprint.note(prefix, files=[change.path for change in written], directories=directories)


def main() -> None:
    """Check, compare, write."""
    module = AnsibleModule(
        argument_spec={
            "scope": {"type": "str", "choices": ["release", "login", "systemd"], "required": True},
            "path": {"type": "path"},
            "name": {"type": "str", "default": "dnnready"},
            "units": {"type": "list", "elements": "str", "default": []},
            "variables": {"type": "dict", "default": {}},
            "readers": {"type": "list", "elements": "str", "choices": list(READERS), "default": []},
            "host": {"type": "dict"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "login_directory": {"type": "path", "default": "/etc/profile.d"},
            "systemd_directory": {"type": "path", "default": "/etc/systemd/system"},
            "prefix": {"type": "path", "default": ""},
        },
        required_if=[("scope", "release", ["path"])],
        supports_check_mode=True,
    )
    asked = module.params

    def work() -> dict[str, Any]:
        release = asked["path"] if asked["scope"] == "release" else ""
        if release and not release.startswith("/"):
            raise DnnreadyError(f"path is the relative path '{release}'.", "Give the release's directory from / on.")
        prepared = Prepared({}, [])
        if asked["state"] == "present":
            base = inherited(asked["path"]) if asked["path"] and asked["scope"] != "release" else {}
            prepared = prepare(
                {**base, **asked["variables"]},
                asked["readers"],
                asked["host"],
                scope=asked["scope"],
                release=release,
                rehearsal=module.check_mode,
            )
        changes = looked_at(asked, prepared)
        changed = any(change.changed for change in changes)
        reloaded = False
        if changed and not module.check_mode:
            if asked["prefix"]:
                note(asked["prefix"], changes)
            places.apply(changes)
            reloaded = asked["scope"] == "systemd" and places.reload_systemd()
        for finding in prepared.findings:
            if finding.level == "warning":
                module.warn(str(finding))
        return {
            "changed": changed,
            "variables": prepared.variables,
            "findings": [finding.as_dict() for finding in prepared.findings],
            "files": [{"path": change.path, "changed": change.changed} for change in changes],
            "reloaded": reloaded,
            "diff": [change.diff() for change in changes if change.changed],
        }

    conclude(module, work)


if __name__ == "__main__":
    main()
