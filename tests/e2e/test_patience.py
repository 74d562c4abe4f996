"""Clients that say nothing while others wait to be served."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from tests.e2e.harness import Commands, Shop

THREADS = 2


@pytest.fixture
def shop(commands: Commands) -> Shop:
    """A service with two threads in all."""
    commands.environment["LOOKALIKE_WEB_PROCESSES"] = "1"
    commands.environment["LOOKALIKE_WEB_THREADS"] = str(THREADS)
    return commands.serve()


@pytest.fixture
def sockets() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def stalled(shop: Shop, sockets: ExitStack, said: str) -> socket.socket:
    """A client that says this and then nothing."""
    parts = urlsplit(shop.url)
    client = sockets.enter_context(socket.create_connection((parts.hostname, parts.port), 60))
    client.sendall(said.replace("\n", "\r\n").encode())
    return client


def everything_from(client: socket.socket) -> bytes:
    """All that the service says before it closes."""
    return b"".join(iter(lambda: client.recv(65536), b""))


def test_requests_that_are_never_finished_do_not_stop_the_service(
    shop: Shop, sockets: ExitStack
) -> None:
    said = "GET /healthz HTTP/1.1\nHost: shop\nX-Slow"
    clients = [stalled(shop, sockets, said) for _ in range(THREADS)]
    assert shop.call("GET", "/healthz") == {"status": "ok"}
    assert [everything_from(client) for client in clients] == [b""] * len(clients)


def test_a_body_that_never_comes_is_a_400(shop: Shop, sockets: ExitStack) -> None:
    head = (
        f"POST /v1/catalog/products HTTP/1.1\nHost: shop\nX-API-Key: {shop.key}\n"
        "Content-Type: application/json\nContent-Length: 100\n\n{"
    )
    clients = [stalled(shop, sockets, head) for _ in range(THREADS)]
    assert shop.call("GET", "/healthz") == {"status": "ok"}
    for client in clients:
        answer = everything_from(client)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b'"bad_request"' in answer


def test_a_slow_client_that_goes_on_is_waited_for(shop: Shop, sockets: ExitStack) -> None:
    client = stalled(shop, sockets, "GET /healthz HTTP/1.1\nHost: shop\nConnection: close\n")
    client.settimeout(1)
    with pytest.raises(TimeoutError):
        client.recv(1)
    client.sendall(b"\r\n")
    assert b'"ok"' in everything_from(client)
