#!/usr/bin/python
"""Collects what somebody needs who cannot log in to the host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dnn_bundle
short_description: Collect a support bundle of a host
version_added: 0.2.0
description:
  - Collects facts, documents of the stacks, lines of the system's logs, the loader's trace and the verbose output of
    one convolution of each stack, lists of packages and digests of libraries into one C(.tar.gz) with an C(index.json)
    (C(docs/schema/bundle-1.json)). What is in it and what never is, is told in C(docs/logs.md).
  - Secrets are taken out before anything is written. Of variables outside the catalogue only the names are shown.
  - Whatever cannot be read is a line of RV(left_out), also where it needs root; nothing of that makes the module fail.
  - Writes nothing on the host but the archive, with mode 0600. The role C(logs) fetches it and removes it.
options:
  prefix:
    description: Where dnnready keeps its stacks, C(host.target) of M(dnn_host_info).
    type: path
    required: true
  stacks:
    description: Names of stacks. Empty means all that the prefix holds.
    type: list
    elements: str
    default: []
  units:
    description: systemd services whose properties, journal and main process are added.
    type: list
    elements: str
    default: []
  python:
    description:
      - An interpreter outside of dnnready whose PyTorch or TensorFlow runs a convolution as well, with the catalogue's
        variables of the first service in O(units) that runs.
      - Code of that environment is run as the user that the module runs as.
    type: str
    default: ""
  host:
    description: The host document of M(dnn_host_info). By default the module reads the host itself.
    type: dict
    default: {}
  days:
    description: How far back lines of logs are taken.
    type: float
    default: 7
  max_bytes:
    description: The most bytes of all members together, before compression; at least 1048576. The archive is smaller.
    type: int
    default: 20971520
  timeout:
    description: The most seconds that it may take. What then is missing is left out.
    type: float
    default: 300
  directory:
    description: Where the archive is written. By default the system's directory for temporary files.
    type: path
attributes:
  check_mode:
    support: full
    description: Runs nothing and writes nothing; RV(planned) says what would be collected.
  diff_mode:
    support: none
    description: There is no file that would be changed.
seealso:
  - module: dnn_host_info
  - module: dnn_diagnose
author: dnnready maintainers (@dnnready)
"""

EXAMPLES = r"""
- name: Collect everything about the stacks of a host
  dnn_bundle:
    prefix: /opt/dnnready
  register: bundle

- name: Fetch it
  ansible.builtin.fetch:
    src: "{{ bundle.path }}"
    dest: "logs/{{ inventory_hostname }}.tar.gz"
    flat: true

- name: Remove it from the host
  ansible.builtin.file:
    path: "{{ bundle.path }}"
    state: absent

- name: Say what a bundle about a service and its own environment would hold
  dnn_bundle:
    prefix: /opt/dnnready
    stacks: [pytorch]
    units: [camera.service]
    python: /srv/camera/venv/bin/python
    max_bytes: 5000000
    timeout: 120
  check_mode: true
"""

RETURN = r"""
path:
  description: The archive on the host; empty in check mode.
  returned: success
  type: str
  sample: /tmp/dnnready-logs-k2v9x0.tar.gz
size:
  description: Its bytes.
  returned: success
  type: int
  sample: 142388
created:
  description: When it was begun, UTC.
  returned: success
  type: str
  sample: "2026-01-31T12:00:00Z"
planned:
  description: What was asked for, in the order in which it is collected.
  returned: success
  type: list
  elements: str
  sample: [facts of the host, lines of the system log, convolutions of stack pytorch]
members:
  description: What is in it, as in C(index.json).
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: Its place in the archive.
      type: str
    bytes:
      description: Its size.
      type: int
    truncated:
      description: Whether the source has more.
      type: bool
    what:
      description: What it is.
      type: str
    source:
      description: Where it comes from.
      type: str
    seconds:
      description: How long that took.
      type: float
  sample:
    - {path: host.json, bytes: 5540, truncated: false, what: facts of the host, source: dnn_host_info, seconds: 0.4}
left_out:
  description: What is missing, and why.
  returned: success
  type: list
  elements: dict
  contains:
    what:
      description: What it is.
      type: str
    why:
      description: Why it is not there.
      type: str
  sample:
    - {what: "system log: journal", why: No journal files were found.}
cpu_seconds:
  description: CPU seconds that the module and its children took.
  returned: success
  type: float
  sample: 5.8
"""

import os
import tempfile
from collections.abc import Callable
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dnnready.bundle.collect import Request, plan
from ansible.module_utils.dnnready.diagnosis.cases import Asked, diagnose
from ansible.module_utils.dnnready.diagnosis.probe import Case
from ansible.module_utils.dnnready.errors import DnnreadyError
from ansible.module_utils.dnnready_module import conclude

#: Seconds for one run of a framework.
_PATIENCE = 60.0


def write(data: bytes, directory: str) -> str:
    """Write the archive for its owner alone; its path."""
    try:
        descriptor, path = tempfile.mkstemp(prefix="dnnready-logs-", suffix=".tar.gz", dir=directory or None)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
        except OSError:
            os.unlink(path)
            raise
    except OSError as error:
        place = directory or tempfile.gettempdir()
        raise DnnreadyError(
            f"Cannot write the bundle of {len(data)} bytes in {place}: {error.strerror or error}.",
            "Name another directory.",
        ) from error
    return path


def findings(prefix: str) -> Callable[[Case], list[dict[str, Any]]]:
    """The live diagnosis of what the bundle is about."""

    def look(case: Case) -> list[dict[str, Any]]:
        target = case.target
        if target.own:
            return diagnose(Asked(prefix=prefix, stacks=(target.stack,), host=case.host, timeout=_PATIENCE))
        return diagnose(Asked(python=target.python, frameworks=target.frameworks, host=case.host, timeout=_PATIENCE))

    return look


def work(module: AnsibleModule) -> dict[str, Any]:
    """Collect, unless this is a check."""
    params = dict(module.params)
    directory = params.pop("directory") or ""
    bundle, parts = plan(Request(**params, findings=findings(params["prefix"])))
    path, data = "", b""
    if not module.check_mode:
        for part in parts:
            bundle.part(part.what, part.fill, part.longest)
        data = bundle.archive()
        path = write(data, directory)
    index = bundle.index()
    return {
        "changed": True,
        "path": path,
        "size": len(data),
        "created": index["created"],
        "planned": [part.what for part in parts],
        "members": index["members"],
        "left_out": index["left_out"],
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec={
            "prefix": {"type": "path", "required": True},
            "stacks": {"type": "list", "elements": "str", "default": []},
            "units": {"type": "list", "elements": "str", "default": []},
            "python": {"type": "str", "default": ""},
            "host": {"type": "dict", "default": {}},
            "days": {"type": "float", "default": 7},
            "max_bytes": {"type": "int", "default": 20 << 20},
            "timeout": {"type": "float", "default": 300},
            "directory": {"type": "path"},
        },
        supports_check_mode=True,
    )
    conclude(module, lambda: work(module))


if __name__ == "__main__":
    main()
