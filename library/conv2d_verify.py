#!/usr/bin/python
"""Proves which implementation runs conv2d in a stack."""

from __future__ import annotations

DOCUMENTATION = r"""
module: conv2d_verify
short_description: Prove which implementation runs conv2d in a stack
version_added: 0.1.0
description:
  - Runs convolutions in the interpreter of a stack, in a child process with an environment of its own, and returns
    which implementation of the DNN library executed each of them, whether the numbers are right, and a verdict.
  - The proof is the library's own lines (C(ONEDNN_VERBOSE), C(MKL_VERBOSE)). They must vanish in a negative control
    with the library off, and a second witness of the framework must not contradict them.
  - Where a host of the same hardware has proven the same release in full, its O(voucher) lets a short proof do.
  - A stack that does not run, crashes or hangs is a result with the verdict C(broken), not a failure of the module.
    The module fails only where it could not look. The role or the playbook decides what a verdict means for it.
options:
  stack:
    description: Name of the stack.
    type: str
    required: true
  path:
    description:
      - Directory of the release. A link such as C(current) is resolved first.
      - Probes, options and shapes come from its C(manifest.json), variables from its C(environment), where they
        are not given here.
      - Where the directory is missing, the verdict is C(planned) in check mode for a named O(release), C(unproven)
        otherwise.
    type: path
    required: true
  release:
    description: Id of the release. By default the manifest's, else the name of the directory.
    type: str
    default: ""
  python:
    description: The interpreter of the stack. By default C(venv/bin/python) in O(path).
    type: path
  probes:
    description: What proves the stack, one or more.
    type: list
    elements: str
    choices: [onednn, mkl, pytorch, tensorflow]
  environment:
    description: Variables that the probe runs with. By default those of the release.
    type: dict
  options:
    description:
      - Options of the stack. C(onednn_convolution) (V(required), V(auto) or V(off)) says what TensorFlow was told;
        it explains a verdict and does not change it.
    type: dict
  shapes:
    description:
      - Convolutions to prove beside the default ones and those of the release. C(docs/proof.md) names their keys.
    type: list
    elements: dict
    default: []
  host:
    description: The host document of M(dnn_host_info). By default the module reads the CPU itself.
    type: dict
  timeout:
    description: Seconds that each probe may take, its control included. After them its process group is killed.
    type: float
    default: 300
  store:
    description:
      - Whether to write the proof to C(proof.json) in O(path).
      - RV(changed) is true where the proof says something else than the stored one (verdict, implementations, versions,
        loaded files). Times and measurements are stored anew and count as no change.
    type: bool
    default: true
  reuse:
    description:
      - Whether to run nothing while the stored proof holds, because release, kernel, CPU, C library, every loaded file
        and what is asked for are the same. A proof that says C(broken) never holds.
    type: bool
    default: false
  voucher:
    description:
      - What a sibling proved in full, as the filter C(dnnready_vouchers) makes it. Empty means a full proof.
      - The proof is short where the sibling is of the certain hardware class of O(host), all that was asked is the
        same, and what is shown agrees. Else it is full, and RV(scope_why) says why. See C(docs/proof.md#siblings).
      - All O(shapes), and those of the release, are run in any case.
    type: dict
    default: {}
attributes:
  check_mode:
    support: full
    description: Runs the probe, which changes nothing on the host, and stores nothing.
  diff_mode:
    support: full
    description: Shows what the proof says, before and after, without times and measurements.
seealso:
  - module: dnn_host_info
  - module: dnn_environment
author: dnnready maintainers (@dnnready)
"""

EXAMPLES = r"""
- name: Prove PyTorch again
  conv2d_verify:
    stack: pytorch
    path: /opt/dnnready/stacks/pytorch/current
  register: proof

- name: Stop where convolutions do not run through oneDNN
  ansible.builtin.assert:
    that: proof.verdict == 'accelerated'
    fail_msg: "{{ proof.cause.text | default('') }}"

- name: Prove any interpreter with a layer of your model, and keep nothing
  conv2d_verify:
    stack: mine
    path: /srv/app
    python: /srv/app/venv/bin/python
    probes: [pytorch]
    environment: {OMP_NUM_THREADS: "2"}
    shapes:
      - name: stem
        input: [1, 3, 480, 640]
        filters: 32
        kernel: 3
        stride: 2
        padding: 1
    store: false

- name: Prove in short what a host of the same hardware class has proven in full
  conv2d_verify:
    stack: pytorch
    path: /opt/dnnready/stacks/pytorch/releases/0123456789abcdef
    host: "{{ seen.host }}"
    voucher: "{{ vouchers[seen.hardware_class.id]['0123456789abcdef'] | default({}) }}"
"""

