"""The lookup dnnready_locks, as the roles call it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.every_core

PROJECT = Path(__file__).resolve().parents[2]
LINE = f"tiny==1.0 --hash=sha256:{'0' * 64}\n"
ASSERT = """
- hosts: all
  gather_facts: false
  vars:
    locks: "{{ lookup('dnnready_locks', directory, custom=stacks) }}"
  tasks:
    - ansible.builtin.assert:
        that: "{{ conditions }}"
"""


def test_the_sets_of_the_project_and_a_file_of_the_users(run_playbook: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(LINE, encoding="utf-8")
    conditions = [
        "locks.onednn | map(attribute='tag') == ['any']",
        "locks.pytorch | selectattr('tag', 'eq', 'cp311') | map(attribute='glibc') == ['2.28']",
        "locks.tensorflow | map(attribute='architecture') | unique | sort == ['aarch64', 'x86_64']",
        "locks.app | map(attribute='path') == [playbook_dir ~ '/requirements.txt']",
        "locks.app[0].sha256 | length == 64",
        "'nothing' not in locks",
    ]
    variables = {
        "directory": str(PROJECT / "locks"),
        "stacks": {"app": {"requirements_file": "requirements.txt"}, "nothing": {"probes": ["mkl"]}},
        "conditions": conditions,
    }
    done = run_playbook(ASSERT, extra_vars=variables)
    assert done.rc == 0, done.stdout + done.stderr


def test_a_line_that_is_not_pinned_is_named(run_playbook: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(LINE + "numpy>=2\n", encoding="utf-8")
    variables = {
        "directory": str(PROJECT / "locks"),
        "stacks": {"app": {"requirements_file": str(tmp_path / "requirements.txt")}},
        "conditions": ["locks is mapping"],
    }
    done = run_playbook(ASSERT, extra_vars=variables)
    assert done.rc != 0
    assert "requirements.txt, line 2: 'numpy>=2' is not pinned" in " ".join((done.stdout + done.stderr).split())
