"""The web's sockets, which are bound before anything else starts, so that a port in use is one
sentence and not a traceback: the public one, and the operators', at which metrics are read."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence

from lookalike.errors import Misconfigured
from lookalike.settings import Settings


def listen(host: str, port: int) -> socket.socket:
    """A listening, inheritable socket; port 0 takes any free one. Raises `Misconfigured`."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        raise Misconfigured(
            f"Cannot listen on {host}:{port} ({error.strerror}). Stop what listens there, or "
            "choose another address or port."
        ) from error
    listener.listen(1024)
    listener.set_inheritable(True)
    return listener


FIRST_PASSED = 3
"""The file descriptor that systemd begins with."""


def passed() -> socket.socket | None:
    """The listening socket that systemd holds for this process (`sd_listen_fds`), if it does. It
    is taken: whoever this process becomes finds none."""
    of, sockets = os.environ.pop("LISTEN_PID", ""), os.environ.pop("LISTEN_FDS", "")
    if of != str(os.getpid()):
        return None
    if sockets != "1":
        raise Misconfigured("systemd passes several sockets. Keep one ListenStream in the unit.")
    listener = socket.socket(fileno=FIRST_PASSED)
    listener.set_inheritable(True)
    return listener


def address(host: str, listener: socket.socket) -> str:
    """The URL under which this machine reaches the listener."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    named = f"[{reachable}]" if ":" in reachable else reachable
    return f"http://{named}:{listener.getsockname()[1]}"


def listen_all(settings: Settings) -> list[socket.socket]:
    """The public socket, which systemd may hold, and the operators' where there is one. Raises
    `Misconfigured`."""
    public = passed() or listen(settings.host, settings.port)
    if settings.metrics_port is None:
        return [public]
    try:
        return [public, listen(settings.metrics_host, settings.metrics_port)]
    except Misconfigured as error:
        public.close()
        raise Misconfigured(f"LOOKALIKE_METRICS_PORT: {error.detail}") from error


def web_argv(listeners: Sequence[socket.socket]) -> list[str]:
    """The command line of the web's process."""
    numbers = (str(each.fileno()) for each in listeners)
    return [sys.executable, "-m", "lookalike.running.server", *numbers]
