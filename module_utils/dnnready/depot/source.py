"""Where a depot is read: a web server, or a directory (a stick, a share).

No cleverness about lengths: whoever reads knows from the signed manifest how many bytes there must be.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Optional
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from .. import __version__
from ..errors import DnnreadyError

_PIECE = 1 << 18
_PASSING = (408, 425, 429)
_SERVER_ERROR = 500
_MISSING = (404, 410)
_PARTIAL = 206
_UNSATISFIABLE = 416


class SourceError(Exception):
    """Reading failed; whether trying again may help, and whether there is no such file."""

    def __init__(self, what: str, *, again: bool, missing: bool = False) -> None:
        super().__init__(what)
        self.again = again
        self.missing = missing


@dataclass(frozen=True)
class Stream:
    """A file that is being read."""

    offset: int  #: where its first byte lies in the file: as asked, or 0 where the server does not do ranges
    kind: str  #: what the server says it is: text/html for an error page
    read: Callable[[], bytes]  #: some bytes; none at the end; SourceError where the connection breaks


class Source:
    """A depot by its URL (http, https, file) or directory.

    User and password in a URL are sent to that server alone, and shown nowhere. Proxies and certificates are those
    of the environment (http_proxy, no_proxy, SSL_CERT_FILE). `requests` counts what was asked.
    """

    def __init__(self, place: str, silence: float) -> None:
        self.requests = 0
        self._silence = silence
        self._directory: Optional[Path] = None
        self._credentials = ""
        parts = _split(place)
        if parts.scheme in ("", "file"):
            path = unquote(parts.path) if parts.scheme else place
            if not path.startswith("/") or parts.netloc not in ("", "localhost"):
                raise _no_place(place)
            self._directory = Path(path)
            self.shown = path
            return
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise _no_place(place)
        host = parts.netloc.rpartition("@")[2]
        if "@" in parts.netloc:
            pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
            self._credentials = "Basic " + base64.b64encode(pair.encode()).decode()
        self.shown = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
        self._opener = _opener((parts.scheme, host), self._credentials)

    def address(self, path: str) -> str:
        """Where a file is, for messages."""
        return f"{self.shown}/{quote(path) if self._directory is None else path}"

    @contextlib.contextmanager
    def open(self, path: str, offset: int = 0) -> Iterator[Stream]:
        """Read a file from `offset` on; raises SourceError, also where the server falls silent."""
        self.requests += 1
        if self._directory is not None:
            with self._local(self._directory / path, offset) as stream:
                yield stream
            return
        with self._answer(path, offset) as answer:
            began = _began(answer, offset)
            if began is None:
                raise SourceError("the server sent another part than was asked for", again=True)
            # read1: what is there by now. read() waits for the whole piece, and throws it away when the line breaks.
            yield Stream(began, answer.headers.get("Content-Type", ""), lambda: _guarded(answer.read1, _PIECE))

    @contextlib.contextmanager
    def _local(self, path: Path, offset: int) -> Iterator[Stream]:
        try:
            file = open(path, "rb")  # noqa: SIM115 - opened here, closed below: reading raises SourceError, not OSError
        except OSError as error:
            raise SourceError(error.strerror or str(error), again=False, missing=not path.exists()) from error
        with file:
            file.seek(offset)
            yield Stream(offset, "", lambda: _guarded(file.read, _PIECE))

    def _answer(self, path: str, offset: int) -> Any:
        request = urllib.request.Request(self.address(path))  # noqa: S310 - the scheme is http or https, see __init__
        request.add_header("User-Agent", f"dnnready/{__version__}")
        if self._credentials:
            request.add_unredirected_header("Authorization", self._credentials)
        if offset:
            request.add_header("Range", f"bytes={offset}-")
        try:
            return self._opener.open(request, timeout=self._silence)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == _UNSATISFIABLE and offset:
                return self._answer(path, 0)
            what = f"HTTP {error.code} {' '.join(str(error.reason).split())}".rstrip(".")
            again = error.code in _PASSING or error.code >= _SERVER_ERROR
            raise SourceError(what, again=again, missing=error.code in _MISSING) from error
        except (OSError, http.client.HTTPException) as error:
            raise SourceError(_reason(error), again=not _hopeless(error)) from error


def _split(place: str) -> Any:
    try:
        return urlsplit(place)
    except ValueError:
        raise _no_place(place) from None


def without_credentials(place: str) -> str:
    """A URL without user and password."""
    return re.sub(r"//[^/]*@", "//", place)


def _no_place(place: str) -> DnnreadyError:
    return DnnreadyError(
        f"'{without_credentials(place)}' is no place of a depot.",
        "Give http://..., https://..., file:///... or an absolute directory.",
    )


def _began(answer: Any, offset: int) -> Optional[int]:
    if answer.status != _PARTIAL:
        return 0
    said = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return offset if said and int(said.group(1)) == offset else None


def _guarded(read: Callable[[int], bytes], size: int) -> bytes:
    try:
        return read(size)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise SourceError(_reason(error), again=True) from error


def _reason(error: BaseException) -> str:
    inner = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(inner, TimeoutError) or "timed out" in str(inner):
        return "the server fell silent"
    text = getattr(inner, "strerror", None) or str(inner) or type(inner).__name__
    return str(text)


def _hopeless(error: BaseException) -> bool:
    """A certificate does not get better by waiting."""
    return "CERTIFICATE_VERIFY_FAILED" in str(error)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Sends the credentials along as long as it is the same server."""

    def __init__(self, origin: tuple[str, str], credentials: str) -> None:
        self._origin = origin
        self._credentials = credentials

    def redirect_request(self, *given: Any, **named: Any) -> Any:
        """The request for the new address."""
        request = super().redirect_request(*given, **named)
        parts = urlsplit(request.full_url if request is not None else "")
        if request is not None and self._credentials and (parts.scheme, parts.netloc) == self._origin:
            request.add_unredirected_header("Authorization", self._credentials)
        return request


def _opener(origin: tuple[str, str], credentials: str) -> urllib.request.OpenerDirector:
    """An opener for http and https alone: a redirect must not lead to a file or to ftp."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
        _Redirects(origin, credentials),
    ):
        opener.add_handler(handler)
    return opener
