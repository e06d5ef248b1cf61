"""Hash-locked requirements: what a lock pins, for whom, and why a text is no lock.

A lock is a requirements file as pip reads it, in which every line is a pinned version with its hashes. Comments carry
what pip does not need and a plan does: `# dnnready: python=cp311 architecture=x86_64 glibc=2.28 download_bytes=…`
before everything, and the file name and size of the wheel before each line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Optional

from ..errors import DnnreadyError
from ..files import sha256_text

_HEADER = re.compile(r"#\s*dnnready:\s*(.*)")
_WHEEL = re.compile(r"#\s*(\S+\.whl)(?:\s+([0-9]+))?\s*\Z")
_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*"
    r"===?\s*(?P<version>[A-Za-z0-9.!+_-]+)\s*(?:;\s*(?P<marker>.*))?\Z"
)
_HASH = re.compile(r"\s--hash[=\s]\s*(\S+)")
_DIGEST = re.compile(r"(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})\Z")
_HOW = "Make it with `uv pip compile --generate-hashes --no-emit-index-url` or `pip-compile --generate-hashes`."


@dataclass(frozen=True)
class Requirement:
    """One pinned line."""

    name: str  #: as PEP 503 normalizes it
    version: str
    hashes: tuple[str, ...]  #: "sha256:…"
    marker: str = ""
    wheel: str = ""  #: file name, where the lock says it
    size: Optional[int] = None  #: bytes of that file


@dataclass(frozen=True)
class Lock:
    """What a lock pins and for whom."""

    requirements: tuple[Requirement, ...]
    sha256: str
    facts: Mapping[str, str] = field(default_factory=dict)  #: of the header

    @property
    def tag(self) -> str:
        """The Python that it serves: cp311, or any."""
        return self.facts.get("python", "any")

    @property
    def architecture(self) -> str:
        """The architecture that it serves, or any."""
        return self.facts.get("architecture", "any")

    @property
    def glibc(self) -> str:
        """The oldest glibc that its wheels run on; empty where that is not known."""
        return self.facts.get("glibc", "")

    @property
    def download_bytes(self) -> Optional[int]:
        """The size of all its wheels, where that is known."""
        size = self.facts.get("download_bytes", "")
        return int(size) if size.isdigit() else None

    @property
    def listed(self) -> bool:
        """Whether it leaves out declared dependencies on purpose, so that pip must not look for them."""
        return self.facts.get("dependencies") == "listed"


def normalize(name: str) -> str:
    """The one spelling of a distribution's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def digest(text: str) -> str:
    """The SHA-256 of a lock's text; white space at its end, which lookups drop, does not count."""
    return sha256_text(text.rstrip() + "\n")


def describe(text: str, origin: str = "requirements") -> Lock:
    """Read a lock, or say with DnnreadyError which line keeps the text from being one.

    `origin` names the text in the message. Refused is what would make two builds differ, or fetch something that no
    hash covers: lines without an exact version or a hash, `-e`, URLs and paths, options, nested files.
    """
    facts: dict[str, str] = {}
    requirements: list[Requirement] = []
    seen: set[tuple[str, str]] = set()
    wheel: tuple[str, Optional[int]] = ("", None)
    for number, line in _logical_lines(text):
        where = f"{origin}, line {number}"
        if line.startswith("#"):
            header = _HEADER.match(line)
            if header and not facts:
                facts = _facts(header.group(1), where)
            named = _WHEEL.match(line)
            if named:
                wheel = (named.group(1), int(named.group(2)) if named.group(2) else None)
            continue
        requirement = _requirement(line, where, wheel)
        key = (requirement.name, requirement.marker)
        if key in seen:
            raise DnnreadyError(f"{where}: {requirement.name} is there twice.", "Keep one of the two lines.")
        seen.add(key)
        requirements.append(requirement)
        wheel = ("", None)
    if not requirements:
        raise DnnreadyError(f"{origin}: nothing is required here.", _HOW)
    return Lock(requirements=tuple(requirements), sha256=digest(text), facts=facts)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines as pip joins them, each with the number of its first physical line; no empty ones."""
    joined, first = "", 0
    for number, physical in enumerate(text.splitlines(), start=1):
        line = physical.strip()
        first = first or number
        if line.startswith("#") and not joined:
            yield number, line
            first = 0
            continue
        if line.endswith("\\"):
            joined += line[:-1] + " "
            continue
        joined = re.sub(r"(^|\s)#.*\Z", "", joined + line).strip()
        if joined:
            yield first, joined
        joined, first = "", 0
    if joined.strip():
        yield first, joined.strip()


def _facts(words: str, where: str) -> dict[str, str]:
    facts: dict[str, str] = {}
    for word in words.split():
        key, equals, value = word.partition("=")
        if not equals:
            raise DnnreadyError(f"{where}: '{word}' is not of the form key=value.", "Make the lock again.")
        facts[key] = value
    return facts


def _requirement(line: str, where: str, wheel: tuple[str, Optional[int]]) -> Requirement:
    if line.startswith("-"):
        option = re.split(r"[\s=]", line, maxsplit=1)[0]
        raise DnnreadyError(
            f"{where}: the option {option} does not belong into a lock.",
            "Indexes belong into pip's configuration or index_url; editable and nested requirements cannot be locked.",
        )
    if "://" in line or re.search(r"\s@\s", line) or line.startswith((".", "/")):
        raise DnnreadyError(f"{where}: '{line}' is taken from a URL or path.", f"Pin a version. {_HOW}")
    specifier = _HASH.sub("", line).strip()
    found = _REQUIREMENT.match(specifier)
    if not found:
        raise DnnreadyError(f"{where}: '{specifier}' is not pinned to one version with '=='.", _HOW)
    hashes = tuple(_HASH.findall(line))
    if not hashes:
        raise DnnreadyError(f"{where}: '{specifier}' has no hash.", _HOW)
    for value in hashes:
        if not _DIGEST.match(value):
            raise DnnreadyError(f"{where}: '{value}' is not a SHA-256, SHA-384 or SHA-512 hash.", _HOW)
    return Requirement(
        name=normalize(found.group("name")),
        version=found.group("version"),
        hashes=hashes,
        marker=(found.group("marker") or "").strip(),
        wheel=wheel[0],
        size=wheel[1],
    )
