"""Why a pull did not come to its end."""

from __future__ import annotations

from ..errors import DnnreadyError


class UnreachableError(DnnreadyError):
    """The source did not answer, or not in full: it is asked again later."""


class RefusedError(DnnreadyError):
    """What the source offers may not be run here: it is not signed as it must be, or older than what was accepted."""


class FailedError(DnnreadyError):
    """It may be run, and it does not: no archive, no syntax, a play that failed."""


class BusyError(DnnreadyError):
    """Another run is at work on this host. It is no failure of what was offered."""
