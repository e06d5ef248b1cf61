"""The lookup dnnready_definitions says what Ansible's own templating says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.every_core

PLAY = """
- hosts: all
  gather_facts: false
  vars:
    a_source: wheel
    a_required: "no"
    a_environment: {ONE: "{{ inner }}", TWO: two}
    a_index_url: "{{ a_indirect }}"
    a_indirect: "https://{{ inner }}/x"
    inner: depth
    a_stack:
      source: "{{ a_source }}"
      required: "{{ a_required | bool }}"
      environment: "{{ a_environment }}"
      index_url: "{{a_index_url}}"
      title: "Stack {{ inner }}"
      probes: [pytorch, "{{ inner }}"]
      options: {allocator: "{{ inner | upper }}", number: 3, nothing: null}
      braces: "a { b"
    b_c_stack: {title: plain, required: true}
    mine: {own: {title: "{{ inner }}"}, b-c: {title: mine}}
    found: "{{ lookup('dnnready_definitions', 'a', 'b-c', 'none') }}"
    custom: "{{ lookup('dnnready_definitions', 'own', 'b-c', custom=mine) }}"
    nothing: "{{ lookup('dnnready_definitions', *[]) }}"
  tasks:
    - ansible.builtin.assert:
        that:
          - found.a == a_stack
          - found.a.required is sameas false
          - found.a.environment.ONE == 'depth'
          - found.a.index_url == 'https://depth/x'
          - found['b-c'] == b_c_stack
          - found.none == {}
          - custom.own.title == 'depth'
          - custom['b-c'].title == 'mine'
          - nothing == {}
    - ansible.builtin.debug:
        msg: "{{ lookup('dnnready_definitions', 'wrong') }}"
      vars:
        wrong_stack: {title: "{{ there_is_no_such_variable }}"}
      register: wrong
      ignore_errors: true
    - ansible.builtin.assert:
        that:
          - wrong is failed
          - "'there_is_no_such_variable' in wrong.msg"
"""


def test_as_ansible_would_template_it(run_playbook: Callable[..., Any]) -> None:
    done = run_playbook(PLAY)
    assert done.rc == 0, done.stdout + done.stderr
