#!/usr/bin/python
"""Takes stacks, or everything of dnnready, away from a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dnn_removal
short_description: Remove stacks, or everything that dnnready made on a host
version_added: 0.2.0
description:
  - Takes away the files for login shells and services, the stacks, the packages that dnnready installed, the program,
    the depot's files, the fact file, and the directories that were made for them and are empty then.
  - Goes by C(<prefix>/footprint.json), which says what was made outside the prefix, and by the marks in the files.
  - A package goes only if nothing else goes with it. One that other packages need by now, or that was marked as
    manually installed since, stays and is named in RV(kept).
  - What dnnready did not make is left where it is, and named. Inside a release everything is dnnready's.
  - A run that is cut is ended by the next one. Where nothing is left, nothing is done.
options:
  prefix:
    description: The prefix of dnnready.
    type: path
    required: true
  stacks:
    description:
      - Remove these stacks only, with their files for login shells and services. The program and the packages stay.
      - Empty, or all stacks that are there, means everything.
    type: list
    elements: str
    default: []
  packages:
    description: Whether packages that dnnready installed go too.
    type: bool
    default: true
  packages_timeout:
    description: The longest that removing packages may take, in seconds.
    type: int
    default: 1800
  running:
    description: Remove also while processes run from what goes. They are named otherwise, and nothing is removed.
    type: bool
    default: false
  facts_directory:
    description: Where C(dnnready.fact) lies. Empty means C(<prefix>/facts.d).
    type: path
    default: ""
  login_directory:
    description: Where files with dnnready's mark go even where the footprint does not name them. Empty for nowhere.
    type: path
    default: ""
  systemd_directory:
    description: The same for drop-ins of services.
    type: path
    default: ""
attributes:
  check_mode:
    support: full
    description: Says what would go and what would stay.
  diff_mode:
    support: full
    description: Shows the files for shells and services, and a list of the rest.
seealso:
  - module: dnn_packages
  - module: dnn_environment
author: dnnready maintainers (@dnnready)
"""

EXAMPLES = r"""
- name: Everything
  dnn_removal:
    prefix: /opt/dnnready
    facts_directory: /etc/ansible/facts.d
    login_directory: /etc/profile.d
    systemd_directory: /etc/systemd/system

- name: TensorFlow alone
  dnn_removal:
    prefix: /opt/dnnready
    facts_directory: /etc/ansible/facts.d
    stacks: [tensorflow]
"""

RETURN = r"""
removed:
  description: What went, or in check mode would go, in words.
  returned: success
  type: list
  elements: str
  sample: [stack onednn, /opt/dnnready/bin/dnnready, package libgomp1, /opt/dnnready]
kept:
  description: What stays although dnnready made it, or lies in its prefix.
  returned: success
  type: list
  elements: dict
  contains:
    what:
      description: A path, or a package.
      type: str
      sample: package libgomp1
    why:
      description: Why it stays.
      type: str
      sample: "other packages need it: ffmpeg"
running:
  description: Processes that run from what went.
  returned: success
  type: list
  elements: str
  sample: []
cpu_seconds:
  description: CPU seconds that the module took on the host.
  returned: always
  type: float
  sample: 0.3
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dnnready.removal.act import act, check
from ansible.module_utils.dnnready.removal.decide import Request, decide
from ansible.module_utils.dnnready_module import conclude


def main() -> None:
    """Decide, then act."""
    module = AnsibleModule(
        argument_spec={
            "prefix": {"type": "path", "required": True},
            "stacks": {"type": "list", "elements": "str", "default": []},
            "packages": {"type": "bool", "default": True},
            "packages_timeout": {"type": "int", "default": 1800},
            "running": {"type": "bool", "default": False},
            "facts_directory": {"type": "path", "default": ""},
            "login_directory": {"type": "path", "default": ""},
            "systemd_directory": {"type": "path", "default": ""},
        },
        supports_check_mode=True,
    )

    def work() -> dict[str, Any]:
        request = Request(**{**module.params, "stacks": tuple(module.params["stacks"])})
        decision = decide(request)
        check(decision, request)
        if decision.changed and not module.check_mode:
            act(decision, request)
        listed = {
            "before_header": request.prefix,
            "before": "".join(f"{line}\n" for line in decision.lines),
            "after_header": f"{request.prefix} (removed)",
            "after": "",
        }
        differences = [change.diff() for change in decision.environment]
        return {
            "changed": decision.changed,
            "removed": [*(change.path for change in decision.environment), *decision.lines],
            "kept": [{"what": what, "why": why} for what, why in decision.kept],
            "running": list(decision.running),
            "diff": [*differences, *([listed] if decision.lines else [])],
        }

    conclude(module, work)


if __name__ == "__main__":
    main()
