"""What dnnready keeps of a stack: its manifest, proof and environment, and what was left by builds that failed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ..conv2d import stored
from ..errors import DnnreadyError
from ..files import read_json
from . import limits
from .bundle import Bundle
from .units import shown

_LOG_BYTES = 1 << 20
_FAILED_LOGS = 3


def fill(bundle: Bundle, folder: str, root: Path, release: str) -> str:
    """Add the documents of a stack in `root`; the text of its newest failed build, for the explanation."""
    if release:
        for name in ("manifest.json", stored.PROOF):
            _document(bundle, f"{folder}/{name}", Path(release) / name)
        bundle.part(f"variables of {release}", _environment(bundle, folder, release), 10)
        for path in sorted((Path(release) / "log").glob("*.log")):
            bundle.part(str(path), _log(bundle, f"{folder}/log/{path.name}", path), 10)
    if (root / "progress.json").exists():
        _document(bundle, f"{folder}/progress.json", root / "progress.json")
    failed = sorted((root / "failed").glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in failed[_FAILED_LOGS:]:
        bundle.leave_out(str(path), f"only the newest {_FAILED_LOGS} logs of failed builds are taken")
    for path in failed[:_FAILED_LOGS]:
        bundle.part(str(path), _log(bundle, f"{folder}/failed/{path.name}", path), 10)
    return limits.read(str(failed[0]), _LOG_BYTES)[0] if failed else ""


def _document(bundle: Bundle, member: str, path: Path) -> None:
    def add() -> None:
        document = read_json(path)
        if document is None:
            raise DnnreadyError("There is no such file.")
        bundle.document(member, document, path.name, str(path))

    bundle.part(str(path), add, 10)


def _environment(bundle: Bundle, folder: str, release: str) -> Callable[[], None]:
    def add() -> None:
        text = "".join(f"{line}\n" for line in shown(bundle, stored.variables(release)))
        bundle.text(f"{folder}/environment.txt", text, "variables of the release", os.path.join(release, "environment"))

    return add


def _log(bundle: Bundle, member: str, path: Path) -> Callable[[], None]:
    def add() -> None:
        text, cut = limits.read(str(path), _LOG_BYTES)
        bundle.text(member, text, "log of a build", str(path), truncated=cut)

    return add
