#!/usr/bin/python
"""Fetches from a depot what a host needs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dnn_depot_sync
short_description: Fetch from a depot what a host needs, checked
version_added: 0.2.0
description:
  - A depot is a directory with the wheels of locks and Debian packages, made by C(playbooks/depot.yml) and served by
    any web server, or carried on a stick. One run of this module brings everything that a host needs from it to
    C(<prefix>/depot).
  - Nothing counts that is not signed by one of O(signers), is expired, older than what the host accepted before, or
    does not have the SHA-256 of the signed manifest. See C(docs/depot-trust.md).
  - What is there already is not fetched again. What was cut is continued. No file has its name before it is whole.
options:
  source:
    description:
      - The depot, C(http://), C(https://), C(file://), or an absolute directory on the host.
      - User and password in a URL are sent to that server alone, and shown nowhere.
      - Proxies are those of the host's environment (C(https_proxy), C(no_proxy)).
    type: str
    required: true
  prefix:
    description: Files go to C(depot) below it, tools to C(tools).
    type: path
    required: true
  locks:
    description: The C(lock_sha256) of the release specs whose wheels are wanted.
    type: list
    elements: str
    default: []
  packages:
    description: Debian packages that are wanted. Only what the host lacks is fetched, with what that depends on.
    type: dict
    default: {}
    suboptions:
      codename:
        description: The release of the distribution, such as V(bookworm).
        type: str
        default: ""
      architecture:
        description: As dpkg calls it, such as V(amd64).
        type: str
        default: ""
      names:
        description: Names of packages. None means no packages.
        type: list
        elements: str
        default: []
  tools:
    description: Tools that are wanted. A depot without them is no error.
    type: list
    elements: str
    choices: [uv]
    default: []
  signers:
    description:
      - Who may sign the depot, as public keys (C(ssh-ed25519 AAAA... name)).
      - Or as lines of an C(allowed_signers) file of ssh-keygen with the identity C(dnnready-depot), for example with
        C(valid-before).
    type: list
    elements: str
    required: true
  revoked:
    description: Public keys that may no longer sign, whatever O(signers) says.
    type: list
    elements: str
    default: []
  now:
    description:
      - The time by a clock that can be relied on, in seconds since the epoch, as the controller's. What is expired is
        judged by it.
      - V(0) means the clock of the host.
    type: float
    default: 0.0
  prune:
    description:
      - Remove wheels that neither O(locks) nor any release on the host needs, packages that are not in the depot any
        more, and older versions of tools.
    type: bool
    default: true
  timeout:
    description: After this many seconds without a byte a server counts as gone. It is asked again a few times.
    type: int
    default: 60
attributes:
  check_mode:
    support: full
    description:
      - Fetches the manifest and its signature, and the list of packages where some are wanted, and says what a run
        would fetch and remove.
  diff_mode:
    support: full
    description: Shows the files of the depot that the host has, with their sizes.
notes:
  - Needs C(ssh-keygen) on the host, of the package C(openssh-client), and for O(packages) C(apt-get).
  - One run at a time works on a prefix; another one is told which process that is.
seealso:
  - module: dnn_release
author: dnnready maintainers (@dnnready)
"""

EXAMPLES = r"""
- name: Fetch the wheels of two stacks
  dnn_depot_sync:
    source: https://depot.example.net/dnnready
    prefix: /opt/dnnready
    locks: "{{ dnnready_plan.stacks.values() | map(attribute='spec.lock_sha256') | select | list }}"
    tools: [uv]
    signers:
      - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOK3Pyt2t7ZVZKmnEfOm1dFxBSZZrU3V5C0cX0hdjfRT depot 2026
    now: "{{ now().timestamp() }}"

- name: Fetch packages from a stick
  dnn_depot_sync:
    source: /media/depot
    prefix: /opt/dnnready
    packages:
      codename: bookworm
      architecture: amd64
      names: [python3-torch]
    signers: "{{ dnnready_depot_signers }}"
"""

RETURN = r"""
source:
  description: The depot, without user and password.
  returned: success
  type: str
  sample: https://depot.example.net/dnnready
serial:
  description: The serial of its manifest.
  returned: success
  type: int
  sample: 1790000000
created:
  description: When the manifest was made.
  returned: success
  type: str
  sample: "2026-09-21T14:13:20Z"
signer:
  description: The fingerprint of the key that signed it.
  returned: success
  type: str
  sample: SHA256:2VvlQf72D6vVHiiW7JIMWS+nQfiQWXrdeY98tdr0Jhg
fetched:
  description: The files that were fetched, in check mode those that would be.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: Below the depot.
      type: str
      sample: wheels/numpy-2.4.6-cp311-cp311-manylinux_2_27_x86_64.whl
    bytes:
      description: Its size.
      type: int
      sample: 16789012
bytes_fetched:
  description: All bytes that came, with manifest and repetitions; in check mode the sizes of RV(fetched).
  returned: success
  type: int
  sample: 16801234
requests:
  description: How often the depot was asked.
  returned: success
  type: int
  sample: 3
wheels:
  description: The directory of the wheels, for an installer's C(--find-links).
  returned: success
  type: str
  sample: /opt/dnnready/depot/wheels
repository:
  description: The flat apt repository, or empty where no packages are wanted.
  returned: success
  type: str
  sample: /opt/dnnready/depot/apt/bookworm-amd64
uv:
  description: The installer, or empty where it is not wanted or the depot does not have it.
  returned: success
  type: str
  sample: /opt/dnnready/tools/uv/0.13.9/uv
removed:
  description: What was removed, below the prefix.
  returned: success
  type: list
  elements: str
  sample: [depot/wheels/numpy-2.4.5-cp311-cp311-manylinux_2_27_x86_64.whl]
cpu_seconds:
  description: CPU seconds that the module took on the host.
  returned: always
  type: float
  sample: 0.2
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dnnready.depot.source import without_credentials
from ansible.module_utils.dnnready.depot.sync import Wish, sync
from ansible.module_utils.dnnready_module import conclude


def main() -> None:
    """Decide, then act."""
    strings: dict[str, Any] = {"type": "list", "elements": "str", "default": []}
    module = AnsibleModule(
        argument_spec={
            "source": {"type": "str", "required": True},
            "prefix": {"type": "path", "required": True},
            "locks": strings,
            "packages": {
                "type": "dict",
                "default": {},
                "options": {
                    "codename": {"type": "str", "default": ""},
                    "architecture": {"type": "str", "default": ""},
                    "names": strings,
                },
            },
            "tools": {**strings, "choices": ["uv"]},
            "signers": {"type": "list", "elements": "str", "required": True},
            "revoked": strings,
            "now": {"type": "float", "default": 0.0},
            "prune": {"type": "bool", "default": True},
            "timeout": {"type": "int", "default": 60},
        },
        supports_check_mode=True,
    )
    given = module.params
    source = given["source"]
    # The result shows all parameters.
    given["source"] = without_credentials(source)
    packages = given["packages"]
    wish = Wish(
        source=source,
        prefix=Path(given["prefix"]),
        locks=given["locks"],
        codename=packages.get("codename", ""),
        architecture=packages.get("architecture", ""),
        packages=packages.get("names", []),
        uv="uv" in given["tools"],
        signers=given["signers"],
        revoked=given["revoked"],
        now=given["now"],
        prune=given["prune"],
        silence=given["timeout"],
    )
    conclude(module, lambda: sync(wish, module.check_mode))


if __name__ == "__main__":
    main()
