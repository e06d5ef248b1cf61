"""Which distribution packages a host is asked for before there is a plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def packages(definitions: Mapping[str, Any]) -> list[str]:
    """Everything that one of these stacks may need, on whatever release of the distribution, each name once.

    What is no list of names is left out: the plan says what is wrong with a definition.
    """
    names = ["python3-venv"]
    for definition in definitions.values():
        if isinstance(definition, Mapping):
            by_release = definition.get("packages")
            lists = [*by_release.values()] if isinstance(by_release, Mapping) else []
            for given in (definition.get("system_packages"), *lists):
                names += [name for name in given if isinstance(name, str)] if isinstance(given, list) else []
    return list(dict.fromkeys(names))
