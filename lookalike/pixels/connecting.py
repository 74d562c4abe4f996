"""Connecting only where it is allowed: the seam of the HTTP client at which a name is resolved,
every address checked, and the connection made to a checked one. Host and SNI stay the name's."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import ip_address
from ssl import SSLContext
from typing import Any

import httpcore2

from lookalike.pixels.addresses import Address, AddressRule, literal

Resolve = Callable[[str, int], list[Address]]


_deadline: ContextVar[float] = ContextVar("deadline")


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Everything that this thread does with connections inside must be done in so many seconds."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def remaining() -> float:
    """Seconds left. Raises `TimeoutError` when there are none."""
    left = _deadline.get() - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class Forbidden(Exception):
    """A name resolved to an address that may not be connected to."""


class Unresolved(Exception):
    """A name has no address at the moment."""


def resolve(host: str, port: int) -> list[Address]:
    """Every address of a host, as the system resolves it. Raises `OSError`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ip_address(str(each[4][0]).partition("%")[0]) for each in found]


class CheckedBackend(httpcore2.NetworkBackend):
    """The network backend of the fetcher. Each new connection is checked at the moment it is made,
    so a name that resolves elsewhere the second time is checked the second time."""

    def __init__(self, rule: AddressRule, resolver: Resolve = resolve) -> None:
        self._rule = rule
        self._resolve = resolver
        self._tcp = httpcore2.SyncBackend()
        # The system's resolver takes no deadline, so it is waited for from outside.
        self._resolving = ThreadPoolExecutor(16, thread_name_prefix="resolve")

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """A connection to the first checked address that answers.

        Raises `Forbidden` if any address of the host is not allowed, `Unresolved`, and httpcore's
        own errors.
        """
        addresses = self._addresses(host, port)
        if not all(self._rule.permits(host, address, port) for address in addresses):
            raise Forbidden
        failure: Exception | None = None
        for address in addresses[:3]:
            try:
                stream = self._tcp.connect_tcp(
                    str(address), port, remaining(), local_address, socket_options
                )
                return _TimedStream(stream)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure or Unresolved

    def _addresses(self, host: str, port: int) -> list[Address]:
        if address := literal(host):
            return [address]
        future = self._resolving.submit(self._resolve, host, port)
        try:
            return list(dict.fromkeys(future.result(remaining())))
        except TimeoutError:
            raise
        except (OSError, UnicodeError) as error:
            raise Unresolved from error

    def close(self) -> None:
        """Ends the resolver's threads."""
        self._resolving.shutdown(wait=False, cancel_futures=True)


class _TimedStream(httpcore2.NetworkStream):
    """A stream on which every wait ends with the deadline, however small the steps: a host that
    trickles a byte a second is cut off in its headers as in its body."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, remaining())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, remaining())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, remaining()))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
