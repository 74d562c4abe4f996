"""The guarded downloader against real servers on loopback."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import pytest

from lookalike.errors import PictureUnreachable, PictureUnusable
from lookalike.pixels.addresses import Address
from lookalike.pixels.fetch import AT_ONCE_A_HOST, Fetcher

Answer = Callable[[BaseHTTPRequestHandler], None]


class Host:
    """A host on loopback that answers each path as it is told to."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        host = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                host.seen.append((self.path, dict(self.headers)))
                host.answers[self.path](self)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_: object) -> None:
                """A client that breaks off is what is tested here."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def body(data: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def redirect(to: str) -> Answer:
    return body(b"", 302, Location=to)


@pytest.fixture
def host() -> Iterator[Host]:
    made = Host()
    yield made
    made.close()


@contextmanager
def fetching(host: Host, **options: object) -> Iterator[Fetcher]:
    fetcher = Fetcher(**({"allow": [f"127.0.0.1:{host.port}"], "timeout_s": 5} | options))  # type: ignore[arg-type]
    yield fetcher
    fetcher.close()


def test_a_picture_is_fetched_with_a_name_and_a_contact_and_no_cookies(host: Host) -> None:
    host.answers["/a.jpg"] = body(b"picture", Set_Cookie="a=b")
    with fetching(host, contact="https://shop.example/bot") as fetcher:
        assert fetcher.fetch(host.url("/a.jpg")) == b"picture"
        assert fetcher.fetch(host.url("/a.jpg")) == b"picture"
    headers = host.seen[1][1]
    assert headers["User-Agent"].startswith("Lookalike/")
    assert "(+https://shop.example/bot)" in headers["User-Agent"]
    assert "Cookie" not in headers
    assert headers["Host"] == f"127.0.0.1:{host.port}"


def test_proxies_of_the_environment_are_not_used(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    host.answers["/a.jpg"] = body(b"picture")
    with fetching(host) as fetcher:
        assert fetcher.fetch(host.url("/a.jpg")) == b"picture"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "ftp://example.com/a.jpg",
        "file:///etc/passwd",
        "http://",
        "http://user:secret@example.com/",
        "http://[::1",
        "http://example.com:99999/",
    ],
)
def test_what_is_no_plain_http_url_is_unusable(host: Host, url: str) -> None:
    with fetching(host) as fetcher, pytest.raises(PictureUnusable) as caught:
        fetcher.fetch(url)
    assert "secret" not in caught.value.detail


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"])
def test_an_address_that_is_not_allowed_is_never_connected_to(host: Host, name: str) -> None:
    with fetching(host, allow=[]) as fetcher, pytest.raises(PictureUnusable) as caught:
        fetcher.fetch(host.url("/a.jpg", name))
    assert host.seen == []
    assert "127.0.0.1" not in caught.value.detail.replace(name, "")


def test_one_forbidden_address_among_several_is_enough(host: Host) -> None:
    def resolve(name: str, port: int) -> list[Address]:
        return [ip_address("93.184.216.34"), ip_address("127.0.0.1")]

    with fetching(host, allow=[], resolver=resolve) as fetcher, pytest.raises(PictureUnusable):
        fetcher.fetch(host.url("/a.jpg", "shop.example"))


def test_a_name_that_resolves_elsewhere_the_second_time_is_checked_the_second_time(
    host: Host,
) -> None:
    answers = [[ip_address("127.0.0.1")], [ip_address("127.0.0.2")]]
    host.answers["/a.jpg"] = body(b"picture", Connection="close")
    with fetching(host, resolver=lambda *_: answers.pop(0)) as fetcher:
        assert fetcher.fetch(host.url("/a.jpg", "shop.example")) == b"picture"
        with pytest.raises(PictureUnusable, match="does not fetch"):
            fetcher.fetch(host.url("/a.jpg", "shop.example"))


def test_redirects_are_followed_three_times(host: Host) -> None:
    host.answers |= {f"/{n}": redirect(f"/{n + 1}") for n in range(5)}
    host.answers["/5"] = body(b"picture")
    with fetching(host) as fetcher:
        assert fetcher.fetch(host.url("/2")) == b"picture"
        with pytest.raises(PictureUnusable, match="redirects more than 3 times"):
            fetcher.fetch(host.url("/1"))


@pytest.mark.parametrize("to", ["http://127.0.0.1:1/", "http://10.0.0.1/", "file:///etc/passwd"])
def test_a_redirect_is_checked_like_a_first_request(host: Host, to: str) -> None:
    host.answers["/a.jpg"] = redirect(to)
    with fetching(host) as fetcher, pytest.raises(PictureUnusable):
        fetcher.fetch(host.url("/a.jpg"))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_4xx_is_final_and_says_so_without_the_query(host: Host, status: int) -> None:
    host.answers["/a.jpg?token=secret"] = body(b"", status)
    with fetching(host) as fetcher, pytest.raises(PictureUnusable, match=str(status)) as caught:
        fetcher.fetch(host.url("/a.jpg?token=secret"))
    assert "/a.jpg" in caught.value.detail
    assert "secret" not in caught.value.detail


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_host_in_trouble_may_be_asked_again(host: Host, status: int) -> None:
    host.answers["/a.jpg"] = body(b"", status)
    with fetching(host) as fetcher, pytest.raises(PictureUnreachable, match=str(status)):
        fetcher.fetch(host.url("/a.jpg"))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("Wed, 01 Jan 2200 00:00:00 GMT", 3600), ("99999999", 3600)],
)
def test_a_pause_that_a_host_asks_for_is_kept(host: Host, header: str, seconds: float) -> None:
    host.answers["/a.jpg"] = body(b"", 503, Retry_After=header)
    with fetching(host) as fetcher:
        with pytest.raises(PictureUnreachable) as first:
            fetcher.fetch(host.url("/a.jpg"))
        with pytest.raises(PictureUnreachable, match="pause") as second:
            fetcher.fetch(host.url("/a.jpg"))
    assert first.value.retry_after == pytest.approx(seconds, abs=2)
    assert second.value.retry_after == pytest.approx(seconds, abs=2)
    assert len(host.seen) == 1


def test_a_file_over_the_limit_is_refused_by_its_length_or_while_it_comes(host: Host) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.close_connection = True
        for _ in range(100_000):
            handler.wfile.write(b"x" * 65536)

    host.answers["/large"] = body(b"x" * 2_000_000)
    host.answers["/endless"] = endless
    with fetching(host, max_bytes=1024 * 1024) as fetcher:
        for path in ("/large", "/endless"):
            with pytest.raises(PictureUnusable, match="larger than 1 MB"):
                fetcher.fetch(host.url(path))


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_host_that_trickles_is_cut_off(host: Host, part: str) -> None:
    def trickle(handler: BaseHTTPRequestHandler) -> None:
        if part == "body":
            handler.send_response(200)
            handler.send_header("Content-Length", "1000")
            handler.end_headers()
        else:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(1000):
            handler.wfile.write(b"x" if part == "body" else b"X-A: b\r\n")
            time.sleep(0.05)

    host.answers["/a.jpg"] = trickle
    started = time.monotonic()
    with fetching(host, timeout_s=0.5) as fetcher:
        with pytest.raises(PictureUnreachable, match="too long"):
            fetcher.fetch(host.url("/a.jpg"))
    assert time.monotonic() - started < 10  # of the 50 that the host would take


def test_a_resolver_that_hangs_is_cut_off(host: Host) -> None:
    released = threading.Event()

    def resolve(name: str, port: int) -> list[Address]:
        released.wait(20)
        return []

    with fetching(host, timeout_s=0.3, resolver=resolve) as fetcher:
        with pytest.raises(PictureUnreachable, match="too long"):
            fetcher.fetch("http://shop.example/a.jpg")
        released.set()


def test_what_was_compressed_unasked_is_refused(host: Host) -> None:
    host.answers["/a.jpg"] = body(b"\x1f\x8b", Content_Encoding="gzip")
    with fetching(host) as fetcher, pytest.raises(PictureUnusable, match="compressed"):
        fetcher.fetch(host.url("/a.jpg"))


def test_a_host_that_is_not_there_may_be_tried_again(host: Host) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with fetching(host, allow=["127.0.0.1"]) as fetcher:
        for url in (f"http://127.0.0.1:{port}/", "http://nowhere.invalid/"):
            with pytest.raises(PictureUnreachable):
                fetcher.fetch(url)


def test_a_body_cut_off_may_be_tried_again(host: Host) -> None:
    def cut(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"x" * 10)
        handler.close_connection = True

    host.answers["/a.jpg"] = cut
    with fetching(host) as fetcher, pytest.raises(PictureUnreachable):
        fetcher.fetch(host.url("/a.jpg"))


def test_a_host_has_at_most_six_requests_at_once(host: Host) -> None:
    at_once, most, lock = [0], [0], threading.Lock()
    full = threading.Event()

    def slow(handler: BaseHTTPRequestHandler) -> None:
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
            if at_once[0] == AT_ONCE_A_HOST:
                full.set()
        full.wait(10)
        with lock:
            at_once[0] -= 1
        body(b"picture")(handler)

    host.answers["/a.jpg"] = slow
    with fetching(host) as fetcher:
        threads = [
            threading.Thread(target=fetcher.fetch, args=(host.url("/a.jpg"),)) for _ in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most[0] == AT_ONCE_A_HOST
    assert len(host.seen) == 16


def test_odd_paths_are_sent_as_they_are_meant(host: Host) -> None:
    host.answers["/a%20b/%D0%BC%2F.jpg?q=%C3%A9"] = body(b"picture")
    with fetching(host) as fetcher:
        assert fetcher.fetch(host.url("/a b/м%2F.jpg?q=é#part")) == b"picture"
