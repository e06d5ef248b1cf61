#!/usr/bin/python
"""Explains why a convolution fails, by the log that it left."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dnn_diagnose
short_description: Explain why a convolution fails
version_added: 0.1.0
description:
  - Explains a log of a framework, an installer, a linker or a kernel, a pasted one of another machine as well, and
    returns causes from likely to unlikely, each with the line that gave it away and what to do.
  - Changes nothing, runs nothing, and reads nothing of the machine that the module runs on, which is why a log of
    another machine can be explained anywhere. What it knows of the machine of the log is O(host).
  - Says that a cause is not known rather than guessing, and that a message is harmless where it is.
  - The causes are listed in C(docs/causes.md).
options:
  log_text:
    description:
      - The log, as it was found. Colours, time stamps, prefixes of Docker, Kubernetes and the journal, and the line
        ends of Windows do not matter.
      - Up to 5 MB take less than two seconds of CPU time.
    type: str
    required: true
  host:
    description:
      - The machine that the log is of, as M(dnn_host_info) returned it, or any part of that.
      - Some messages have several causes, which only a fact of the machine can tell apart, such as whether it has a
        GPU. Without that fact the finding names it, and what to ask, under C(alternatives).
      - Remedies name the package manager of that machine.
    type: dict
    default: {}
attributes:
  check_mode:
    support: full
    description: Explains the same.
  diff_mode:
    support: none
    description: There is never a change to show.
seealso:
  - module: dnn_host_info
author: dnnready maintainers (@dnnready)
"""

EXAMPLES = r"""
- name: Explain what a service wrote before it died
  dnn_diagnose:
    log_text: "{{ journal.stdout }}"
  register: diagnosis
  vars:
    journal:
      stdout: "ImportError: libgomp.so.1: cannot open shared object file: No such file or directory"

- name: Say the most likely cause
  ansible.builtin.debug:
    msg: "{{ diagnosis.explanation.findings | map(attribute='cause') | first | default('not known') }}"

- name: Read the host
  dnn_host_info:
  register: dnn

- name: Explain a log of this host, so that its facts decide between causes
  dnn_diagnose:
    log_text: "OSError: libcudart.so.12: cannot open shared object file: No such file or directory"
    host: "{{ dnn.host }}"
"""

RETURN = r"""
explanation:
  description: The explanation, C(docs/schema/explanation-1.json).
  returned: always
  type: dict
  contains:
    schema:
      description: Name and version of the document.
      type: str
      sample: dnnready/explanation/1
    findings:
      description: Causes, the most likely first; empty where none is known.
      type: list
      elements: dict
      contains:
        cause:
          description: Its stable code.
          type: str
          sample: openmp_runtime_missing
        confidence:
          description: high, medium or low.
          type: str
          sample: high
        where:
          description: host, model for a mistake in the model or program, or none for what is harmless.
          type: str
          sample: host
        step:
          description: The question that the cause belongs to, 1 to 5.
          type: int
          sample: 2
        line_number:
          description: The line that gave it away, counted from 1.
          type: int
          sample: 1
        line:
          description: That line, cleaned.
          type: str
          sample: "ImportError: libgomp.so.1: cannot open shared object file: No such file or directory"
        meaning:
          description: What the message means in general.
          type: str
          sample: The loader of glibc does not find a library.
        explanation:
          description: What the cause is, in one sentence.
          type: str
          sample: An OpenMP runtime (libgomp, libiomp5, libomp or their DLLs) is absent.
        remedy:
          description: What to do on this host.
          type: str
          sample: apt-get install libgomp1
        confirm:
          description: How to make sure.
          type: str
          sample: Loading libgomp.so.1 fails where the failing library looks for it.
        healer:
          description: The part of dnnready that can mend it, or advice.
          type: str
          sample: packages
        evidence:
          description: Every line that speaks for it.
          type: list
          elements: dict
          sample: [{line_number: 1, line: "ImportError: libgomp.so.1: cannot open shared object file"}]
        alternatives:
          description: Other causes of the same lines, with the fact of the host that decides and is not known.
          type: list
          elements: dict
          sample: [{cause: corrupt_install, fact: record, question: "Is the file listed in the package's RECORD?"}]
        details:
          description: What was read off the line.
          type: dict
          sample: {library: libgomp.so.1}
    harmless:
      description: Lines that need no cure, with what they mean.
      type: list
      elements: dict
      sample: [{line_number: 3, line: "I port.cc:153] oneDNN custom operations are on.", meaning: "oneDNN is on."}]
    not_known:
      description: Whether no cause is known.
      type: bool
      sample: false
    healthy:
      description: Whether nothing in the log needs a cure.
      type: bool
      sample: false
    ending:
      description: The signal or the class of the exception that the log ends in; empty where it shows none.
      type: str
      sample: ImportError
    lines:
      description: How many lines the log has.
      type: int
      sample: 1
cpu_seconds:
  description: CPU seconds that the module took on the host.
  returned: always
  type: float
  sample: 0.4
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.dnnready.diagnosis.explain import explain
from ansible.module_utils.dnnready_module import conclude


def main() -> None:
    """Explain the log."""
    module = AnsibleModule(
        argument_spec={
            "log_text": {"type": "str", "required": True},
            "host": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    asked = module.params

    def work() -> dict[str, Any]:
        return {"changed": False, "explanation": explain(asked["log_text"], asked["host"]).document()}

    conclude(module, work)


if __name__ == "__main__":
    main()
