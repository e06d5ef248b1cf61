"""A plan as a reader of `--diff` sees it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..depot.manifest import Entry
from .plan import Plan


def listing(directory: Path, plan: Plan) -> dict[str, str]:
    """Before and after, one line a file: its path, bytes and the beginning of its digest."""
    before = plan.before.files if plan.before else ()
    fetched = {entry.path for entry in plan.absent}
    kept = [entry for entry in before if entry.kind in ("wheel", "package", "project")]
    return {
        "before_header": str(directory),
        "after_header": str(directory),
        # What is named and not there whole is no content.
        "before": _lines(entry for entry in kept if entry.path not in fetched)
        + _lines_of(path for path in plan.superfluous if path not in {entry.path for entry in kept}),
        "after": _lines([*plan.entries, *(one.entry for one in plan.archives)])
        + _lines_of(f"a new manifest, because {reason}" for reason in plan.reasons),
    }


def _lines(entries: Iterable[Entry]) -> str:
    rows = sorted((entry.path, entry.bytes, entry.sha256[:12]) for entry in entries)
    return _lines_of(f"{path} {size} bytes sha256:{digest}…" for path, size, digest in rows)


def _lines_of(rows: Iterable[str]) -> str:
    return "".join(f"{row}\n" for row in rows)
