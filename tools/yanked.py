"""Which locked versions their makers have taken back (PEP 592): locks/yanked.txt, and how to ask an index.

An index answers as PEP 691 says, JSON with `yanked` for each file. pip's index and extra indexes are asked.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Optional

from pip._internal.models.index import PyPI  # what pip asks where nothing is configured

from tools.lock_resolver import LockError, pip_settings

FILE = "yanked.txt"
HEAD = "# Locked versions that were yanked, as name==version reason. Written by `python tools/lock.py --yanked`.\n"
ACCEPT = "application/vnd.pypi.simple.v1+json"
Known = dict[tuple[str, str], str]


def read(path: Path) -> Known:
    """Reasons (may be empty) by name and version; LockError for a line that is neither comment nor pin."""
    known: Known = {}
    if not path.is_file():
        return known
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        pin, _, reason = line.strip().partition(" ")
        if not pin or pin.startswith("#"):
            continue
        name, equals, version = pin.partition("==")
        if not (name and equals and version):
            raise LockError(f"{path}, line {number}: '{line}' is not of the form name==version reason")
        known[name, version] = reason.strip()
    return known


def write(path: Path, known: Mapping[tuple[str, str], str]) -> None:
    """The list, sorted."""
    lines = [f"{name}=={version} {reason}".rstrip() for (name, version), reason in sorted(known.items())]
    path.write_text(HEAD + "".join(f"{line}\n" for line in lines), encoding="utf-8")


def ask(files: Mapping[str, tuple[str, str]]) -> tuple[Known, set[tuple[str, str]]]:
    """What was yanked of the wheels (file name to name and version), and those that no index tells of."""
    found: Known = {}
    told: set[str] = set()
    for index in _indexes():
        for name in sorted({name for file, (name, _) in files.items() if file not in told}):
            for entry in _files(index, name):
                file = str(entry.get("filename", ""))
                if file in files:
                    told.add(file)
                    if entry.get("yanked"):
                        found[files[file]] = _reason(entry["yanked"])
    return found, {pin for file, pin in files.items() if file not in told}


def _reason(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _indexes() -> Iterable[str]:
    """pip's indexes that answer over HTTP; find-links and files know of nothing yanked."""
    done = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    settings = pip_settings(done.stdout)
    urls = [*settings.get("index-url", [PyPI.simple_url]), *settings.get("extra-index-url", [])]
    return [url.rstrip("/") for url in urls if url.startswith(("http://", "https://"))]


def _files(index: str, name: str) -> list[dict[str, Any]]:
    request = urllib.request.Request(f"{index}/{urllib.parse.quote(name)}/", headers={"Accept": ACCEPT})  # noqa: S310 - pip's own index
    document: Optional[Any] = None
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - pip's own index
            if "json" in answer.headers.get("Content-Type", ""):
                document = json.loads(answer.read())
    except (OSError, ValueError):
        return []
    found = document.get("files") if isinstance(document, dict) else None
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
