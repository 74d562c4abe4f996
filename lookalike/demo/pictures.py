"""The picture host of the demo: serves the pictures of one folder on loopback, and nothing else."""

from __future__ import annotations

import threading
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import quote, unquote, urlsplit

from lookalike.errors import Misconfigured

CONTENT_TYPES = {
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}
"""By a file name's ending in lower case. A file that ends otherwise is not served."""

ENDS_WITHIN_S = 0.05
"""How soon the host notices that it is to end."""


class PictureHost:
    """Serves while it is entered. `port` 0 takes any free one; `Misconfigured` where a port cannot
    be had."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder.resolve()
        try:
            self._server = _Server(self._folder, port)
        except OSError as error:
            raise Misconfigured(
                f"The demo's pictures cannot be served on port {port} ({error.strerror}): perhaps "
                "another demo runs. Stop what listens there; the port is part of the pictures' "
                "URLs."
            ) from error
        self.port: int = self._server.server_address[1]

    def url_of(self, picture: Path) -> str:
        """The URL of a file below the folder."""
        path = picture.resolve().relative_to(self._folder).as_posix()
        return f"http://127.0.0.1:{self.port}/{quote(path)}"

    def __enter__(self) -> PictureHost:
        serve = partial(self._server.serve_forever, poll_interval=ENDS_WITHIN_S)
        threading.Thread(target=serve, name="pictures", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        super().__init__(("127.0.0.1", port), _Handler)

    def picture_at(self, target: str) -> Path | None:
        """The picture that a request's target names, wherever its dots and links lead."""
        try:
            file = (self._folder / unquote(urlsplit(target).path).lstrip("/")).resolve()
            inside = file.is_relative_to(self._folder) and file.is_file()
        except (OSError, RuntimeError, ValueError):  # too long, a circle of links, a null
            return None
        return file if inside and file.suffix.lower() in CONTENT_TYPES else None

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: a client that breaks off (a worker that was killed) is no error here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together: two small packets would wait for each other
    server: _Server

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing: the demo's own lines are what its user reads."""

    def _answer(self, *, with_body: bool) -> None:
        picture = self.server.picture_at(self.path)
        if picture is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        data = picture.read_bytes()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", CONTENT_TYPES[picture.suffix.lower()])
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if with_body:
            self.wfile.write(data)
