"""Names and the addresses behind them: all are checked, at each connection, and only a checked one
is connected to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lookalike.errors import PictureError, PictureUnreachable, PictureUnusable
from lookalike.pixels.addresses import Address
from lookalike.pixels.fetch import Fetcher
from tests.unit.pixels.conftest import Host

MakeFetcher = Callable[..., Fetcher]


class Names:
    """A resolver that gives one answer after the other, the last one again and again."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str) -> list[Address]:
        self.asked.append(host)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [ip_address(each) for each in found]


def picture_and_goodbye(request: BaseHTTPRequestHandler) -> None:
    """Sends a picture and hangs up, so that the next request needs a new connection."""
    request.send_response(200)
    request.send_header("Connection", "close")
    request.end_headers()
    request.wfile.write(b"picture")


@pytest.fixture
def port(host: Host) -> int:
    host.answering("/a.jpg", picture_and_goodbye)
    return int(host.server_address[1])


@pytest.mark.parametrize(
    "name",
    ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "0x7f.0x1", "127.1"],
)
def test_by_default_this_machine_is_out_of_reach(
    host: Host, port: int, make_fetcher: MakeFetcher, name: str
) -> None:
    with pytest.raises(PictureUnusable):
        make_fetcher().fetch(f"http://{name}:{port}/a.jpg")
    assert host.seen == []


def test_another_port_of_an_allowed_address_is_out_of_reach(
    host: Host, port: int, make_fetcher: MakeFetcher
) -> None:
    with pytest.raises(PictureUnusable, match="not fetched"):
        make_fetcher(f"127.0.0.1:{port - 1}").fetch(f"http://127.0.0.1:{port}/a.jpg")
    assert host.seen == []


@pytest.mark.parametrize("entry", ["127.0.0.0/8", "pictures.test"])
def test_a_name_is_connected_to_at_its_address_and_asked_by_its_name(
    host: Host, port: int, make_fetcher: MakeFetcher, entry: str
) -> None:
    names = Names(["127.0.0.1"])
    url = f"http://Pictures.test.:{port}/a.jpg"

    assert make_fetcher(entry, resolve=names).fetch(url) == b"picture"
    assert names.asked == ["pictures.test"]
    assert host.seen[0].headers["Host"] == f"pictures.test:{port}"


def test_a_name_that_resolves_elsewhere_the_second_time_is_refused_then(
    host: Host, port: int, make_fetcher: MakeFetcher
) -> None:
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    fetcher = make_fetcher("127.0.0.1", resolve=names)
    url = f"http://pictures.test:{port}/a.jpg"

    assert fetcher.fetch(url) == b"picture"
    with pytest.raises(PictureUnusable, match="not fetched"):
        fetcher.fetch(url)
    assert len(host.seen) == 1


def test_one_forbidden_address_spoils_the_others(
    host: Host, port: int, make_fetcher: MakeFetcher
) -> None:
    names = Names(["127.0.0.1", "10.11.12.13"])

    with pytest.raises(PictureUnusable) as error:
        make_fetcher("127.0.0.1", resolve=names).fetch(f"http://pictures.test:{port}/a.jpg")
    assert "10.11.12.13" not in error.value.detail
    assert host.seen == []


def test_an_address_that_refuses_leaves_it_to_the_next(
    port: int, make_fetcher: MakeFetcher
) -> None:
    names = Names(["127.0.0.2", "127.0.0.1"])
    url = f"http://pictures.test:{port}/a.jpg"

    assert make_fetcher("127.0.0.0/8", resolve=names).fetch(url) == b"picture"


def test_an_address_that_is_dead_leaves_time_for_the_next(
    port: int, make_fetcher: MakeFetcher
) -> None:
    names = Names(["127.0.0.2", "127.0.0.1"])
    fetcher = make_fetcher("127.0.0.0/8", resolve=names, timeout_s=2)

    with socket.socket() as dead, socket.socket() as waiting:
        # Its queue is full with the one that waits, so others are not even refused.
        dead.bind(("127.0.0.2", port))
        dead.listen(0)
        waiting.connect(("127.0.0.2", port))
        assert fetcher.fetch(f"http://pictures.test:{port}/a.jpg") == b"picture"


def test_a_host_that_refuses_is_unreachable(make_fetcher: MakeFetcher) -> None:
    with socket.socket() as taken:  # bound, but nothing listens
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(PictureUnreachable, match="refused the connection"):
            make_fetcher("127.0.0.1").fetch(f"http://127.0.0.1:{taken.getsockname()[1]}/a.jpg")


def test_a_name_that_nobody_knows_is_unreachable(make_fetcher: MakeFetcher) -> None:
    with pytest.raises(PictureUnreachable, match="cannot be found"):
        make_fetcher(resolve=unknown).fetch("http://pictures.test/a.jpg")
    with pytest.raises(PictureUnreachable, match="cannot be found"):
        make_fetcher(resolve=Names([])).fetch("http://pictures.test/a.jpg")


def test_a_name_whose_look_up_hangs_is_cut_off(make_fetcher: MakeFetcher) -> None:
    ended = threading.Event()

    def hang(host: str) -> list[Address]:
        ended.wait(60)
        return []

    with pytest.raises(PictureUnreachable, match="took too long"):
        make_fetcher(resolve=hang, timeout_s=0.1).fetch("http://pictures.test/a.jpg")
    ended.set()


def unknown(host: str) -> list[Address]:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.fixture
def all_unknown(make_fetcher: MakeFetcher) -> Fetcher:
    """A fetcher in a world without names."""
    return make_fetcher(resolve=unknown)


@given(st.text() | st.from_regex(r"https?://[^/]{0,20}(:[0-9]+)?/.{0,20}"))
@example("http://xn--a/")
@example("http://xn--99999999999/")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # it keeps nothing
def test_any_text_is_refused_in_a_sentence(all_unknown: Fetcher, url: str) -> None:
    with pytest.raises(PictureError, match=r"\.$") as error:
        all_unknown.fetch(url)
    error.value.detail.encode()
