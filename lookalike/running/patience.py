"""How long the web waits for a client. gunicorn's threads wait for ever for the rest of a request
and for an answer to be taken, so that a few connections that say nothing would stop the service."""

from __future__ import annotations

import socket
import time

from gunicorn.http.errors import NoMoreData
from gunicorn.util import close_graceful
from gunicorn.workers.gthread import TConn, ThreadWorker

PATIENCE_S = 10.0
"""The longest that a client may say nothing in the midst of a request."""

SLOWEST_BYTES_S = 8 * 1024
"""What it must send a second, so that one byte now and then is not enough."""

ANSWER_S = 60.0
"""How long it may take to read a piece of its answer."""


class PatientSocket(socket.socket):
    """A client's connection, each request of which has its time. `gave_up`: it ran out."""

    gave_up = False
    _until = 0.0

    def begin(self) -> None:
        """A request begins."""
        self._until = time.monotonic() + PATIENCE_S

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """The next bytes. Raises `NoMoreData`, as gunicorn does for a client that went away."""
        asked_s = self.gettimeout()
        left_s = min(PATIENCE_S, self._until - time.monotonic(), asked_s or PATIENCE_S)
        self.settimeout(max(left_s, 0.001))  # 0 would be another mode, with errors of its own
        try:
            data = super().recv(size, flags)
        except TimeoutError as error:
            self.gave_up = True
            raise NoMoreData from error
        self.settimeout(ANSWER_S)
        self._until += len(data) / SLOWEST_BYTES_S
        return data

    def sendall(self, data: bytes, flags: int = 0, /) -> None:  # type: ignore[override]
        """Sends. Raises `BrokenPipeError` too where the client does not read."""
        try:
            super().sendall(data, flags)
        except TimeoutError as error:
            self.gave_up = True
            raise BrokenPipeError from error


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's worker of threads, with connections that run out of time."""

    def handle(self, conn: TConn) -> object:
        """Serves one request; a client that was given up is not waited for again."""
        if not isinstance(conn.sock, PatientSocket):
            conn.sock = PatientSocket(fileno=conn.sock.detach())
        conn.sock.begin()
        kept = super().handle(conn)
        if conn.sock.gave_up:
            conn.sock.close()
            return False
        if not kept:
            # Here and not in the one thread that accepts: it lingers until the client closes too.
            close_graceful(conn.sock)
        return kept
