#!/usr/bin/python
"""Installs the distribution packages that a stack needs and the host lacks."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dnn_packages
short_description: Install missing Debian packages, from apt's sources or from a depot without a network
version_added: 0.2.0
description:
  - Asks dpkg first. Where nothing is missing, apt is not started at all.
  - Installs without recommended packages, removes none, keeps configuration files as they are, and asks nothing.
  - Package lists are fetched where there are none, where they are older than an hour, or where apt does not know a
    package. A source that cannot be read matters only if a package is not found for it.
  - Repairs a dpkg that was interrupted, and says so. Waits for another package manager to end.
  - Notes every package that comes new, dependencies too, in C(<prefix>/footprint.json) before it is installed, so that
    C(playbooks/remove.yml) takes away these and no others.
options:
  packages:
    description: What shall be installed, each as C(name) or C(name=version).
    type: list
    elements: str
    required: true
  repository:
    description:
      - A directory with C(Packages) and the C(.deb) files, such as C(<prefix>/depot/apt/bookworm-amd64).
      - apt then knows this directory alone. Its own sources and lists are neither read nor changed.
      - Empty means apt's own sources.
    type: path
    default: ""
  prefix:
    description: The prefix of dnnready, whose footprint notes the packages. Empty for none.
    type: path
    default: ""
  stack:
    description: The stack that needs them, for the footprint.
    type: str
    default: ""
  lock_timeout:
    description: How long to wait for another package manager, in seconds.
    type: int
    default: 300
  timeout:
    description: The longest that one run of apt may take, in seconds.
    type: int
    default: 1800
attributes:
  check_mode:
    support: full
    description: Says what is missing, without apt. Dependencies are therefore not in it.
  diff_mode:
    support: full
    description: Shows the packages that come, with their versions where they are known.
seealso:
  - module: dnn_removal
author: dnnready maintainers (@dnnready)
"""

EXAMPLES = r"""
- name: The OpenMP runtime
  dnn_packages:
    packages: [libgomp1]
    prefix: /opt/dnnready
    stack: onednn

- name: oneDNN of Debian 12 on a device without a network
  dnn_packages:
    packages: [libdnnl2]
    repository: /opt/dnnready/depot/apt/bookworm-amd64
    prefix: /opt/dnnready
    stack: onednn
"""

RETURN = r"""
missing:
  description: What was asked for and not installed before.
  returned: success
  type: list
  elements: str
  sample: [libgomp1]
installed:
  description: All packages that are new, those that others needed too; empty in check mode.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The package.
      type: str
      sample: libgomp1
    version:
      description: Its version.
      type: str
      sample: 12.2.0-14+deb12u1
  sample: [{name: libgomp1, version: 12.2.0-14+deb12u1}]
repaired:
  description: Whether an interrupted dpkg was repaired first.
  returned: success
  type: bool
  sample: false
updated:
  description: Whether package lists were fetched.
  returned: success
  type: bool
  sample: true
cpu_seconds:
  description: CPU seconds that the module took on the host.
  returned: always
  type: float
  sample: 2.1
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dnnready.packages import dpkg
from ansible.module_utils.dnnready.packages.install import Outcome, Request, install, missing
from ansible.module_utils.dnnready_module import conclude


def main() -> None:
    """Look what is missing, install it."""
    module = AnsibleModule(
        argument_spec={
            "packages": {"type": "list", "elements": "str", "required": True},
            "repository": {"type": "path", "default": ""},
            "prefix": {"type": "path", "default": ""},
            "stack": {"type": "str", "default": ""},
            "lock_timeout": {"type": "int", "default": 300},
            "timeout": {"type": "int", "default": 1800},
        },
        supports_check_mode=True,
    )
    asked = module.params

    def work() -> dict[str, Any]:
        request = Request(**{**asked, "packages": tuple(dpkg.wanted(asked["packages"]))})
        outcome = Outcome([str(one) for one in missing(request)]) if module.check_mode else install(request)
        if outcome.repaired:
            module.warn("An earlier run of dpkg was interrupted; `dpkg --configure -a` ended it.")
        lines = [f"{one.name} {one.version}" for one in outcome.installed] or outcome.missing
        return {
            "changed": bool(outcome.missing) or outcome.repaired,
            "missing": outcome.missing,
            "installed": [{"name": one.name, "version": one.version} for one in outcome.installed],
            "repaired": outcome.repaired,
            "updated": outcome.updated,
            "diff": {
                "before_header": "packages",
                "before": "",
                "after_header": "packages",
                "after": "".join(f"{line}\n" for line in lines),
            },
        }

    conclude(module, work)


if __name__ == "__main__":
    main()
