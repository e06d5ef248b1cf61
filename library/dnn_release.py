#!/usr/bin/python
"""Builds, activates, looks at and removes releases of stacks."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dnn_release
short_description: Build releases of stacks, switch between them, remove them
version_added: 0.1.0
description:
  - A release is one immutable build of a stack in C(<prefix>/stacks/<stack>/releases/<id>). Its id is the digest of
    everything that made it, so a release that is there is never built again.
  - It is built at its final path and is either finished or not there. C(current) switches by rename(2), and only to a
    release with an accepted proof. On any failure C(current) stays as it was.
  - Wheels come from where pip is configured to look on the host (environment, pip.conf), and every file must match
    the hash in the lock.
  - One run at a time works on a stack; another one is told which process that is.
options:
  state:
    description:
      - V(looked) says what each of O(releases) still needs. It reads small files only and changes nothing.
      - V(installed) builds O(release).
      - V(active) makes O(release) current, writes the fact file and removes what O(keep) does not keep. The switch is
        final once the release is proven through C(current) and O(health_command), O(health_unit) and O(restart_units)
        are well; else everything is as it was, and C(rejected.json) in the release says why.
      - V(rolled_back) makes the previous release of O(stack), or O(to), current and proven again by the same switch.
      - V(absent) removes O(stack) with all its releases and its fact.
    type: str
    choices: [looked, installed, active, rolled_back, absent]
    required: true
  prefix:
    description: Where releases are kept.
    type: path
    required: true
  releases:
    description: The release specs of O(state=looked), as the plan makes them. See C(docs/architecture.md).
    type: list
    elements: dict
    default: []
  release:
    description: The release spec of O(state=installed) and O(state=active).
    type: dict
  stack:
    description: The stack of O(state=rolled_back) and O(state=absent).
    type: str
  to:
    description: The release that O(state=rolled_back) goes back to. Empty means the one that was current before.
    type: str
    default: ""
  required:
    description: Whether O(state=rolled_back) fails where there is no previous release.
    type: bool
    default: true
  health_command:
    description:
      - A command of yours that must succeed before a switch is final, a list of words or a string that is split as a
        shell splits it. No shell runs it. It gets the environment of the release, C(DNNREADY_STACK) and
        C(DNNREADY_RELEASE).
    type: raw
    default: []
  health_unit:
    description: A systemd unit that must start (C(oneshot)) or be active before a switch is final.
    type: str
    default: ""
  restart_units:
    description: systemd units that are restarted in a new release, and must be active again.
    type: list
    elements: str
    default: []
  health_timeout:
    description: Seconds for the command, the unit, and each restart.
    type: float
    default: 60
  proof_timeout:
    description: Seconds for the proof through C(current).
    type: float
    default: 300
  requirements:
    description:
      - "The text of the lock that O(release) was planned with, for a release with C(source: wheel)."
      - Every line must be pinned to a version and have a hash.
    type: str
    default: ""
  index_url:
    description: An extra index for wheels that pip's own sources do not have. It is asked only when they do not.
    type: str
    default: ""
  wheels:
    description: A directory of wheels that is then the only source, whatever pip is configured with.
    type: path
    default: ""
  installer:
    description: The program that installs wheels; V(auto) is explained in C(docs/installing.md).
    type: str
    choices: [auto, pip, uv]
    default: auto
  uv:
    description: The path of uv. Empty means the newest in C(<prefix>/tools/uv), then the one on C(PATH).
    type: path
    default: ""
  share:
    description: Keep files that another release has too on the disk once.
    type: bool
    default: true
  accept:
    description: Verdicts with which a release may become current.
    type: list
    elements: str
    choices: [accelerated, fallback]
    default: [accelerated]
  accept_by_stack:
    description: O(accept) of single stacks for O(state=looked), where it is not V(accelerated) alone.
    type: dict
    default: {}
  keep:
    description: How many finished releases stay beside the current and the previous one, the newest first. One that had
      to go back goes, one that a process still runs stays.
    type: int
    default: 0
  facts_directory:
    description:
      - Where C(dnnready.fact) is written, which says what is active.
      - Empty means C(<prefix>/facts.d). Ansible reads C(/etc/ansible/facts.d) by itself.
    type: path
    default: ""
  force:
    description:
      - Build even if the release is there, from wheels alone, and say so in O(state=looked).
      - A release that is current is replaced in place. It comes back if the new build fails.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Says what a run would do. A release that is not built yet counts as one that would be proven.
  diff_mode:
    support: full
    description: Shows what is installed, where C(current) points, the fact file and the releases that go.
notes:
  - An action plugin of the same name shows how far a build is, in lines such as
    C(installing 12 of 42 wheels, 310 of 552 MB, 35 s).
seealso:
  - module: conv2d_verify
  - module: dnn_environment
author: dnnready maintainers (@dnnready)
"""

