"""https: the certificate is the name's, though the connection is made to an address."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from pathlib import Path

import pytest

from lookalike.errors import PictureUnreachable
from lookalike.pixels.addresses import Address
from lookalike.pixels.fetch import Fetcher
from tests.unit.pixels.conftest import Host

NAME = "pictures.test"
MakeFetcher = Callable[..., Fetcher]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of that name, signed by itself, with its key in the same file."""
    if not shutil.which("openssl"):
        reason = "there is no openssl to make a certificate with"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    made = subprocess.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 2 "
        f"-subj /CN={NAME} -addext subjectAltName=DNS:{NAME} -keyout - -out -".split(),
        check=True,
        capture_output=True,
    )
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    file.write_bytes(made.stdout)
    return file


@pytest.fixture
def names() -> list[str | None]:
    """The names that clients gave in their handshakes."""
    return []


@pytest.fixture
def port(host: Host, certificate: Path, names: list[str | None]) -> int:
    """The port of a host that speaks TLS."""

    def picture(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "7")
        request.end_headers()
        request.wfile.write(b"picture")

    def note(_: ssl.SSLSocket | ssl.SSLObject, name: str | None, own: ssl.SSLContext) -> None:
        names.append(name)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = note
    host.socket = context.wrap_socket(host.socket, server_side=True)
    host.answering("/a.jpg", picture)
    return int(host.server_address[1])


def loopback(name: str) -> list[Address]:
    return [ip_address("127.0.0.1")]


def test_the_name_is_proved_by_its_certificate(
    host: Host, port: int, names: list[str | None], certificate: Path, make_fetcher: MakeFetcher
) -> None:
    trust = ssl.create_default_context(cafile=str(certificate))
    fetcher = make_fetcher("127.0.0.1", resolve=loopback, trust=trust)

    assert fetcher.fetch(f"https://{NAME}:{port}/a.jpg") == b"picture"
    assert names == [NAME]
    assert host.seen[0].headers["Host"] == f"{NAME}:{port}"


def test_a_certificate_of_another_name_is_not_trusted(
    host: Host, port: int, certificate: Path, make_fetcher: MakeFetcher
) -> None:
    trust = ssl.create_default_context(cafile=str(certificate))
    fetcher = make_fetcher("127.0.0.1", resolve=loopback, trust=trust)

    with pytest.raises(PictureUnreachable, match=r"no valid certificate \(Hostname mismatch"):
        fetcher.fetch(f"https://other.test:{port}/a.jpg")
    assert host.seen == []


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    host: Host, port: int, make_fetcher: MakeFetcher
) -> None:
    fetcher = make_fetcher("127.0.0.1", resolve=loopback)

    with pytest.raises(PictureUnreachable, match=r"no valid certificate \(self-signed"):
        fetcher.fetch(f"https://{NAME}:{port}/a.jpg")
    assert host.seen == []


def test_a_host_that_speaks_no_tls_is_unreachable(make_fetcher: MakeFetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain, ThreadPoolExecutor(1) as pool:

        def speak_http() -> None:
            with plain.accept()[0] as connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        pool.submit(speak_http)
        with pytest.raises(PictureUnreachable, match="could not be fetched"):
            make_fetcher("127.0.0.1").fetch(f"https://127.0.0.1:{plain.getsockname()[1]}/a.jpg")


def test_a_host_that_never_shakes_hands_is_cut_off(make_fetcher: MakeFetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/a.jpg"
        with pytest.raises(PictureUnreachable, match="took too long"):
            make_fetcher("127.0.0.1", timeout_s=0.3).fetch(url)
