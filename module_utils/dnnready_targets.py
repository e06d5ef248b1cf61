"""What the modules dnn_diagnose and dnn_heal ask alike: stacks, or an environment of the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.dnnready.diagnosis.cases import FRAMEWORKS, Asked

#: Part of the argument spec; the modules document it.
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "prefix": {"type": "path"},
    "stacks": {"type": "list", "elements": "str", "default": []},
    "target_python": {"type": "str", "default": ""},
    "target_unit": {"type": "str", "default": ""},
    "target_pid": {"type": "int", "default": 0},
    "frameworks": {"type": "list", "elements": "str", "choices": list(FRAMEWORKS), "default": []},
    "directory": {"type": "str", "default": ""},
    "program": {"type": "str", "default": ""},
    "environment": {"type": "dict", "default": {}},
    "timeout": {"type": "float", "default": 120},
    "host": {"type": "dict", "default": {}},
}


def asked(given: Mapping[str, Any]) -> Asked:
    """What the parameters of a module ask for."""
    return Asked(
        prefix=given["prefix"] or "",
        stacks=tuple(given["stacks"]),
        python=given["target_python"],
        unit=given["target_unit"],
        pid=given["target_pid"],
        frameworks=tuple(given["frameworks"]),
        directory=given["directory"],
        program=given["program"],
        environment={str(name): str(value) for name, value in given["environment"].items()},
        host=given["host"] or None,
        thorough=bool(given.get("thorough")),
        timeout=given["timeout"],
    )
