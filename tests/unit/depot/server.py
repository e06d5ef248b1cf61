"""A web server, by default on loopback, that can lie, cut, stall and fail."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Optional
from urllib.parse import unquote


@dataclass
class Fault:
    """What is wrong with the answers for one path, `times` times."""

    times: int = 1 << 30
    status: int = 200
    cut_after: Optional[int] = None  #: bytes of the body, then the connection ends
    length: Optional[int] = None  #: what Content-Length says
    ignore_range: bool = False
    wrong_range: bool = False
    stall: float = 0.0  #: seconds of silence in the middle
    body: Optional[bytes] = None
    kind: str = "application/octet-stream"
    location: str = ""
    endless: bool = False  #: never ends


@dataclass
class Depot:
    """A directory on a server."""

    directory: Path
    url: str = ""
    faults: dict[str, Fault] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)  #: path, Range
    authorization: list[str] = field(default_factory=list)
    sent: Counter[str] = field(default_factory=Counter)


class Handler(BaseHTTPRequestHandler):
    depot: Depot

    def do_GET(self) -> None:
        path = unquote(self.path.lstrip("/"))
        depot = self.depot
        depot.asked.append((path, self.headers.get("Range", "")))
        depot.authorization.append(self.headers.get("Authorization", ""))
        fault = depot.faults.get(path, Fault())
        if fault.times <= 0:
            fault = Fault()
        fault.times -= 1
        file = depot.directory / path
        if fault.location:
            self.send_response(302)
            self.send_header("Location", fault.location)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if fault.status != 200 or not (file.is_file() or fault.body is not None):
            self.send_error(fault.status if fault.status != 200 else 404)
            return
        body = fault.body if fault.body is not None else file.read_bytes()
        self.answer(path, body, fault)

    def answer(self, path: str, body: bytes, fault: Fault) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        first = int(asked.group(1)) if asked and not fault.ignore_range else 0
        if first and first >= len(body):
            self.send_error(416)
            return
        self.send_response(206 if first else 200)
        if first:
            shown = first + 1 if fault.wrong_range else first
            self.send_header("Content-Range", f"bytes {shown}-{len(body) - 1}/{len(body)}")
        rest = body[first:]
        self.send_header("Content-Type", fault.kind)
        if not fault.endless:
            self.send_header("Content-Length", str(len(rest) if fault.length is None else fault.length))
        self.end_headers()
        end = len(rest) if fault.cut_after is None else min(fault.cut_after, len(rest))
        half = end // 2 if fault.stall else end
        self.write(path, rest[:half])
        if fault.stall:
            time.sleep(fault.stall)
            self.write(path, rest[half:end])
        while fault.endless:
            self.write(path, b"x" * 65536)
        self.close_connection = True

    def write(self, path: str, data: bytes) -> None:
        self.wfile.write(data)
        self.depot.sent[path] += len(data)

    def log_message(self, *_: Any) -> None:
        pass


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Clients that go away are what is tested."""


@contextmanager
def serve(directory: Path, address: str = "127.0.0.1") -> Iterator[Depot]:
    depot = Depot(directory)
    server = Quiet((address, 0), type("Bound", (Handler,), {"depot": depot}))
    depot.url = f"http://{address}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield depot
    finally:
        server.shutdown()
        server.server_close()