RETURN = r"""
verdict:
  description:
    - C(accelerated), C(fallback) or C(broken) by the proof.
    - C(unproven) or C(planned) where there is no release to look at.
  returned: success
  type: str
  sample: accelerated
cause:
  description: Why the verdict is not better, null where it is C(accelerated).
  returned: success
  type: dict
  contains:
    code:
      description: A stable code, explained in C(docs/proof.md).
      type: str
    text:
      description: A sentence.
      type: str
  sample: {code: invalid_env_value, text: ONEDNN_MAX_CPU_ISA=SSE41 keeps the library below the CPU's avx2.}
next:
  description: The next command or setting, empty where there is none.
  returned: success
  type: str
  sample: ""
summary:
  description: What the table shows of the proof.
  returned: when a proof was made or reused
  type: dict
  sample:
    implementations: ["jit:avx2", "brg_conv_fwd:avx2"]
    isa: avx2
    isa_cpu: avx2
    threads: 2
    framework: torch 2.13.0+cpu
    onednn: 3.12.0
    cpu_seconds: 3.2
    peak_rss_bytes: 232783872
    gflops_per_cpu_second: 81.4
    max_error_ratio: 0.02
    dtypes: [float32]
proof:
  description: The whole proof, C(docs/schema/proof-1.json).
  returned: when a proof was made or reused
  type: dict
  sample: {schema: dnnready/proof/1, verdict: accelerated}
reused:
  description: Whether this is the stored proof, and nothing was run.
  returned: success
  type: bool
  sample: false
scope:
  description: C(full) or C(short).
  returned: when a proof was made or reused
  type: str
  sample: full
scope_why:
  description: Why the proof is full although there was a voucher; else empty.
  returned: when a proof was made or reused
  type: str
  sample: edge-01 is of another hardware class (5f2d8e1c0b7a, this host 63b776792263)
attestation:
  description: What siblings must show too in a short proof; null unless this one is full and accelerated.
  returned: when a proof was made or reused
  type: dict
  sample: {stack: pytorch, release: 0123456789abcdef, created: "2026-01-31T12:00:00Z"}
dnnready_rows:
  description: The row of the table, in a list.
  returned: success
  type: list
  elements: dict
  sample:
    - {stack: pytorch, release: 0123456789abcdef, verdict: accelerated, implementations: ["jit:avx2"], isa: avx2}
cpu_seconds:
  description: CPU seconds that the module and its probes took.
  returned: success
  type: float
  sample: 3.4
"""

import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dnnready.conv2d import stored
from ansible.module_utils.dnnready.conv2d.fingerprint import holds
from ansible.module_utils.dnnready.conv2d.row import row, without_proof
from ansible.module_utils.dnnready.conv2d.sibling import prove
from ansible.module_utils.dnnready.conv2d.verification import complete, what
from ansible.module_utils.dnnready_module import conclude


def missing(module: AnsibleModule, path: str) -> dict[str, Any]:
    """The result where there is no release to look at."""
    stack, release = module.params["stack"], module.params["release"]
    if release and module.check_mode:
        only = without_proof(stack, release, "planned", "", "")
    else:
        only = without_proof(stack, release, "unproven", f"There is no release at {path}.", "ansible-playbook site.yml")
    return {
        "changed": False,
        "reused": False,
        "verdict": only["verdict"],
        "cause": only["cause"],
        "next": only["next"],
        "dnnready_rows": [only],
    }


def work(module: AnsibleModule) -> dict[str, Any]:
    """Prove, or find the stored proof good; store where that is wanted."""
    params = module.params
    path = os.path.realpath(params["path"])
    if not os.path.isdir(path):
        return missing(module, params["path"])
    request = complete(stored.request_of(path, params["stack"], params))
    before = stored.stored(path)
    reused = bool(params["reuse"]) and holds(before, request["release"], what(request))[0]
    proof = before if reused and before is not None else prove(request, params["voucher"])
    changed = bool(params["store"]) and not reused and stored.differs(before, proof)
    result = {
        "changed": changed,
        "reused": reused,
        "verdict": proof["verdict"],
        "cause": proof["cause"],
        "next": proof["next"],
        "summary": proof["summary"],
        "proof": proof,
        "scope": proof.get("scope", "full"),
        "scope_why": proof.get("scope_why", ""),
        "attestation": proof.get("attestation"),
        "dnnready_rows": [row(proof, changed)],
        "diff": [stored.difference(path, before, proof)] if changed else [],
    }
    if params["store"] and not reused and not module.check_mode:
        stored.store(path, proof)
    return result


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec={
            "stack": {"type": "str", "required": True},
            "path": {"type": "path", "required": True},
            "release": {"type": "str", "default": ""},
            "python": {"type": "path"},
            "probes": {"type": "list", "elements": "str", "choices": ["onednn", "mkl", "pytorch", "tensorflow"]},
            "environment": {"type": "dict"},
            "options": {"type": "dict"},
            "shapes": {"type": "list", "elements": "dict", "default": []},
            "host": {"type": "dict"},
            "timeout": {"type": "float", "default": 300},
            "store": {"type": "bool", "default": True},
            "reuse": {"type": "bool", "default": False},
            "voucher": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    conclude(module, lambda: work(module))


if __name__ == "__main__":
    main()
