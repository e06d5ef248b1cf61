"""The project's archive in the depot as the source: fetched, verified and kept by what fetches wheels."""

from __future__ import annotations

from pathlib import Path

from ..depot.manifest import FILE, Entry, parse, project_path
from ..depot.source import SourceError
from ..depot.sync import Wish, sync
from ..errors import DnnreadyError
from ..lockfile import AT_WORK
from .settings import Settings
from .trouble import BusyError, RefusedError, UnreachableError


class Project:
    """The archive below `<prefix>/depot`. Its revision is its SHA-256."""

    def __init__(self, prefix: Path, settings: Settings) -> None:
        self._settings = settings
        self._signer = ""
        self._wish = Wish(
            source=settings.depot,
            prefix=prefix,
            project=settings.project,
            signers=settings.depot_signers,
            revoked=settings.depot_revoked,
            prune=False,
            silence=settings.silence,
        )

    def look(self) -> str:
        """The digest of the archive, which is here then.

        Signature, expiry and replay are judged on the way: RefusedError; UnreachableError where the depot is not there.
        """
        try:
            self._signer = str(sync(self._wish)["signer"])
        except DnnreadyError as error:
            raise _kind(error)(error.message, error.hint) from error
        return self._entry().sha256

    def accept(self, revision: str, before: str) -> str:  # noqa: ARG002  an older manifest was refused on the way
        """The key that signed the manifest."""
        return self._signer

    def write(self, revision: str) -> Path:  # noqa: ARG002  there is one
        """The archive."""
        return self._wish.root / self._entry().path

    def _entry(self) -> Entry:
        path = self._wish.root / FILE
        return parse(path.read_bytes(), str(path)).entries()[project_path(self._settings.project)]


def _kind(error: DnnreadyError) -> type[DnnreadyError]:
    """Whether another run reads the depot, or it cannot be read, or it may not be believed."""
    if AT_WORK in error.message:
        return BusyError
    cause = error.__cause__ or error.__context__
    return UnreachableError if isinstance(cause, (SourceError, OSError)) else RefusedError
