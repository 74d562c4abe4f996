"""The downloader against real hosts on loopback: what it sends, what it refuses, where it stops."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler

import pytest

from lookalike.errors import Misconfigured, PictureUnreachable, PictureUnusable
from lookalike.pixels.download import Download, Validators
from lookalike.pixels.fetch import Fetcher
from tests.unit.pixels.conftest import Answer, Host

MakeFetcher = Callable[..., Fetcher]


def answer(status: int = 200, body: bytes = b"", **headers: str) -> Answer:
    """A whole answer; `Retry_After` stands for Retry-After."""

    def send(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    return send


def raw(*pieces: bytes) -> Answer:
    """An answer in these very bytes, after which the host hangs up."""

    def send(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"".join(pieces))
        request.close_connection = True

    return send


def without_end(start: bytes, piece: bytes, pause_s: float) -> Answer:
    """Goes on sending a piece after each pause until the other side has had enough."""

    def send(request: BaseHTTPRequestHandler) -> None:
        assert isinstance(request.server, Host)
        request.close_connection = True
        request.wfile.write(start)
        with suppress(OSError):
            while not request.server.ending.wait(pause_s):
                request.wfile.write(piece)

    return send


OK = b"HTTP/1.1 200 OK\r\n"


def test_the_bytes_are_fetched(host: Host, fetcher: Fetcher) -> None:
    assert fetcher.fetch(host.answering("/a.jpg", answer(body=b"picture"))) == b"picture"


def test_the_request_says_who_asks_and_carries_no_secret(
    host: Host, make_fetcher: MakeFetcher
) -> None:
    url = host.answering("/a.jpg", answer(Set_Cookie="a=b"))
    fetcher = make_fetcher(host.address, contact="https://lookalike.test/bot")
    fetcher.fetch(url + "?w=1#top")
    fetcher.fetch(url)

    first, second = (seen.headers for seen in host.seen)
    assert host.seen[0].path == "/a.jpg?w=1"
    assert first["Host"] == host.address
    assert first["User-Agent"].startswith("Lookalike/")
    assert first["User-Agent"].endswith(" (+https://lookalike.test/bot)")
    assert first["Accept-Encoding"] == "identity"
    assert second["Cookie"] is None


def test_a_picture_that_is_known_is_asked_for_on_a_condition(host: Host, fetcher: Fetcher) -> None:
    dated = "Mon, 02 Mar 2026 12:00:00 GMT"
    url = host.answering("/a.jpg", answer(body=b"picture", ETag='"1"', Last_Modified=dated))
    first = fetcher.download(url, Validators())
    assert first == Download(b"picture", Validators('"1"', dated))
    moved = host.answering("/moved.jpg", answer(302, Location="/b.jpg"))
    host.answering("/b.jpg", answer(304))
    assert fetcher.download(moved, first.validators) is None
    asked = host.seen[-1].headers
    assert (asked["If-None-Match"], asked["If-Modified-Since"]) == ('"1"', dated)


def test_an_answer_to_a_condition_that_was_not_set_is_refused(host: Host, fetcher: Fetcher) -> None:
    with pytest.raises(PictureUnusable, match="304"):
        fetcher.download(host.answering("/a.jpg", answer(304)), Validators())


@pytest.mark.parametrize("etag", ["x" * 300, "\xe9", '"a\tb"'])
def test_a_validator_that_could_not_stand_in_a_request_is_forgotten(
    host: Host, fetcher: Fetcher, etag: str
) -> None:
    url = host.answering("/a.jpg", answer(body=b"picture", ETag=etag))
    assert fetcher.download(url, Validators()) == Download(b"picture")


def test_a_connection_is_used_again(host: Host, fetcher: Fetcher) -> None:
    url = host.answering("/a.jpg", answer(body=b"picture"))
    for _ in range(3):
        fetcher.fetch(url)

    assert len({seen.client for seen in host.seen}) == 1


def test_a_contact_that_would_break_the_header_is_refused() -> None:
    with pytest.raises(Misconfigured, match="LOOKALIKE_FETCH_CONTACT"):
        Fetcher(contact="a\r\nX-Evil: 1")


def test_three_redirects_are_followed(host: Host, fetcher: Fetcher) -> None:
    url = host.answering("/1", answer(302, Location="/dir/2"))
    host.answering("/dir/2", answer(301, Location="3"))
    host.answering("/dir/3", answer(307, Location=f"http://{host.address}/\xc3\xbc.jpg"))  # ü
    host.answering("/%C3%BC.jpg", answer(body=b"picture"))

    assert fetcher.fetch(url) == b"picture"


def test_redirects_without_end_are_not(host: Host, fetcher: Fetcher) -> None:
    url = host.answering("/loop", answer(302, Location="/loop"))

    with pytest.raises(PictureUnusable, match="more than 3 times"):
        fetcher.fetch(url)
    assert len(host.seen) == 4


def test_a_redirect_to_a_forbidden_address_is_not_followed(
    host: Host, make_host: Callable[[], Host], fetcher: Fetcher
) -> None:
    inner = make_host()
    secret = inner.answering("/secret", answer(body=b"secret"))
    url = host.answering("/a.jpg", answer(302, Location=secret))

    with pytest.raises(PictureUnusable, match="address from which pictures are not fetched"):
        fetcher.fetch(url)
    assert inner.seen == []


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "gopher://127.0.0.1/", "http://[", "http://u:p@127.0.0.1/"]
)
def test_a_redirect_to_something_else_is_not_followed(
    host: Host, fetcher: Fetcher, location: str
) -> None:
    url = host.answering("/a.jpg", answer(302, Location=location))

    with pytest.raises(PictureUnusable, match=r"/a\.jpg"):
        fetcher.fetch(url)


@pytest.mark.parametrize("status", [204, 302, 400, 401, 403, 404, 410, 451])
def test_an_answer_that_will_not_change_is_unusable(
    host: Host, fetcher: Fetcher, status: int
) -> None:
    url = host.answering("/a.jpg", answer(status, Retry_After="60"))

    for _ in range(2):  # its Retry-After means nothing
        with pytest.raises(PictureUnusable, match=f"answered {status}"):
            fetcher.fetch(url)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_an_answer_that_may_change_is_unreachable(
    host: Host, fetcher: Fetcher, status: int
) -> None:
    url = host.answering("/a.jpg", answer(status))

    with pytest.raises(PictureUnreachable, match=f"answered {status}") as error:
        fetcher.fetch(url)
    assert error.value.retry_after is None


def test_a_host_that_asks_for_a_pause_is_not_asked_again(host: Host, fetcher: Fetcher) -> None:
    url = host.answering("/a.jpg", answer(503, Retry_After="60"))
    other = host.answering("/b.jpg", answer(body=b"picture"))

    with pytest.raises(PictureUnreachable) as error:
        fetcher.fetch(url)
    assert error.value.retry_after == 60
    with pytest.raises(PictureUnreachable, match="asked for a pause") as error:
        fetcher.fetch(other)
    assert error.value.retry_after is not None
    assert 0 < error.value.retry_after <= 60
    assert len(host.seen) == 1


@pytest.mark.parametrize(
    "send",
    [
        # Only announced: the error comes although not a byte of it does.
        without_end(OK + b"Content-Length: 1001\r\n\r\n", b"", 1),
        without_end(OK + b"\r\n", b"x" * 400, 0),
        without_end(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"10\r\n" + b"x" * 16 + b"\r\n", 0),
    ],
    ids=["announced", "until the end", "chunked"],
)
def test_a_file_too_big_is_refused(host: Host, make_fetcher: MakeFetcher, send: Answer) -> None:
    fetcher = make_fetcher(host.address, max_bytes=1000)

    with pytest.raises(PictureUnusable, match="larger than"):
        fetcher.fetch(host.answering("/a.jpg", send))


def test_a_file_of_just_the_size_is_fetched(host: Host, make_fetcher: MakeFetcher) -> None:
    url = host.answering("/a.jpg", answer(body=b"x" * 1000))

    assert len(make_fetcher(host.address, max_bytes=1000).fetch(url)) == 1000


@pytest.mark.parametrize(
    "send",
    [
        without_end(b"", b"", 1),
        without_end(OK, b"X-A: b\r\n", 0.01),
        without_end(OK + b"\r\n", b"x", 0.01),
        without_end(b"", b"HTTP/1.1 102 Processing\r\n\r\n", 0.01),
    ],
    ids=["silent", "headers", "body", "interim answers"],
)
def test_a_host_that_takes_its_time_is_cut_off(
    host: Host, make_fetcher: MakeFetcher, send: Answer
) -> None:
    fetcher = make_fetcher(host.address, timeout_s=0.3)

    with pytest.raises(PictureUnreachable, match="took too long"):
        fetcher.fetch(host.answering("/a.jpg", send))


@pytest.mark.parametrize(
    "send",
    [
        raw(),
        raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
        raw(OK, b"Content-Length: 10\r\n\r\nxx"),
        raw(OK, b"Content-Length: ", b"9" * 5000, b"\r\n\r\n"),
        raw(OK, b"X: ", b"x" * 200_000, b"\r\n\r\n"),
    ],
    ids=["nothing", "no HTTP", "cut off", "endless number", "endless header"],
)
def test_an_answer_that_breaks_off_or_makes_no_sense_is_unreachable(
    host: Host, fetcher: Fetcher, send: Answer
) -> None:
    with pytest.raises(PictureUnreachable, match="could not be fetched"):
        fetcher.fetch(host.answering("/a.jpg", send))


def test_a_compressed_answer_is_refused(host: Host, fetcher: Fetcher) -> None:
    url = host.answering("/a.jpg", answer(body=b"\x1f\x8b", Content_Encoding="gzip"))

    with pytest.raises(PictureUnusable, match="compressed"):
        fetcher.fetch(url)


def test_what_a_url_may_hide_is_not_told(host: Host, fetcher: Fetcher) -> None:
    url = host.answering("/a.jpg", answer(404)).replace("http://", "http://user:secret@")

    for refused in (url, host.answering("/b.jpg", answer(404)) + "?token=secret"):
        with pytest.raises(PictureUnusable) as error:
            fetcher.fetch(refused)
        assert "secret" not in error.value.detail


def test_at_most_six_requests_are_at_one_host(host: Host, make_fetcher: MakeFetcher) -> None:
    inside: list[object] = []
    most: list[int] = []
    sixth, seventh = threading.Event(), threading.Event()

    def hold(request: BaseHTTPRequestHandler) -> None:
        inside.append(request)
        most.append(len(inside))
        if len(inside) >= 6:
            sixth.set()
        if len(inside) >= 7:
            seventh.set()
        sixth.wait(30)
        seventh.wait(0.1)
        inside.remove(request)
        answer(body=b"picture")(request)

    url = host.answering("/a.jpg", hold)
    fetcher = make_fetcher(host.address)
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(fetcher.fetch, [url] * 16)) == [b"picture"] * 16
    assert max(most) == 6


def test_a_caller_waits_for_a_turn_no_longer_than_its_deadline(
    host: Host, make_fetcher: MakeFetcher
) -> None:
    asked, free = threading.Event(), threading.Event()

    def hold(request: BaseHTTPRequestHandler) -> None:
        asked.set()
        free.wait(30)
        answer(body=b"picture")(request)

    url = host.answering("/a.jpg", hold)
    fetcher = make_fetcher(host.address, host_limit=1)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(fetcher.fetch, url)
        asked.wait(30)
        with pytest.raises(PictureUnreachable, match="took too long"):
            fetcher.fetch(url, deadline_s=0.1)
        free.set()
        assert first.result() == b"picture"
    assert len(host.seen) == 1
