"""What strangers put behind a picture's URL: each product ends failed, with words that say what to
do, and nothing else in its batch suffers."""

from __future__ import annotations

import io
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from tests.e2e.harness import Commands, eventually


def jpeg() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (300, 300), "navy").save(data, "JPEG")
    return data.getvalue()


def gif_of_many_frames() -> bytes:
    data = io.BytesIO()
    frames = [Image.new("P", (200, 200), number % 250) for number in range(400)]
    frames[0].save(data, "GIF", save_all=True, append_images=frames[1:])
    return data.getvalue()


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels)


Answer = Callable[[BaseHTTPRequestHandler], None]


def body(data: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def endless(handler: BaseHTTPRequestHandler) -> None:
    """A body that claims to be 1 GB."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(10**9))
    handler.end_headers()
    for _ in range(10**9 // 65536):
        handler.wfile.write(b"x" * 65536)


def trickle(handler: BaseHTTPRequestHandler) -> None:
    """A byte a moment."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    for _ in range(100_000):
        handler.wfile.write(b"x")
        time.sleep(0.1)


FINAL: dict[str, tuple[Answer, str]] = {
    "gone": (body(b"", 404), "404"),
    "html": (body(b"<!DOCTYPE html><html>"), "HTML"),
    "svg": (body(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "SVG"),
    "truncated": (body(jpeg()[:900]), "damaged"),
    "huge-body": (endless, "larger"),
    "huge-png": (body(png_header(60_000, 60_000)), "pixels"),
    "long-png": (body(png_header(50_000_000, 1)), "pixels"),
    "redirected": (body(b"", 302, Location="http://127.0.0.1:1/"), "not fetched"),
}
"""What fails at once, and a word of why."""

GOOD: dict[str, Answer] = {"good": body(jpeg()), "gif": body(gif_of_many_frames())}


@pytest.fixture
def port() -> Iterator[int]:
    answers = {name: answer for name, (answer, _) in FINAL.items()} | GOOD | {"slow": trickle}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answers[self.path.strip("/")](self)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that breaks off is what is tested here."""

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_each_bad_picture_fails_with_words_and_the_good_ones_are_found(
    commands: Commands, port: int
) -> None:
    commands.environment["LOOKALIKE_FETCH_ALLOW"] = f"127.0.0.1:{port}"
    shop = commands.serve()
    commands.worker()
    products = [
        {"title": name, "external_id": name, "image_url": f"http://127.0.0.1:{port}/{name}"}
        for name in [*FINAL, *GOOD]
    ]
    products.append(
        {"title": "inside", "external_id": "inside", "image_url": "http://169.254.169.254/secret"}
    )
    shop.call("POST", "/v1/catalog/products", {"products": products})
    eventually(lambda: shop.total("pending") == 0)
    ended = {each["external_id"]: each for each in shop.products()}
    for name in GOOD:
        assert ended[name]["embedding_status"] == "completed"
    for name, (_, word) in {**FINAL, "inside": (endless, "not fetched")}.items():
        assert ended[name]["embedding_status"] == "failed", name
        assert word in ended[name]["embedding_error"], ended[name]["embedding_error"]
        assert ended[name]["embedding_error"].endswith("."), name


def test_a_host_that_trickles_holds_up_no_other_product(commands: Commands, port: int) -> None:
    commands.environment["LOOKALIKE_FETCH_TIMEOUT_S"] = "2"
    shop = commands.serve()
    commands.worker()
    for name in ("slow", "good"):
        url = f"http://127.0.0.1:{port}/{name}"
        shop.call("POST", "/v1/catalog/products", {"title": name, "image_url": url})
    eventually(lambda: shop.total("completed") == 1)
    assert shop.total("pending") == 1  # tried again later, before it is given up
