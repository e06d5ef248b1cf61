"""A bundle while it is filled: members, the index of what is in it, and what was left out and why."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import time
from collections.abc import Callable
from typing import Any, Optional

from ..errors import DnnreadyError
from . import limits
from .redact import Redactor

SCHEMA = "dnnready/bundle/1"
#: No member is larger, so that one talkative program does not push the others out.
MEMBER_BYTES = 2 << 20
#: What tar adds to a member, and what is kept free for the index.
_HEADER, _INDEX = 1024, 256 << 10
_LEAST = 4096
_MOST_LINES = 500


class Bundle:
    """Members by path. Nothing enters it but through the redactor."""

    def __init__(self, redactor: Redactor, max_bytes: int, timeout: float) -> None:
        self.redactor = redactor
        self.timeout = timeout
        self.max_bytes = max_bytes
        self.created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self._started = time.monotonic()
        self._members: dict[str, bytes] = {}
        self._entries: list[dict[str, Any]] = []
        self._left_out: list[dict[str, str]] = []
        self._room = max_bytes - _INDEX

    @property
    def left_out(self) -> list[dict[str, str]]:
        """What is not in it: {what, why}."""
        return list(self.redactor.document(self._left_out))

    @property
    def seconds_left(self) -> float:
        """Seconds until the bundle has to be done."""
        return self.timeout - (time.monotonic() - self._started)

    def part(self, what: str, fill: Callable[[], None], longest: float) -> None:
        """Let a part be filled in `longest` seconds; whatever happens to it is a line of the index."""
        allowed = min(longest, self.seconds_left)
        if allowed <= 0:
            self.leave_out(what, f"the {self.timeout:.0f} seconds for the whole bundle were over")
            return
        try:
            with limits.seconds(allowed):
                fill()
        except DnnreadyError as error:
            self.leave_out(what, str(error))
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            self.leave_out(what, f"{error.strerror or error}{where}")
        except Exception as error:  # noqa: BLE001 - a part that breaks must not take the other parts with it
            self.leave_out(
                what, f"{type(error).__name__}: {error}" if not isinstance(error, limits.OutOfTime) else f"{error}"
            )

    def leave_out(self, what: str, why: str) -> None:
        """Say that something is missing."""
        if len(self._left_out) < _MOST_LINES:
            self._left_out.append({"what": what[:300], "why": " ".join(why.split())[:500]})

    def text(
        self, path: str, text: str, what: str, source: str, *, seconds: float = 0.0, truncated: bool = False
    ) -> None:
        """Add a text, redacted first and cut then, so that a cut leaves no half of a secret."""
        limit = min(MEMBER_BYTES, self._room - _HEADER)
        if limit < _LEAST:
            self.leave_out(what, f"the {self.max_bytes} bytes for the whole bundle were used up")
            return
        kept, cut = limits.shorten(self.redactor.text(limits.whole_lines(text)), limit)
        self._add(
            path, kept, what=what, source=source, seconds=seconds, truncated=truncated or cut or limits.CUT in kept
        )

    def document(self, path: str, document: Any, what: str, source: str, *, seconds: float = 0.0) -> None:
        """Add a JSON document; one that has no room is left out, for half of it cannot be read."""
        text = json.dumps(self.redactor.document(document), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        size = len(text.encode("utf-8", "replace"))
        if size > min(MEMBER_BYTES, self._room - _HEADER):
            self.leave_out(what, f"its {size} bytes are more than there is room for")
            return
        self._add(path, text, what=what, source=source, seconds=seconds, truncated=False)

    def _add(self, path: str, text: str, *, what: str, source: str, seconds: float, truncated: bool) -> None:
        data = text.encode("utf-8", "replace")
        self._members[path] = data
        self._room -= len(data) + _HEADER
        self._entries.append(
            {
                "path": path,
                "bytes": len(data),
                "truncated": truncated,
                "what": what,
                "source": source,
                "seconds": round(seconds, 3),
            }
        )

    def index(self) -> dict[str, Any]:
        """The document of docs/schema/bundle-1.json."""
        document: dict[str, Any] = self.redactor.document(
            {
                "schema": SCHEMA,
                "created": self.created,
                "seconds": round(time.monotonic() - self._started, 3),
                "max_bytes": self.max_bytes,
                "timeout": self.timeout,
                "members": sorted(self._entries, key=lambda entry: str(entry["path"])),
                "left_out": self._left_out,
            }
        )
        return document

    def archive(self) -> bytes:
        """The tar.gz: the index first, then the members in the order of their paths."""
        index = json.dumps(self.index(), indent=2, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        stream = io.BytesIO()
        with gzip.GzipFile(fileobj=stream, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
            for path, data in [("index.json", index), *sorted(self._members.items())]:
                member = tarfile.TarInfo(f"dnnready-logs/{path}")
                member.size, member.mode = len(data), 0o600
                tar.addfile(member, io.BytesIO(data))
        return stream.getvalue()

    def member(self, path: str) -> Optional[bytes]:
        """What a member holds; None where there is none."""
        return self._members.get(path)