EXAMPLES = r"""
- name: What the stacks of the plan still need
  dnn_release:
    state: looked
    prefix: /opt/dnnready
    releases: "{{ dnnready_plan.stacks.values() | map(attribute='spec') | select | list }}"
    facts_directory: /etc/ansible/facts.d
  register: look

- name: Build a release
  dnn_release:
    state: installed
    prefix: /opt/dnnready
    release: "{{ dnnready_plan.stacks.pytorch.spec }}"
    requirements: "{{ lookup('ansible.builtin.file', dnnready_plan.stacks.pytorch.requirements_path) }}"
    index_url: https://download.pytorch.org/whl/cpu
  timeout: 3600

- name: Make it current, once it is proven
  dnn_release:
    state: active
    prefix: /opt/dnnready
    release: "{{ dnnready_plan.stacks.pytorch.spec }}"
    keep: 1
    facts_directory: /etc/ansible/facts.d

- name: Go back to the release before
  dnn_release:
    state: rolled_back
    prefix: /opt/dnnready
    stack: pytorch
    health_command: python -c "import torch"
    restart_units: [recognizer.service]
    facts_directory: /etc/ansible/facts.d

- name: Take a stack away
  dnn_release:
    state: absent
    prefix: /opt/dnnready
    stack: tensorflow
    facts_directory: /etc/ansible/facts.d
"""

RETURN = r"""
stacks:
  description: What each stack needs, by name.
  returned: state is looked
  type: dict
  contains:
    stack: {description: The stack., type: str, sample: pytorch}
    id: {description: The release that is wanted., type: str, sample: 3f2a9c1d5e7b8a60}
    current: {description: The release that is current or empty., type: str, sample: 3f2a9c1d5e7b8a60}
    state:
      description: C(absent), C(building) (left unfinished), C(installed), C(verified) or C(active).
      type: str
      sample: active
    needs:
      description: The missing steps in order, of C(installed), C(environment), C(proof), C(active).
      type: list
      elements: str
      sample: [proof, active]
    why: {description: Why the first of them is needed or empty., type: str, sample: the kernel is another one}
    row: {description: The row of the table., type: dict, sample: {stack: pytorch, verdict: accelerated}}
dnnready_rows:
  description: The rows of all stacks, for the table at the end of the run.
  returned: state is looked, active or rolled_back
  type: list
  elements: dict
  sample: [{stack: pytorch, verdict: accelerated}]
stack: {description: The stack., returned: state is not looked, type: str, sample: pytorch}
id:
  description: The release.
  returned: state is installed, active or rolled_back
  type: str
  sample: 3f2a9c1d5e7b8a60
path:
  description: Its directory.
  returned: state is installed, active or rolled_back
  type: str
  sample: /opt/dnnready/stacks/pytorch/releases/3f2a9c1d5e7b8a60
manifest:
  description: What was built, as in C(docs/schema/manifest-1.json); null in check mode where it is not built.
  returned: state is installed
  type: dict
  sample: {state: installed, files: 10432, bytes: 812345678, seconds: 61.2}
previous:
  description: The release that was current before, or empty.
  returned: state is active or rolled_back
  type: str
  sample: 0c4be1f2a3957d68
removed:
  description: The releases that retention took away.
  returned: state is active
  type: list
  elements: str
  sample: []
in_use:
  description: Releases that retention would take away, but for these processes that run them.
  returned: state is active
  type: dict
  sample: {0c4be1f2a3957d68: [4711]}
proven:
  description: What the proof through C(current) says; null where nothing was to be proven.
  returned: state is active or rolled_back
  type: dict
  sample: {implementations: ["brgconv:avx2"], isa: avx2, cpu_seconds: 0.3}
rolled_back:
  description: Whether the stack went back.
  returned: state is rolled_back
  type: bool
  sample: true
cpu_seconds:
  description: CPU seconds that the module took on the host.
  returned: always
  type: float
  sample: 0.1
"""

from collections.abc import Callable
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dnnready_module import conclude
from ansible.module_utils.dnnready_release import ARGUMENTS, REQUIRED_IF


def main() -> None:
    """Decide, then act."""
    module = AnsibleModule(argument_spec=ARGUMENTS, required_if=REQUIRED_IF, supports_check_mode=True)

    def work() -> dict[str, Any]:
        result: dict[str, Any] = _state(module.params["state"])(module.params, module.check_mode)
        return result

    conclude(module, work)


def _state(name: str) -> Callable[[dict[str, Any], bool], dict[str, Any]]:
    """The function of a state. AnsiballZ compiles what is imported anew in every run, so looking loads little."""
    if name == "looked":
        from ansible.module_utils.dnnready.release.looked import looked  # noqa: PLC0415  see above

        return looked
    from ansible.module_utils.dnnready.release import states  # noqa: PLC0415  see above

    function: Callable[[dict[str, Any], bool], dict[str, Any]] = getattr(states, name)
    return function


if __name__ == "__main__":
    main()
