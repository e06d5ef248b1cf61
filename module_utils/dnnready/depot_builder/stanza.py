"""Paragraphs of Debian control files, as apt prints them and as an index of a flat repository has them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..errors import DnnreadyError


@dataclass(frozen=True)
class Package:
    """A .deb file, as the archive's signed index describes it."""

    name: str
    version: str
    architecture: str  #: amd64, arm64 or all
    file: str  #: its name in the archive's pool and in the depot
    bytes: int
    sha256: str
    stanza: str  #: its paragraph


def paragraphs(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Each paragraph with its fields; a field that goes over several lines keeps its first line."""
    for part in text.split("\n\n"):
        lines = [line for line in part.split("\n") if line.strip()]
        fields: dict[str, str] = {}
        for line in lines:
            key, colon, value = line.partition(":")
            if colon and not line.startswith((" ", "\t")):
                fields.setdefault(key.lower(), value.strip())
        if fields:
            yield "\n".join(lines), fields


def packages(text: str, wanted: Mapping[str, str]) -> list[Package]:
    """The packages of `apt-cache show` whose version is the wanted one (name to version), once each, by file name."""
    found: dict[str, Package] = {}
    for stanza, fields in paragraphs(text):
        name, version = fields.get("package", ""), fields.get("version", "")
        if wanted.get(name) != version or name in found:
            continue
        try:
            found[name] = Package(
                name=name,
                version=version,
                architecture=fields["architecture"],
                file=posixpath.basename(fields["filename"]),
                bytes=int(fields["size"]),
                sha256=fields["sha256"],
                stanza=stanza,
            )
        except (KeyError, ValueError) as error:
            raise DnnreadyError(
                f"apt does not tell the {error} of {name} {version}.",
                "The package must come from an archive whose index has Filename, Size and SHA256.",
            ) from error
    absent = sorted(set(wanted) - set(found))
    if absent:
        raise DnnreadyError(f"apt does not describe {', '.join(absent)}.", "Run again: its lists may have changed.")
    return sorted(found.values(), key=lambda package: package.file)


def index(chosen: Iterable[Package]) -> str:
    """The file Packages of a flat repository that holds these files beside it."""
    stanzas = []
    for package in chosen:
        lines = [
            f"Filename: ./{package.file}" if line.lower().startswith("filename:") else line
            for line in package.stanza.split("\n")
        ]
        stanzas.append("\n".join(lines) + "\n")
    return "\n".join(stanzas)
