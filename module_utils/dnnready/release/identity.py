"""What a release is, and the digest that names it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..errors import DnnreadyError
from ..files import canonical_json, sha256_text

STACK = re.compile(r"[a-z][a-z0-9_-]{0,62}\Z")
IDENTIFIER = re.compile(r"[0-9a-f]{16}\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
#: Debian Policy 5.6.1: the grammar of a package name.
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_TYPES: dict[str, type] = {
    "stack": str,
    "id": str,
    "source": str,
    "python": str,
    "tag": str,
    "lock_sha256": str,
    "packages": list,
    "environment": dict,
    "probes": list,
    "options": dict,
    "library_path": list,
}


def identity(spec: Mapping[str, Any], host: Mapping[str, Any]) -> str:
    """The id of the release that a spec makes on a host: 16 hexadecimal digits.

    Equal ids mean equal releases: the spec (less its own id), the architecture and the libc are all that a build
    depends on, so nothing that changes by itself, such as a time, goes in.
    """
    made_of = {
        "spec": {key: value for key, value in spec.items() if key != "id"},
        "architecture": host["cpu"]["architecture"],
        "libc": {"name": host["libc"]["name"], "version": host["libc"]["version"]},
    }
    return sha256_text(canonical_json(made_of))[:16]


def validate(spec: Mapping[str, Any]) -> None:
    """Refuse a release spec that does not say clearly what to build, with DnnreadyError.

    Stack and id become directory names, `python` is executed, names of packages and variables go onto command lines
    and into files: everything is checked before anything is touched.
    """
    for key, kind in _TYPES.items():
        if not isinstance(spec.get(key), kind):
            raise _wrong(spec, f"{key} must be a {kind.__name__}, not {spec.get(key)!r}")
    _strings(spec)
    if not IDENTIFIER.match(spec["id"]):
        raise _wrong(spec, f"id must be 16 hexadecimal digits, not {spec['id']!r}")
    if not spec["python"].startswith("/"):
        raise _wrong(spec, f"python must be an absolute path, not {spec['python']!r}")
    if spec["source"] == "wheel":
        if not _SHA256.match(spec["lock_sha256"]):
            raise _wrong(spec, "source wheel needs lock_sha256, the SHA-256 of the requirements")
    elif spec["source"] != "distribution":
        raise _wrong(spec, f"source must be wheel or distribution, not {spec['source']!r}")
    for path in spec["library_path"]:
        if path.startswith("/") or ".." in path.split("/"):
            raise _wrong(spec, f"library_path must stay inside the release, not {path!r}")


def _strings(spec: Mapping[str, Any]) -> None:
    if not STACK.match(spec["stack"]):
        raise _wrong(spec, "a stack name has lower-case letters, digits, '-' and '_', with a letter first")
    for key in ("packages", "probes", "library_path"):
        for item in spec[key]:
            if not isinstance(item, str):
                raise _wrong(spec, f"{key} must be a list of strings, not {item!r}")
    for name in spec["packages"]:
        if not _PACKAGE.match(name):
            raise _wrong(spec, f"{name!r} is not the name of a distribution package")
    for name, value in spec["environment"].items():
        if not isinstance(name, str) or not _VARIABLE.match(name):
            raise _wrong(spec, f"{name!r} is not the name of an environment variable")
        if not isinstance(value, str):
            raise _wrong(spec, f"the value of {name} must be a string, not {value!r}")


def _wrong(spec: Mapping[str, Any], what: str) -> DnnreadyError:
    return DnnreadyError(f"Release spec of stack {spec.get('stack')!r}: {what}.")
