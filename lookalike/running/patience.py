"""How long the web waits for a client. gunicorn's threads wait for ever for the rest of a request
and for an answer to be taken, so that a few connections that say nothing would stop the service.
And how it leaves: every client that has connected is answered, and no other one can connect."""

from __future__ import annotations

import mmap
import socket
import time
from concurrent.futures import Future

from gunicorn.http.errors import NoMoreData
from gunicorn.util import close_graceful
from gunicorn.workers.gthread import TConn, ThreadWorker

PATIENCE_S = 10.0
"""The longest that a client may say nothing in the midst of a request."""

SLOWEST_BYTES_S = 8 * 1024
"""What it must send a second, so that one byte now and then is not enough."""

ANSWER_S = 60.0
"""How long it may take to read a piece of its answer."""

RETIRING_S = 3600
"""How long a process that others have replaced finishes its requests, however long an upload is."""


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

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._serving = mmap.mmap(-1, 1)  # made before the fork, so both processes see it

    @property
    def is_serving(self) -> bool:
        """Whether it takes requests. For the arbiter, in the process before the fork."""
        return self._serving[0] == 1

    def run(self) -> None:
        """Serves until TERM. When the whole web ends, the arbiter, and not this process, sees to it
        that it does not last too long."""
        self._serving[0] = 1
        self.cfg.set("graceful_timeout", RETIRING_S)
        super().run()

    def _cap_keepalive(self, deadline: float) -> None:
        """Called by gunicorn once, when a process begins to end and takes no connections any more.

        It serves those that already wait to be taken, and then lets go of the socket: if it is the
        last one, clients are refused at once, and do not wait for an answer that nobody will give.
        Connections that say nothing are closed by `deadline`, and not only those that once did.
        """
        for listener in self.sockets:
            self._accept_all(listener)
            listener.close()
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)

    def _accept_all(self, listener: socket.socket) -> None:
        before = -1
        while before < self.nr_conns:
            before = self.nr_conns
            self.accept(listener)

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

    def finish_request(self, conn: TConn, handled: Future[object]) -> None:
        """Takes leave of a connection, or waits for its next request. One that is closed already is
        only counted: gunicorn would stumble over it and count it twice, and a process that believes
        to have no connections any more ends in the middle of a request."""
        if conn.sock.fileno() == -1:
            self.nr_conns -= 1
        else:
            super().finish_request(conn, handled)
