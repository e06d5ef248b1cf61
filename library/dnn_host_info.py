#!/usr/bin/python
"""Reads what a host is: CPU, cores, libraries, interpreters, room and limits."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dnn_host_info
short_description: Read what decides whether and how conv2d runs on this host
version_added: 0.1.0
description:
  - Reads CPU and ISA level, usable cores, C and C++ library, Python interpreters, memory, disk, resource limits,
    whether writable memory may become executable, virtualization, GPUs and installed packages, in one cheap call.
  - Changes nothing, needs no privileges, and calls neither apt nor the setup module.
  - A fact that cannot be learned is null or has a neutral value, and an entry in C(unknown) says why.
options:
  target:
    description:
      - The prefix that dnnready installs below. It need not exist.
      - Empty for the place that belongs to O(scope), C(/opt/dnnready) or C(dnnready) in the user's data directory.
    type: path
    default: ""
  scope:
    description: Whether dnnready installs for the host or for the connecting user.
    type: str
    choices: [host, user]
    default: host
  packages:
    description: Debian packages to look up with dpkg-query.
    type: list
    elements: str
    default: []
  interpreters:
    description: Paths of Python interpreters to examine beside those that are found.
    type: list
    elements: path
    default: []
  look:
    description:
      - Say too what the current releases below the target still need, as M(dnn_release) does that looks.
      - Where a plan wants just these, a run asks the host once.
    type: bool
    default: false
  vouching:
    description: Say with O(look) too what the full proofs attest, by which this host may vouch for its siblings.
    type: bool
    default: false
  facts_directory:
    description: Where C(dnnready.fact) lies, for O(look). Empty means C(<prefix>/facts.d).
    type: path
    default: ""
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
- name: Read the host
  dnn_host_info:
    packages: [libgomp1, libstdc++6]
  register: dnn

- name: Say what oneDNN can use
  ansible.builtin.debug:
    msg: "{{ dnn.host.cpu.isa }} on {{ dnn.host.cores.effective }} cores, missing: {{ dnn.host.packages.missing }}"
"""

