"""The licence that a wheel states about itself."""

from __future__ import annotations

import email.parser
import re
import zipfile
from pathlib import Path
from typing import Any, Optional

_CLASSIFIER = "License :: "
#: Longer texts in the field License are the licence itself, not its name.
_LONGEST_NAME = 80
#: A simple or compound SPDX expression, as Core Metadata 2.4 (PEP 639) has it in License-Expression.
_EXPRESSION = re.compile(r"[A-Za-z0-9.+() :-]+\Z")


def of_wheel(path: Path) -> list[dict[str, Any]]:
    """The `licenses` of a CycloneDX component; empty where the wheel's METADATA names none or is not there."""
    metadata = _metadata(path)
    if metadata is None:
        return []
    message = email.parser.HeaderParser().parsestr(metadata)
    expression = str(message.get("License-Expression") or "").strip()
    if expression and _EXPRESSION.match(expression):
        return [{"expression": expression}]
    stated = " ".join(str(message.get("License") or "").split())
    if stated and stated.upper() != "UNKNOWN" and len(stated) <= _LONGEST_NAME:
        return [{"license": {"name": stated}}]
    classifiers = [str(value) for value in message.get_all("Classifier") or []]
    names = sorted({value.rsplit(" :: ", 1)[-1] for value in classifiers if value.startswith(_CLASSIFIER)})
    return [{"license": {"name": name}} for name in names]


def _metadata(path: Path) -> Optional[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if re.fullmatch(r"[^/]+\.dist-info/METADATA", name):
                    return archive.read(name).decode("utf-8", "replace")
    except (OSError, zipfile.BadZipFile):
        return None
    return None
