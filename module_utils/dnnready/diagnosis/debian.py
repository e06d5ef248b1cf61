"""Which packages of Debian the owner of a file asks for and are not installed: dpkg-query(1)."""

from __future__ import annotations

import re

from ..errors import DnnreadyError
from ..process import run

_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
_TIMEOUT = 30.0
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")


def missing_dependencies(path: str) -> list[str]:
    """Packages that the owner of a file depends on and that are not installed; empty where dpkg knows nothing of it."""
    try:
        owner = _owner(path)
        if not owner:
            return []
        there = _installed()
        wanted = wishes(_query("--show", "--showformat", "${Pre-Depends}, ${Depends}", owner))
        return [alternatives[0] for alternatives in wanted if not there.intersection(alternatives)]
    except DnnreadyError:
        return []


def _owner(path: str) -> str:
    """The package of a file, which may be registered where it was before /lib became a link to /usr/lib."""
    for name in (path, f"/usr{path}", path[len("/usr") :] if path.startswith("/usr/") else ""):
        owner = _query("--search", name).split(":", 1)[0].strip() if name else ""
        if _NAME.fullmatch(owner):
            return owner
    return ""


def wishes(text: str) -> list[list[str]]:
    """`libblas3 | libblas.so.3, libc6 (>= 2.36)` as [[libblas3, libblas.so.3], [libc6]]."""
    found = []
    for part in text.split(","):
        names = [_NAME.match(word.strip()) for word in part.split("|")]
        if any(names):
            found.append([match.group() for match in names if match])
    return found


def _installed() -> set[str]:
    """Names of the packages that are installed, and what they provide."""
    found: set[str] = set()
    for line in _query("--show", "--showformat", "${db:Status-Abbrev} ${Package}, ${Provides}\n").splitlines():
        if line.startswith("ii "):
            found.update(name for alternatives in wishes(line[3:]) for name in alternatives)
    return found


def _query(*arguments: str) -> str:
    return run(("dpkg-query", *arguments), env=_ENVIRONMENT, timeout=_TIMEOUT).stdout
