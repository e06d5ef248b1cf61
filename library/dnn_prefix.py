#!/usr/bin/python
"""Makes the prefix of dnnready, and notes what had to be made for it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dnn_prefix
short_description: Make the prefix of dnnready
version_added: 0.2.0
description:
  - Makes the directory that everything of dnnready lies in, and notes in its C(footprint.json) which directories above
    it were missing, so that C(playbooks/remove.yml) takes away these and no others.
  - The note and the directories appear at once, by one rename(2).
options:
  path:
    description: The prefix.
    type: path
    required: true
  directories:
    description: Directories below it that are made too, as relative paths.
    type: list
    elements: str
    default: []
  noted:
    description:
      - Directories elsewhere that what follows may make, such as C(~/.ansible_async) of Ansible itself. Where they are
        missing they are noted, and a removal takes them away where they are empty.
    type: list
    elements: path
    default: []
attributes:
  check_mode:
    support: full
    description: Says which directories would be made.
  diff_mode:
    support: full
    description: Shows them.
seealso:
  - module: dnn_removal
author: dnnready maintainers (@dnnready)
"""

EXAMPLES = r"""
- name: A place for the program
  dnn_prefix:
    path: /opt/dnnready
    directories: [bin]
    noted: [~/.ansible_async]
"""

RETURN = r"""
made:
  description: The directories that were missing, the outermost first.
  returned: success
  type: list
  elements: str
  sample: [/opt/dnnready, /opt/dnnready/bin]
cpu_seconds:
  description: CPU seconds that the module took on the host.
  returned: always
  type: float
  sample: 0.05
"""

import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dnnready import footprint
from ansible.module_utils.dnnready.errors import DnnreadyError
from ansible.module_utils.dnnready_module import conclude


def main() -> None:
    """Look what is missing, make it."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "directories": {"type": "list", "elements": "str", "default": []},
            "noted": {"type": "list", "elements": "path", "default": []},
        },
        supports_check_mode=True,
    )
    path, below = module.params["path"], module.params["directories"]

    def work() -> dict[str, Any]:
        places = [os.path.normpath(os.path.join(path, name)) for name in below]
        strays = [place for place in places if not place.startswith(f"{path}/")]
        if not path.startswith("/") or strays:
            raise DnnreadyError(f"{strays[0] if strays else path} is not a place for dnnready.", "Give path from / on.")
        missing = [one for place in (path, *places) for one in footprint.missing_directories(place)]
        made = list(dict.fromkeys(missing))
        if made and not module.check_mode:
            footprint.make(path, below)
            footprint.note(path, directories=[one for one in module.params["noted"] if not os.path.lexists(one)])
        diff = {"before_header": "directories", "before": "", "after_header": "directories", "after": "\n".join(made)}
        return {"changed": bool(made), "made": made, "diff": diff}

    conclude(module, work)


if __name__ == "__main__":
    main()
