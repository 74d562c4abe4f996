"""Connecting only where it is allowed: the seam of the HTTP client at which a name is resolved,
every address checked, and the connection made to a checked one. Host and SNI stay the name's."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from ipaddress import ip_address
from typing import Any

import httpcore2

from lookalike.pixels.addresses import Address, AddressRule, literal
from lookalike.pixels.clock import left_s

Resolve = Callable[[str], list[Address]]
"""Gives every address of a name. Raises `OSError` where it has none."""


class AddressForbidden(Exception):
    """A host has an address that may not be connected to."""


class HostUnknown(Exception):
    """A name has no address at the moment."""


class Untrusted(Exception):
    """The certificate does not prove that this is the host; the text says why."""


def resolve(host: str) -> list[Address]:
    """Every address of a name, as the system resolves it."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in found]


class CheckedBackend(httpcore2.NetworkBackend):
    """The network backend of the fetcher. Each new connection is checked at the moment it is made,
    so a name that resolves elsewhere the second time is checked the second time."""

    def __init__(self, rule: AddressRule, resolve: Resolve) -> None:
        self._rule = rule
        self._resolve = resolve
        self._tcp = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """A connection to the first address that answers, all of them having been checked.

        Raises `AddressForbidden`, `HostUnknown`, `TimeoutError`, and httpcore's own errors.
        """
        addresses = self._addresses(host)
        if not all(self._rule.permits(host, address, port) for address in addresses):
            raise AddressForbidden
        failure: Exception = HostUnknown()
        for tried, address in enumerate(addresses):
            # A share of what is left, so that an address that is dead leaves time for the others.
            wait_s = left_s() / (len(addresses) - tried)
            try:
                stream = self._tcp.connect_tcp(
                    str(address), port, wait_s, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream)
        raise failure

    def _addresses(self, host: str) -> list[Address]:
        if address := literal(host):
            return [address]
        try:
            return list(dict.fromkeys(_awaited(lambda: self._resolve(host))))
        except TimeoutError:
            raise
        except OSError as error:
            raise HostUnknown from error


def _awaited(look_up: Callable[[], list[Address]]) -> list[Address]:
    """The look-up's result, within the time that is left.

    The system's resolver takes no deadline, so it is waited for from outside, and left behind where
    it takes too long: in a thread of its own, since names that hang would fill up a pool, and a
    daemon, since none of them may keep the process from ending.
    """
    future: Future[list[Address]] = Future()

    def run() -> None:
        try:
            future.set_result(look_up())
        except Exception as error:  # noqa: BLE001  (raised again in the thread that waits)
            future.set_exception(error)

    threading.Thread(target=run, name="resolve", daemon=True).start()
    return future.result(left_s())


class _TimedStream(httpcore2.NetworkStream):
    """A stream on which every wait ends with the clock, however small the steps: a host that
    trickles a byte a second is cut off in its headers as in its body."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, left_s())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, left_s())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        try:
            secured = self._stream.start_tls(ssl_context, server_hostname, left_s())
        except httpcore2.ConnectError as error:
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise Untrusted(error.__cause__.verify_message) from error
            raise
        return _TimedStream(secured)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
