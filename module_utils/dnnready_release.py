"""The arguments of the module dnn_release; library/dnn_release.py documents them."""

from __future__ import annotations

from typing import Any

STATES = ["looked", "installed", "active", "rolled_back", "absent"]

ARGUMENTS: dict[str, Any] = {
    "state": {"type": "str", "choices": STATES, "required": True},
    "prefix": {"type": "path", "required": True},
    "releases": {"type": "list", "elements": "dict", "default": []},
    "release": {"type": "dict"},
    "stack": {"type": "str"},
    "to": {"type": "str", "default": ""},
    "required": {"type": "bool", "default": True},
    "requirements": {"type": "str", "default": ""},
    "index_url": {"type": "str", "default": ""},
    "wheels": {"type": "path", "default": ""},
    "installer": {"type": "str", "choices": ["auto", "pip", "uv"], "default": "auto"},
    "uv": {"type": "path", "default": ""},
    "share": {"type": "bool", "default": True},
    "accept": {
        "type": "list",
        "elements": "str",
        "choices": ["accelerated", "fallback"],
        "default": ["accelerated"],
    },
    "accept_by_stack": {"type": "dict", "default": {}},
    "keep": {"type": "int", "default": 0},
    "facts_directory": {"type": "path", "default": ""},
    "force": {"type": "bool", "default": False},
    "health_command": {"type": "raw", "default": []},
    "health_unit": {"type": "str", "default": ""},
    "restart_units": {"type": "list", "elements": "str", "default": []},
    "health_timeout": {"type": "float", "default": 60},
    "proof_timeout": {"type": "float", "default": 300},
}

REQUIRED_IF: list[tuple[str, str, list[str]]] = [
    ("state", "installed", ["release"]),
    ("state", "active", ["release"]),
    ("state", "rolled_back", ["stack"]),
    ("state", "absent", ["stack"]),
]
