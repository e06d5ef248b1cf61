"""A package index on the loopback interface: a directory of wheels, as slow as a test wants, and what was asked."""

from __future__ import annotations

import contextlib
import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PIECE = 1 << 12


class Index(NamedTuple):
    """Where it is, and the paths that clients have asked for."""

    url: str
    asked: list[str]


@contextlib.contextmanager
def serve(wheels: Path, seconds: float = 0.0) -> Iterator[Index]:
    """Serve the wheels of a directory; each file takes `seconds`."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            name = self.path.rstrip("/").rsplit("/", 1)[-1]
            if name.endswith(".whl") and (wheels / name).is_file():
                self.send((wheels / name).read_bytes(), "application/octet-stream", seconds)
                return
            files = [path.name for path in wheels.glob("*.whl") if path.name.split("-")[0].replace("_", "-") == name]
            links = "".join(f'<a href="/files/{file}">{file}</a>\n' for file in files)
            self.send(f"<!DOCTYPE html><html><body>{links}</body></html>".encode(), "text/html", 0.0)

        def send(self, data: bytes, kind: str, duration: float) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            pieces = [data[start : start + PIECE] for start in range(0, len(data), PIECE)]
            with contextlib.suppress(OSError):  # a client that was killed
                for piece in pieces:
                    self.wfile.write(piece)
                    self.wfile.flush()
                    time.sleep(duration / len(pieces))

        def log_message(self, *_words: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Index(f"http://127.0.0.1:{server.server_address[1]}/simple", asked)
    finally:
        server.shutdown()
        server.server_close()
