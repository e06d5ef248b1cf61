#!/usr/bin/python
"""Explains why a convolution fails, by the log that it left."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dnn_diagnose
short_description: Say why conv2d does not run through the DNN library
version_added: 0.1.0
description:
  - Looks at stacks of dnnready, or at an environment of the user's own, in the order of five questions. Is the right
    library installed; can the framework reach it; are environment and limits right; is the framework whole; what do
    the logs say. Returns causes from likely to unlikely, each with its evidence and what to do on this host.
  - Changes nothing and needs no healthy framework. What hangs or crashes does so in a child process.
  - Cheap looks come first. The convolution itself, hashes and experiments are made where something is in doubt, and
    always in an environment that is not dnnready's own.
  - With O(log_text) it explains a log instead, a pasted one of another machine as well, runs nothing and reads nothing
    of the machine that it runs on.
  - The causes are listed in C(docs/causes.md).
options:
  prefix:
    description: Where dnnready's stacks are.
    type: path
  stacks:
    description: The stacks to look at; all that are installed where empty.
    type: list
    elements: str
    default: []
  target_python:
    description:
      - The interpreter of an environment of the user's own, a venv, a conda environment or the distribution's, or the
        folder that has C(bin/python). Its environment is that of a login shell.
      - With O(target_unit) or O(target_pid) the interpreter, where their command does not tell.
    type: str
    default: ""
  target_unit:
    description:
      - A systemd service. It is looked at with the environment that its process has (or would get), and children are
        started under its own limits and sandbox.
    type: str
    default: ""
  target_pid:
    description: A running process, with its environment, limits and mounts.
    type: int
    default: 0
  frameworks:
    description: The frameworks of that environment; those that are installed where empty.
    type: list
    elements: str
    choices: [onednn, mkl, pytorch, tensorflow]
    default: []
  directory:
    description: Where the program of O(target_python) starts. Modules there hide those that are installed.
    type: str
    default: ""
  program:
    description: The script of O(target_python). Variables that it sets wrongly or too late are found.
    type: str
    default: ""
  environment:
    description: Variables that the program of O(target_python) gets beside those of a login shell.
    type: dict
    default: {}
  thorough:
    description: Convolve and compare hashes even where nothing is in doubt.
    type: bool
    default: false
  timeout:
    description: The longest that one run of a framework may take, in seconds.
    type: float
    default: 120
  log_text:
    description:
      - A log to explain, as it was found. Colours, time stamps, prefixes of Docker, Kubernetes and the journal, and the
        line ends of Windows do not matter.
      - Up to 5 MB take less than two seconds of CPU time.
    type: str
  host:
    description:
      - The host as M(dnn_host_info) returned it, or any part of it. Read where it is not given, never for O(log_text).
      - Some messages have several causes, which only a fact of the machine can tell apart, such as whether it has a
        GPU. Without that fact the finding names it, and what to ask, under C(alternatives).
    type: dict
    default: {}
attributes:
  check_mode:
    support: full
    description: Says the same.
  diff_mode:
    support: none
    description: There is never a change to show.
seealso:
  - module: dnn_host_info
  - module: dnn_heal
author: dnnready maintainers (@dnnready)
"""

EXAMPLES = r"""
- name: Look at every stack of this host
  dnn_diagnose:
    prefix: /opt/dnnready
  register: looked

- name: Say what was found
  ansible.builtin.debug:
    msg: "{{ looked.text.splitlines() }}"

- name: Look at a service of my own
  dnn_diagnose:
    target_unit: camera.service
  when: false # where there is one

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
diagnoses:
  description: A diagnosis for each target, C(docs/schema/diagnosis-1.json).
  returned: without O(log_text)
  type: list
  elements: dict
  sample: [{target: {kind: stack, name: mkl}, verdict: broken, healthy: false, findings: [{cause: corrupt_install}]}]
text:
  description: The same for people.
  returned: without O(log_text)
  type: str
  sample: "stack pytorch: accelerated, nothing to mend"
healthy:
  description: Whether nothing is to mend on any target.
  returned: without O(log_text)
  type: bool
  sample: true
explanation:
  description: What the log says, C(docs/schema/explanation-1.json).
  returned: with O(log_text)
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
        remedy:
          description: What to do on this host.
          type: str
          sample: apt-get install libgomp1
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
from ansible.module_utils.dnnready.diagnosis.cases import diagnose
from ansible.module_utils.dnnready.diagnosis.explain import explain
from ansible.module_utils.dnnready.diagnosis.told import text
from ansible.module_utils.dnnready_module import conclude
from ansible.module_utils.dnnready_targets import OPTIONS, asked


def main() -> None:
    """Diagnose, or explain the log."""
    module = AnsibleModule(
        argument_spec={
            **OPTIONS,
            "thorough": {"type": "bool", "default": False},
            "log_text": {"type": "str"},
        },
        supports_check_mode=True,
    )
    given = module.params
    conclude(module, lambda: explained(given) if given["log_text"] is not None else diagnosed(given))


def explained(given: dict[str, Any]) -> dict[str, Any]:
    """What a log says."""
    return {"changed": False, "explanation": explain(given["log_text"], given["host"]).document()}


def diagnosed(given: dict[str, Any]) -> dict[str, Any]:
    """What is found on this host."""
    diagnoses = diagnose(asked(given))
    healthy = all(one["healthy"] for one in diagnoses)
    return {"changed": False, "diagnoses": diagnoses, "text": text(diagnoses), "healthy": healthy}


if __name__ == "__main__":
    main()
