"""Writes the result of every task as one JSON line: how the tests read what Ansible got from a module."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: record
type: aggregate
short_description: Write each task result as a JSON line
description: Used by the tests only; independent of the stdout callback and its format.
options:
  path:
    description: File to append to.
    type: path
    required: true
    env:
      - name: DNNREADY_TEST_RECORD
"""


class CallbackModule(CallbackBase):
    """Appends to the file named by DNNREADY_TEST_RECORD."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "record"
    CALLBACK_NEEDS_ENABLED = True

    def _record(self, result: Any, **status: bool) -> None:
        flags = {"failed": False, "skipped": False, "unreachable": False, **status}
        entry = {"host": result.host.get_name(), "task": result.task.get_name(), "result": {**result.result, **flags}}
        with open(os.environ["DNNREADY_TEST_RECORD"], "a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry, default=str) + "\n")

    def v2_runner_on_ok(self, result: Any) -> None:
        self._record(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._record(result, failed=True, ignored=ignore_errors)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._record(result, skipped=True)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._record(result, unreachable=True)
