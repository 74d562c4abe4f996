"""The picture host, asked through real sockets."""

from __future__ import annotations

import http.client
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lookalike.demo.pictures import CONTENT_TYPES, PictureHost
from lookalike.errors import Misconfigured

PIXELS = b"as good as a picture"
SECRET = b"nobody may read this"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of pictures; a secret picture stands beside it."""
    served = tmp_path / "served"
    (served / "deep").mkdir(parents=True)
    (served / "deep" / "Größe 1 #?.jpg").write_bytes(PIXELS)
    (served / "notes.txt").write_bytes(SECRET)
    (tmp_path / "secret.jpg").write_bytes(SECRET)
    (served / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    return served


@pytest.fixture
def host(folder: Path) -> Iterator[PictureHost]:
    with PictureHost(folder, 0) as host:
        yield host


@pytest.fixture
def connection(host: PictureHost) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", host.port, timeout=30)
    yield connection
    connection.close()


def target(host: PictureHost, picture: Path) -> str:
    return host.url_of(picture).removeprefix(f"http://127.0.0.1:{host.port}")


def raw(host: PictureHost, request: bytes) -> bytes:
    """Everything that the host answers to these bytes, until it closes."""
    with socket.create_connection(("127.0.0.1", host.port), timeout=30) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_any_file_name_is_served_at_its_url(
    host: PictureHost, folder: Path, connection: http.client.HTTPConnection
) -> None:
    connection.request("GET", target(host, folder / "deep" / "Größe 1 #?.jpg"))
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.read() == PIXELS


@pytest.mark.parametrize(("ending", "kind"), CONTENT_TYPES.items())
def test_every_kind_of_picture_has_its_content_type(
    host: PictureHost,
    folder: Path,
    connection: http.client.HTTPConnection,
    ending: str,
    kind: str,
) -> None:
    (folder / f"picture{ending.upper()}").write_bytes(PIXELS)
    connection.request("GET", f"/picture{ending.upper()}")
    assert connection.getresponse().headers["Content-Type"] == kind


def test_one_connection_carries_many_requests_and_head_has_no_body(
    host: PictureHost, folder: Path, connection: http.client.HTTPConnection
) -> None:
    path = target(host, folder / "deep" / "Größe 1 #?.jpg")
    connection.connect()
    kept = connection.sock
    for method, body in (("HEAD", b""), ("GET", PIXELS), ("GET", PIXELS)):
        connection.request(method, path)
        answer = connection.getresponse()
        assert answer.headers["Content-Length"] == str(len(PIXELS))
        assert answer.read() == body
        assert connection.sock is kept


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.jpg",
        "/deep/../../secret.jpg",
        "/%2e%2e/secret.jpg",
        "/%2e%2e%2fsecret.jpg",
        "//../secret.jpg",
        "/link.jpg",
        "/notes.txt",
        "/deep",
        "/deep/",
        "/",
        "/missing.jpg",
        "/%00.jpg",
        "/" + "x" * 5000 + ".jpg",
        "http://[/secret.jpg",
    ],
)
def test_nothing_but_the_pictures_of_the_folder_is_served(host: PictureHost, path: str) -> None:
    answer = raw(host, f"GET {path} HTTP/1.0\r\n\r\n".encode())
    assert b" 404 " in answer.splitlines()[0] or b" 400 " in answer.splitlines()[0]
    assert SECRET not in answer


def test_an_absolute_path_is_not_served_though_the_file_exists(
    host: PictureHost, folder: Path
) -> None:
    secret = folder.parent / "secret.jpg"
    assert secret.exists()
    for path in (f"{secret}", f"/{secret}", f"/%2f{secret}"):
        assert b" 404 " in raw(host, f"GET {path} HTTP/1.0\r\n\r\n".encode()).splitlines()[0]


def test_other_methods_are_refused(
    host: PictureHost, connection: http.client.HTTPConnection
) -> None:
    connection.request("DELETE", "/deep")
    assert connection.getresponse().status == 501


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.2 is no address")
def test_only_loopback_is_listened_on(host: PictureHost, folder: Path) -> None:
    assert host.url_of(folder / "a.jpg") == f"http://127.0.0.1:{host.port}/a.jpg"
    with socket.socket() as elsewhere:
        elsewhere.bind(("127.0.0.2", host.port))


def test_a_port_in_use_is_explained(host: PictureHost, folder: Path) -> None:
    with pytest.raises(Misconfigured, match=f"port {host.port}.*Stop what listens there"):
        PictureHost(folder, host.port)


def test_a_port_is_free_again_once_the_host_has_gone(folder: Path) -> None:
    with PictureHost(folder, 0) as first:
        port = first.port
    with PictureHost(folder, port) as second:
        assert second.port == port


def test_a_client_that_breaks_off_disturbs_nobody(
    host: PictureHost,
    folder: Path,
    connection: http.client.HTTPConnection,
    capfd: pytest.CaptureFixture[str],
) -> None:
    raw(host, b"GET / HT")
    test_any_file_name_is_served_at_its_url(host, folder, connection)
    assert capfd.readouterr() == ("", "")