RETURN = r"""
host:
  description: The host document, C(docs/schema/host-1.json).
  returned: always
  type: dict
  contains:
    schema:
      description: Name and version of the document.
      type: str
      sample: dnnready/host/1
    target:
      description: The prefix of dnnready on this host.
      type: str
      sample: /opt/dnnready
    cpu:
      description: Architecture, vendor, model, level, flags, the highest ISA that oneDNN dispatches to, emulation.
      type: dict
      sample:
        architecture: x86_64
        vendor: GenuineIntel
        model: Intel(R) Core(TM) i5-8250U CPU @ 1.60GHz
        level: x86-64-v3
        flags: [sse4_1, avx, f16c, fma, avx2]
        isa: avx2
        emulated: false
    cores:
      description: Threads worth starting, and what bounds them.
      type: dict
      sample:
        effective: 2
        online: 4
        affinity: [0, 1, 2, 3]
        quota: 2.0
        physical: 4
        threads_per_core: 1
        numa_nodes: 1
    libc:
      description: glibc, musl or unknown, with the version.
      type: dict
      sample: {name: glibc, version: "2.36"}
    libstdcxx:
      description: The loader's libstdc++ with its newest symbol version, null where it is absent.
      type: dict
      sample: {path: /lib/x86_64-linux-gnu/libstdc++.so.6, glibcxx: 3.4.30}
    os:
      description: The distribution and the kernel.
      type: dict
      sample: {id: debian, version_id: "12", codename: bookworm, kernel: 6.1.0-25-amd64}
    python:
      description: The interpreters that run here, those that all users can execute first, then the newest.
      type: list
      elements: dict
      sample:
        - path: /usr/bin/python3.11
          aliases: [/usr/bin/python3]
          version: 3.11.2
          tag: cp311
          implementation: CPython
          bits: 64
          venv: true
          externally_managed: true
          shared: true
    memory:
      description: Memory and its limits in bytes; null for a limit that is not set.
      type: dict
      sample: {total_bytes: 8225964032, available_bytes: 6420803584, limit_bytes: null, address_space_bytes: null}
    disk:
      description: Room and mount options for the target and for temporary files.
      type: dict
      contains:
        target:
          description: Where releases go.
          type: dict
          sample: &disk
            path: /opt/dnnready
            mount: /
            filesystem: ext4
            free_bytes: 21474836480
            free_inodes: 1310720
            noexec: false
            read_only: false
            writable: true
        temporary:
          description: Where downloads are unpacked, TMPDIR or C(/tmp).
          type: dict
          sample: *disk
    limits:
      description: Soft resource limits, null for unlimited; processes include pids.max.
      type: dict
      sample: {processes: 31339, open_files: 1024, locked_bytes: 8388608, stack_bytes: 8388608}
    wx:
      description: Whether writable memory may become executable, which oneDNN's code generator needs.
      type: dict
      sample: {allowed: true}
    kernel_files:
      description: Whether /proc and the CPU files of /sys can be read.
      type: dict
      sample: {proc: true, sys_cpu: true}
    virtualization:
      description: The hypervisor (none on bare metal) and the container, null outside one.
      type: dict
      sample: {kind: kvm, container: null}
    gpu:
      description: GPUs and the version of the NVIDIA driver.
      type: dict
      sample: {devices: [], nvidia_driver: null}
    packages:
      description: Which of the asked packages are installed.
      type: dict
      sample: {manager: dpkg, installed: {libgomp1: 12.2.0-14}, missing: []}
    user:
      description: Who runs the module, and where their data belongs.
      type: dict
      sample: {uid: 1000, name: alice, home: /home/alice, data_home: /home/alice/.local/share}
    program:
      description: The installed program and its digest, null where there is none.
      type: dict
      sample: {path: /opt/dnnready/bin/dnnready, sha256: null}
    stacks:
      description: Per stack the releases below the target, and the current one.
      type: dict
      sample: {pytorch: {current: 0123456789abcdef, releases: [0123456789abcdef]}}
    unknown:
      description: Facts that could not be learned.
      type: list
      elements: dict
      sample: [{what: cores.quota, why: "[Errno 2] No such file or directory: '/proc/self/cgroup'"}]
stacks:
  description: What the current release of each stack needs, by name; as of M(dnn_release), whatever its verdict.
  returned: with O(look)
  type: dict
  sample: {pytorch: {id: 3f2a9c1d5e7b8a60, current: 3f2a9c1d5e7b8a60, state: active, needs: []}}
machine:
  description: A digest that is the same for every inventory name that leads to this prefix on this machine.
  returned: with O(look)
  type: str
  sample: 5d0c1f6c2f3e9a41
hardware_class:
  description: The class of hosts with this hardware, C(docs/fleet-page.md#hardware-classes).
  returned: with O(look)
  type: dict
  sample: {id: 5f2d8e1c0b7a, name: "Core i5-8250U, 4 cores, 8 GiB, avx2", certain: true}
cpu_seconds:
  description: CPU seconds that the module took on the host.
  returned: always
  type: float
  sample: 0.1
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dnnready.host import collect
from ansible.module_utils.dnnready.host.hardware_class import hardware_class
from ansible.module_utils.dnnready.host.identity import machine_identity
from ansible.module_utils.dnnready.release import facts, looked
from ansible.module_utils.dnnready_module import conclude


def _looked(host: dict[str, Any], facts_directory: str, vouching: bool) -> dict[str, Any]:
    """The part of the result that only a run of site.yml wants. AnsiballZ compiles what is imported: little is."""
    prefix = Path(host["target"])
    known = hardware_class(host)
    return {
        "stacks": looked.current(prefix, facts.path_of(prefix, facts_directory), vouching=vouching),
        "machine": machine_identity(str(prefix)),
        "hardware_class": {key: known[key] for key in ("id", "name", "certain")},
    }


def main() -> None:
    """Read the host."""
    module = AnsibleModule(
        argument_spec={
            "target": {"type": "path", "default": ""},
            "scope": {"type": "str", "choices": ["host", "user"], "default": "host"},
            "packages": {"type": "list", "elements": "str", "default": []},
            "interpreters": {"type": "list", "elements": "path", "default": []},
            "look": {"type": "bool", "default": False},
            "vouching": {"type": "bool", "default": False},
            "facts_directory": {"type": "path", "default": ""},
        },
        supports_check_mode=True,
    )
    asked = module.params

    def work() -> dict[str, Any]:
        host = collect(
            asked["target"], asked["packages"], scope=asked["scope"], asked_interpreters=asked["interpreters"]
        )
        looked = _looked(host, asked["facts_directory"], asked["vouching"]) if asked["look"] else {}
        return {"changed": False, "host": host, **looked}

    conclude(module, work)


if __name__ == "__main__":
    main()
