"""Versions and requirements of Python packages (PEP 440, PEP 508), as far as the standard library goes.

What cannot be decided for sure is None, "not known": epochs, arbitrary equality, markers and extras.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

_VERSION = re.compile(
    r"v?(?P<release>\d+(?:\.\d+)*)(?:[-_.]?(?P<pre>a|b|c|rc|alpha|beta|pre|preview)[-_.]?(?P<pre_number>\d*))?"
    r"(?:-(?P<post_short>\d+)|[-_.]?(?P<post>post|rev|r)[-_.]?(?P<post_number>\d*))?"
    r"(?:[-_.]?(?P<dev>dev)[-_.]?(?P<dev_number>\d*))?(?:\+(?P<local>[a-z0-9._-]+))?",
    re.IGNORECASE,
)
_PHASE = {"a": 0, "alpha": 0, "b": 1, "beta": 1, "c": 2, "rc": 2, "pre": 2, "preview": 2}
_FINAL = (9, 0)
_REQUIREMENT = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][\w.-]*)\s*(?P<extras>\[[^]]*])?\s*(?:\((?P<inner>[^)]*)\)|(?P<outer>[^;@]*))\s*"
    r"(?P<url>@[^;]*)?(?:;(?P<marker>.*))?\s*",
    re.DOTALL,
)
_CLAUSE = re.compile(r"\s*(===|==|!=|<=|>=|~=|<|>)\s*([^\s,]+)\s*")

Key = tuple[tuple[int, ...], tuple[int, int], int, int]


def canonical(name: str) -> str:
    """The one spelling of a distribution's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def key(version: str) -> Optional[Key]:
    """Sorts versions without their local part; None for what is no version, or has an epoch."""
    match = _VERSION.fullmatch(version.strip())
    if match is None:
        return None
    release = [int(part) for part in match["release"].split(".")]
    while release and not release[-1]:
        release.pop()
    after = match["post"] is not None or match["post_short"] is not None
    post = int(match["post_number"] or match["post_short"] or 0) if after else -1
    if match["pre"]:
        before = (_PHASE[match["pre"].lower()], int(match["pre_number"] or 0))
    else:
        # A development release comes before the pre-releases of its version, unless it is one of a post-release.
        before = (-1, 0) if match["dev"] and not after else _FINAL
    development = int(match["dev_number"] or 0) if match["dev"] else 1 << 60
    return tuple(release), before, post, development


@dataclass(frozen=True)
class Requirement:
    """A line of Requires-Dist."""

    name: str
    clauses: tuple[tuple[str, str], ...]
    marker: str
    extras: str
    text: str


def requirement(line: str) -> Optional[Requirement]:
    """A requirement, None for what is none, or what names a URL."""
    match = _REQUIREMENT.fullmatch(line)
    if match is None or match["url"]:
        return None
    wanted = (match["inner"] if match["inner"] is not None else match["outer"]).strip()
    clauses = []
    for part in filter(None, wanted.split(",")):
        clause = _CLAUSE.fullmatch(part)
        if clause is None:
            return None
        clauses.append((clause[1], clause[2]))
    marker = (match["marker"] or "").strip()
    return Requirement(canonical(match["name"]), tuple(clauses), marker, match["extras"] or "", line.strip())


def satisfied(version: str, clauses: tuple[tuple[str, str], ...]) -> Optional[bool]:
    """Whether a version fits all clauses."""
    answers = [_one(version, operator, wanted) for operator, wanted in clauses]
    if False in answers:
        return False
    return None if None in answers else True


def _one(version: str, operator: str, wanted: str) -> Optional[bool]:
    series = wanted.endswith(".*")
    have, limit = key(version), key(wanted[:-2] if series else wanted)
    if have is None or limit is None or operator == "===" or (series and operator not in ("==", "!=")):
        return None
    if operator in ("==", "!="):
        if series:
            equal = _starts(version, wanted[:-2])
        else:
            equal = version.lower() == wanted.lower() if "+" in wanted else have == limit
        return equal == (operator == "==")
    if operator == "~=":
        return have >= limit and _starts(version, wanted.rpartition(".")[0])
    return _ordered(have, operator, limit)


def _ordered(have: Key, operator: str, limit: Key) -> bool:
    if operator == "<":
        # "<2" excludes the pre-releases of 2 as well.
        return have < limit and not (have[0] == limit[0] and limit[1:3] == (_FINAL, -1))
    if operator == ">":
        # ">1.7" excludes 1.7.post1.
        return have > limit and not (have[0] == limit[0] and have[2] >= 0 > limit[2])
    return have <= limit if operator == "<=" else have >= limit


def _starts(version: str, prefix: str) -> bool:
    def release(text: str) -> list[int]:
        match = _VERSION.fullmatch(text.strip())
        return [int(part) for part in match["release"].split(".")] if match else []

    wanted = release(prefix)
    have = release(version)
    have += [0] * (len(wanted) - len(have))
    return have[: len(wanted)] == wanted


def applies(marker: str, values: dict[str, str]) -> Optional[bool]:
    """Whether a marker of comparisons joined by `and` holds; None for anything else (or, parentheses, extra)."""
    if not marker:
        return True
    if re.search(r"\bor\b|[()]|\bextra\b", marker):
        return None
    answers = [_comparison(part.strip(), values) for part in re.split(r"\band\b", marker)]
    if False in answers:
        return False
    return None if None in answers else True


def _comparison(text: str, values: dict[str, str]) -> Optional[bool]:
    match = re.fullmatch(r"(\w+)\s*(==|!=|<=|>=|<|>)\s*['\"]([^'\"]*)['\"]", text)
    if match is None or match[1] not in values:
        return None
    name, operator, wanted = match.groups()
    if name in ("python_version", "python_full_version"):
        return _one(values[name], operator, wanted)
    if operator not in ("==", "!="):
        return None
    return (values[name] == wanted) == (operator == "==")
