"""Which packages of Debian the owner of a file asks for and are not installed: dpkg-query(1)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..errors import DnnreadyError
from ..process import Completed, run

_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
_TIMEOUT = 30.0
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")


def missing_dependencies(path: str) -> list[str]:
    """Packages that the owner of a file depends on and that are not installed; empty where dpkg knows nothing of it."""
    try:
        owner = _query("--search", path).stdout.split(":", 1)[0].strip()
        if not _NAME.fullmatch(owner):
            return []
        wanted = wishes(_query("--show", "--showformat", "${Pre-Depends}, ${Depends}", owner).stdout)
        return [alternatives[0] for alternatives in wanted if not any(map(_installed, alternatives))]
    except DnnreadyError:
        return []


def wishes(text: str) -> list[list[str]]:
    """`libblas3 | libblas.so.3, libc6 (>= 2.36)` as [[libblas3, libblas.so.3], [libc6]]."""
    found = []
    for part in text.split(","):
        names = [_NAME.match(word.strip()) for word in part.split("|")]
        if any(names):
            found.append([match.group() for match in names if match])
    return found


def _installed(name: str) -> bool:
    """Whether a package, or one that provides it, is installed."""
    if _abbreviation("${db:Status-Abbrev}", name).startswith("ii"):
        return True
    provided = _query("--show", "--showformat", "${db:Status-Abbrev} ${Provides}\n").stdout
    pattern = re.compile(rf"^ii .*(?<![\w.+-]){re.escape(name)}(?![\w.+-])", re.MULTILINE)
    return pattern.search(provided) is not None


def _abbreviation(form: str, name: str) -> str:
    return _query("--show", "--showformat", form, name).stdout


def _query(*arguments: str) -> Completed:
    words: Sequence[str] = ("dpkg-query", *arguments)
    return run(words, env=_ENVIRONMENT, timeout=_TIMEOUT)
