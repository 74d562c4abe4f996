"""A picture host on loopback, and fetchers that are closed after each test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from lookalike.pixels.fetch import Fetcher


@dataclass(frozen=True)
class Seen:
    """One request as the host got it; `client` tells connections apart."""

    path: str
    headers: Message
    client: tuple[str, int]


Answer = Callable[[BaseHTTPRequestHandler], None]


class Host(ThreadingHTTPServer):
    """Answers each path as it is told; `seen` holds what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, Answer] = {}
        self.seen: list[Seen] = []
        self.ending = threading.Event()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def answering(self, path: str, answer: Answer) -> str:
        """The URL at which this is the answer."""
        self.answers[path] = answer
        return f"http://{self.address}{path}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: fetchers break off what they refuse."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Host

    def do_GET(self) -> None:
        self.server.seen.append(Seen(self.path, self.headers, self.client_address))
        self.server.answers[self.path.partition("?")[0]](self)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (as above)
        """Says nothing."""


@pytest.fixture
def make_host() -> Iterator[Callable[[], Host]]:
    hosts: list[Host] = []

    def make() -> Host:
        hosts.append(Host())
        threading.Thread(target=hosts[-1].serve_forever, args=[0.01], daemon=True).start()
        return hosts[-1]

    yield make
    for host in hosts:
        host.ending.set()
        host.shutdown()
        host.server_close()


@pytest.fixture
def host(make_host: Callable[[], Host]) -> Host:
    return make_host()


@pytest.fixture
def make_fetcher() -> Iterator[Callable[..., Fetcher]]:
    """Makes fetchers; by default with a timeout that no test runs into."""
    fetchers: list[Fetcher] = []

    def make(*allow: str, timeout_s: float = 60.0, **values: Any) -> Fetcher:
        fetchers.append(Fetcher(allow=allow, timeout_s=timeout_s, **values))
        return fetchers[-1]

    yield make
    for fetcher in fetchers:
        fetcher.close()


@pytest.fixture
def fetcher(make_fetcher: Callable[..., Fetcher], host: Host) -> Fetcher:
    """A fetcher that may fetch from the host."""
    return make_fetcher(host.address)
