"""Takes secrets out of texts, documents and environments before they enter a bundle.

It rather takes too much than too little: what stands after a telling name goes to the end of its line. Values of
variables are shown for the environment catalogue alone; of all others a bundle has the names.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from ..environment import catalogue

REDACTED = "[redacted]"
NOT_SHOWN = "[value not shown]"

#: Words in names that may announce a secret, for a quick search in lower case; `secret_name` decides.
_STEM = re.compile(
    r"token|secret|passwo?r?d|passphrase|passcode|pwd|credential|cookie|signature|session|auth|cert|key|dsn|pass"
)
_SECRET = re.compile(
    r"token(?!iz)|secret|passwo?r?d|passphrase|passcode|credential|cookie|[_-]signature|session[_-]?id"
    r"|auth(?!or(?!i))|cert(?!ain|ifi\b)|key(?!err|board|word|stroke)|dsn(?![a-z])|pwd|[_-]pass$",
    re.IGNORECASE,
)
_DIRECTORIES = frozenset(("PWD", "OLDPWD"))
#: A secret shorter than this is removed where its name stands, and not wherever its letters occur.
_LITERAL = 8

_REST = re.compile(r"[\w-]*")
_BETWEEN = re.compile(r"\\?[\"']?\]?[ \t]*(?:=>|[=:>])[ \t]*")
_SPACE = re.compile(r"[ \t]+")
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}  # str.lower may change the length
#: To the end of the line; a quoted value may have several lines.
_VALUE = re.compile(r"(?:\"(?:\\.|[^\"\\]){0,8000}\"|'(?:\\.|[^'\\]){0,8000}')?[^\n]*", re.DOTALL)
_UNKNOWN = re.compile(
    r"(?<![\w-])(?P<name>[A-Z_][A-Z0-9_]{2,})(?P<between>=[\"']?)(?P<value>[\w+/=.~-]{20,})", re.ASCII
)

#: Secrets that are known by their looks, wherever they stand. The group `keep` stays.
_SHAPES = tuple(
    re.compile(pattern)
    for pattern in (
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----(?s:.)*?(?:-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----|\Z)",
        # A line of a key whose first line is not there. A digest in hexadecimal has no capitals.
        r"(?<!\S)(?=[^\s]*[a-z])(?=[^\s]*[A-Z])(?=[^\s]*[0-9])[A-Za-z0-9+/]{60,}={0,2}(?!\S)",
        r"(?P<keep>://)[^\s\"'<>]+(?=@)",
        r"(?P<keep>[?&]sig=)[^\s&]+",
        r"(?i:(?P<keep>\bbearer[ \t]+))[^\s\"']+",
        r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",
        r"gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|hf_[A-Za-z0-9]{16,}|npm_[A-Za-z0-9]{30,}",
        r"xox[a-z]-[\w-]{8,}|sk-[\w-]{16,}|AIza[\w-]{30,}|ya29\.[\w-]{8,}|pypi-[\w-]{32,}|dop_v1_\w{32,}",
        r"eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?",
    )
)
_PASSWORD = re.compile(r"://[^\s/:@]*:([^\s/@]+)@")
_RANDOM_BITS = 3.5
_DIGEST = re.compile(r"SHA|COMMIT|DIGEST|HASH|REVISION|BUILD_?ID", re.IGNORECASE)
_HEXADECIMAL = re.compile(r"[0-9a-f]{32,}|[0-9A-F]{32,}")


def secret_name(name: str) -> bool:
    """Whether a variable, key or option of this name may hold a secret. PWD is the working directory."""
    return bool(_SECRET.search(name)) and name not in _DIRECTORIES and catalogue.find(name) is None


def looks_random(value: str) -> bool:
    """Whether a value is long and without any order, as keys and tokens are."""
    if _HEXADECIMAL.fullmatch(value):
        return True
    kinds = sum(any(map(kind, value)) for kind in (str.islower, str.isupper, str.isdigit))
    counts = Counter(value).values()
    bits = -sum(count / len(value) * math.log2(count / len(value)) for count in counts)
    return kinds == len(("lower", "upper", "digit")) and bits >= _RANDOM_BITS


class Redactor:
    """Redacts texts; knows the secrets of the environments that it was shown."""

    def __init__(self) -> None:
        self._literals: set[str] = set()

    def learn(self, environment: Mapping[str, str]) -> None:
        """Remember the secrets of an environment, to find them wherever a program repeats them."""
        for name, value in environment.items():
            pieces = [match[1] for match in _PASSWORD.finditer(value)]
            if value and catalogue.find(name) is None and (secret_name(name) or looks_random(value)):
                pieces += [value, *value.splitlines(), *value.split()]
            self._literals.update(piece for piece in pieces if len(piece) >= _LITERAL)

    def text(self, text: str) -> str:
        """A text without secrets."""
        for literal in sorted(self._literals, key=len, reverse=True):
            text = text.replace(literal, REDACTED)
        for shape in _SHAPES:
            text = shape.sub(_keep, text)
        return _UNKNOWN.sub(_unknown, _without_values(text))

    def environment(self, variables: Mapping[str, Any]) -> dict[str, str]:
        """Variables by name: values of the catalogue's stay, of all others the names."""
        return {
            name: self.text(str(value)) if catalogue.find(name) else NOT_SHOWN
            for name, value in sorted(variables.items())
        }

    def document(self, document: Any, under_secret: bool = False) -> Any:
        """A JSON document without secrets; what is called `environment` is read as one."""
        if isinstance(document, Mapping):
            return {
                self.text(str(key)): self.environment(value)
                if key == "environment" and isinstance(value, Mapping)
                else self.document(value, under_secret or secret_name(str(key)))
                for key, value in document.items()
            }
        if isinstance(document, (list, tuple)):
            return [self.document(item, under_secret) for item in document]
        if isinstance(document, bool) or document is None:
            return document
        if under_secret:
            return REDACTED
        return self.text(document) if isinstance(document, str) else document


def _keep(match: re.Match[str]) -> str:
    return f"{match.groupdict().get('keep') or ''}{REDACTED}"


def _without_values(text: str) -> str:
    """A text without what follows the names of secrets, as `NAME=value`, `"name": "value"` or `--name value`."""
    pieces, place, lower = [], 0, text.translate(_LOWER)
    stem = _STEM.search(lower)
    while stem:
        start, end = stem.start(), _end(_REST, text, stem.end())
        while start > place and (text[start - 1].isalnum() or text[start - 1] in "_-"):
            start -= 1
        option = text[start] == "-" and (start == 0 or text[start - 1].isspace())
        after = _end(_BETWEEN, text, end)
        if after == end and option:
            after = _end(_SPACE, text, end)
        if after > end and secret_name(text[start:end]):
            pieces += [text[place:after], REDACTED]
            place = end = _end(_VALUE, text, after)
        stem = _STEM.search(lower, end)
    return "".join([*pieces, text[place:]])


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    """Where a pattern ends that is matched at a place; the place itself where it does not match."""
    match = pattern.match(text, start)
    return match.end() if match else start


def _unknown(match: re.Match[str]) -> str:
    if catalogue.find(match["name"]) or _DIGEST.search(match["name"]) or not looks_random(match["value"]):
        return match[0]
    return f"{match['name']}{match['between']}{REDACTED}"
