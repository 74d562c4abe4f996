"""The picture host of the demo: serves the files of one folder on loopback, and nothing else."""

from __future__ import annotations

import mimetypes
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import quote, unquote, urlsplit

from lookalike.errors import Misconfigured


class PictureHost:
    """Serves while it is entered. `port` 0 takes any free one; Raises `Misconfigured` where the
    port is in use."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder.resolve()
        try:
            self._server = _Server(self._folder, port)
        except OSError as error:
            raise Misconfigured(
                f"Port {port} of the demo's pictures is in use ({error.strerror}): perhaps another "
                "demo runs. Stop what listens there; the port is part of the pictures' URLs."
            ) from error
        self.port: int = self._server.server_address[1]

    def url_of(self, picture: Path) -> str:
        """The URL of a file below the folder."""
        path = picture.resolve().relative_to(self._folder).as_posix()
        return f"http://127.0.0.1:{self.port}/{quote(path)}"

    def __enter__(self) -> PictureHost:
        threading.Thread(target=self._server.serve_forever, name="pictures", daemon=True).start()
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
        self.folder = folder
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: a client that breaks off (a worker that was killed) is no error here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing: the demo's own lines are what its user reads."""

    def _answer(self, *, with_body: bool) -> None:
        path = unquote(urlsplit(self.path).path).lstrip("/")
        file = (self.server.folder / path.replace("\x00", "")).resolve()
        if not file.is_relative_to(self.server.folder) or not file.is_file():
            self.send_error(404)
            return
        data = file.read_bytes()
        self.send_response(200)
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if with_body:
            self.wfile.write(data)
