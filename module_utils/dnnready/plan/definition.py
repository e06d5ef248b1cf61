"""Stack definitions: what a role or a user asks for, checked before anything else looks at it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import DnnreadyError

NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}\Z")
PROBES = ("onednn", "mkl", "pytorch", "tensorflow")
SOURCES = ("auto", "wheel", "distribution")

#: Every key of a definition with the value it has when it is left out.
DEFAULTS: dict[str, Any] = {
    "name": "",
    "title": "",
    "source": "wheel",
    "required": True,
    "locks": "",
    "requirements_file": "",
    "packages": {},
    "system_packages": [],
    "index_url": "",
    "probes": [],
    "readers": [],
    "environment": {},
    "library_path": [],
    "options": {},
    "shapes": [],
    "needs": {},
    "accept": ["accelerated"],
}

#: What reads the environment in a stack that a probe proves.
READERS: dict[str, tuple[str, ...]] = {
    "onednn": ("loader", "glibc", "libgomp", "onednn"),
    "mkl": ("loader", "glibc", "libiomp5", "mkl"),
    "pytorch": ("loader", "glibc", "libgomp", "onednn", "mkl", "openblas", "pytorch"),
    "tensorflow": ("loader", "glibc", "onednn", "openblas", "tensorflow"),
}


def complete(given: Mapping[str, Any], name: str, known: Sequence[str]) -> dict[str, Any]:
    """A definition with every key, or DnnreadyError that says which stack and key is wrong.

    `known` are the stacks that roles define; it only serves the message.
    """
    if not given:
        raise DnnreadyError(
            f"Unknown stack '{name}' in dnnready_stacks.",
            f"Known here: {', '.join(known) or 'none'}. A stack of your own goes into dnnready_custom_stacks.",
        )
    if not NAME.match(name):
        raise DnnreadyError(
            f"Stack name '{name}' is not usable as a directory name.",
            "Use lower-case letters, digits, '-' and '_', with a letter first.",
        )
    unknown = sorted(set(given) - set(DEFAULTS))
    if unknown:
        raise DnnreadyError(
            f"Stack '{name}' has the unknown key '{unknown[0]}'.", f"Known keys: {', '.join(sorted(DEFAULTS))}."
        )
    definition = {**DEFAULTS, **{key: value for key, value in given.items() if value is not None}, "name": name}
    _check(definition)
    definition["title"] = definition["title"] or name
    if not definition["readers"]:
        readers = [reader for probe in definition["probes"] for reader in READERS[probe]]
        definition["readers"] = sorted(set(readers))
    return definition


def _check(definition: Mapping[str, Any]) -> None:
    name = definition["name"]
    for key, default in DEFAULTS.items():
        value = definition[key]
        if isinstance(default, (dict, list)) and (
            isinstance(value, str) or not isinstance(value, Mapping if isinstance(default, dict) else Sequence)
        ):
            kind = "dictionary" if isinstance(default, dict) else "list"
            raise DnnreadyError(f"Stack '{name}': {key} must be a {kind}, not {value!r}.")
    if definition["source"] not in SOURCES:
        raise DnnreadyError(
            f"Stack '{name}': source is '{definition['source']}'.", f"Choose one of {', '.join(SOURCES)}."
        )
    wrong = [probe for probe in definition["probes"] if probe not in PROBES]
    if wrong or not definition["probes"]:
        raise DnnreadyError(
            f"Stack '{name}': {'unknown probe ' + repr(wrong[0]) if wrong else 'no probe'}.",
            f"A stack is proven by at least one of {', '.join(PROBES)}.",
        )
    if definition["source"] != "distribution" and not (definition["locks"] or definition["requirements_file"]):
        raise DnnreadyError(
            f"Stack '{name}' has no requirements.",
            "Give requirements_file, the path of a hash-locked requirements file.",
        )
