"""Lookup of the stack definitions of a host: what `query('vars', …)` would say, at a third of its cost."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Optional

from ansible.plugins.filter.core import to_bool
from ansible.plugins.lookup import LookupBase
from ansible.template import is_trusted_as_template

DOCUMENTATION = """
name: dnnready_definitions
author: dnnready maintainers (@dnnready)
short_description: The definitions of stacks
version_added: 0.3.0
description:
  - The variable C(<stack>_stack) of each stack, with everything in it templated; empty where there is none.
  - Nearly every value of a definition names a variable and nothing else. Compiling a template for each, on every host,
    was a third of what the controller spent on a host where nothing changed. So these are looked up; all others are
    templated.
options:
  _terms:
    description: Names of stacks.
    required: true
    type: list
    elements: str
  custom:
    description: Definitions of the user by name; they count before variables.
    type: dict
    default: {}
"""

EXAMPLES = """
- name: What a host shall have
  ansible.builtin.debug:
    msg: "{{ lookup('dnnready_definitions', 'onednn', 'pytorch') }}"
"""

RETURN = """
_raw:
  description: One dictionary, definitions by name of the stack.
  type: list
  elements: dict
"""

#: A variable, maybe as a boolean.
_NAMED = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*(\|\s*bool\s*)?\}\}")


class LookupModule(LookupBase):
    """The definitions, as one dictionary."""

    def run(self, terms: list[str], variables: Optional[Mapping[str, Any]] = None, **kwargs: Any) -> list[Any]:
        """Look up, and template what is left."""
        known, custom = variables or {}, kwargs.get("custom") or {}
        return [
            {
                name: custom[name] if name in custom else self._resolved(known.get(_variable(name), {}), known)
                for name in terms
            }
        ]

    def _resolved(self, value: Any, known: Mapping[str, Any]) -> Any:
        if _is_plain(value):
            return value
        if isinstance(value, Mapping):
            return {name: self._resolved(part, known) for name, part in value.items()}
        if isinstance(value, list):
            return [self._resolved(part, known) for part in value]
        named = _NAMED.fullmatch(value)
        if named and named[1] in known and is_trusted_as_template(value) and _is_plain(known[named[1]]):
            return to_bool(known[named[1]]) if named[2] else known[named[1]]
        return self._templar.template(value)


def _variable(stack: str) -> str:
    return f"{stack.replace('-', '_')}_stack"


def _is_plain(value: Any) -> bool:
    """Whether there is nothing to template in it."""
    if isinstance(value, str):
        return "{" not in value
    if isinstance(value, Mapping):
        return all(map(_is_plain, value.values()))
    return all(map(_is_plain, value)) if isinstance(value, list) else True
