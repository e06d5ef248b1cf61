"""The bill of materials of a depot: CycloneDX 1.6 as JSON. https://cyclonedx.org/docs/1.6/json/

It says nothing that the files do not determine (no time, a serial number from its own content), so that it changes
with them alone.
"""

from __future__ import annotations

import json
import urllib.parse
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..depot.manifest import Entry
from ..files import canonical_json
from .licences import of_wheel

#: Of the serial numbers, which are UUIDs of version 5.
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://cyclonedx.org/schema/bom-1.6.schema.json#dnnready-depot")
_DEBIAN = {"x86_64": "amd64", "aarch64": "arm64", "any": "all"}


def render(entries: Iterable[Entry], depot: Path) -> str:
    """The document about the wheels and packages among the entries; licences are read from the wheels in `depot`."""
    components = [
        _component(entry, depot)
        for entry in sorted(entries, key=lambda entry: entry.path)
        if entry.kind in ("wheel", "package")
    ]
    content = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "data", "bom-ref": "depot", "name": "dnnready-depot"}},
        "components": components,
    }
    serial = uuid.uuid5(_NAMESPACE, canonical_json(content))
    return json.dumps({**content, "serialNumber": f"urn:uuid:{serial}"}, indent=1, sort_keys=True) + "\n"


def _component(entry: Entry, depot: Path) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": entry.path,
        "name": entry.name,
        "version": entry.version,
        "purl": purl(entry),
        "hashes": [{"alg": "SHA-256", "content": entry.sha256}],
        "properties": [
            {"name": "dnnready:path", "value": entry.path},
            {"name": "dnnready:bytes", "value": str(entry.bytes)},
            {"name": "dnnready:architecture", "value": entry.architecture},
            *({"name": "dnnready:stack", "value": stack} for stack in entry.stacks),
        ],
    }
    licences = of_wheel(depot / entry.path) if entry.kind == "wheel" else []
    return {**component, "licenses": licences} if licences else component


def purl(entry: Entry) -> str:
    """The package URL of a file. https://github.com/package-url/purl-spec: types pypi and deb."""
    directory, _, file = entry.path.rpartition("/")
    name, version, file = (urllib.parse.quote(text, safe="") for text in (entry.name, entry.version, file))
    if entry.kind == "wheel":
        return f"pkg:pypi/{name}@{version}?file_name={file}"
    codename = directory.rpartition("/")[2].rpartition("-")[0]
    return f"pkg:deb/debian/{name}@{version}?arch={_DEBIAN[entry.architecture]}&distro={codename}"
