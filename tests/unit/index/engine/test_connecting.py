"""Before an engine says anything: its certificate, our password, and what is no engine at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lookalike.errors import Misconfigured
from lookalike.index.elasticsearch import ElasticsearchEngine
from lookalike.index.engine.connecting import Address
from lookalike.index.opensearch import OpenSearchEngine
from tests.servers.certificates import speak_tls

VERSIONS = {
    ElasticsearchEngine: '{"version": {"number": "9.4.3"}}',
    OpenSearchEngine: '{"version": {"number": "3.5.0", "distribution": "opensearch"}}',
}
Make = type[ElasticsearchEngine] | type[OpenSearchEngine]


class Server(ThreadingHTTPServer):
    """Answers everything alike, and notes who asked."""

    kind = "application/json"
    body = ""
    product = "Elasticsearch"
    asked_by = ""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked_by = self.headers.get("Authorization", "")
        self.send_response(200)
        self.send_header("X-Elastic-Product", self.server.product)
        self.send_header("Content-Type", self.server.kind)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body.encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(params=VERSIONS)
def make(request: pytest.FixtureRequest) -> Make:
    made: Make = request.param
    return made


@pytest.fixture
def server(make: Make) -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.body = VERSIONS[make]
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def certificate(server: Server, tmp_path: Path) -> Path:
    """The certificate of `localhost`, signed by itself, with which the server speaks TLS."""
    return speak_tls(server, tmp_path)


def test_a_certificate_is_trusted_once_its_authority_is_named(
    make: Make, server: Server, certificate: Path
) -> None:
    url = f"https://localhost:{server.server_port}"
    with pytest.raises(Misconfigured, match=f"certificate of {url} is not trusted.*_INDEX_CA"):
        make(Address(url=url), 5.0)
    make(Address(url=url, ca=str(certificate)), 5.0).close()


def test_a_certificate_of_another_name_is_refused(
    make: Make, server: Server, certificate: Path
) -> None:
    with pytest.raises(Misconfigured, match="is not trusted"):
        make(Address(url=f"https://127.0.0.1:{server.server_port}", ca=str(certificate)), 5.0)


@pytest.mark.parametrize("holds", [None, "", "junk"])
def test_a_file_that_holds_no_certificate_is_named(
    make: Make, holds: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    if holds is not None:
        file.write_text(holds)
    with pytest.raises(Misconfigured, match=f"LOOKALIKE_INDEX_CA={file} cannot be used"):
        make(Address(url="https://localhost:9", ca=str(file)), 5.0)


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ({"user": "shop", "password": "пароль"}, "Basic c2hvcDrQv9Cw0YDQvtC70Yw="),
        ({"api_key": "a2V5\n"}, "ApiKey a2V5"),
    ],
)
def test_an_engine_is_told_who_we_are(
    make: Make, server: Server, who: dict[str, str], said: str
) -> None:
    make(Address(url=f"http://127.0.0.1:{server.server_port}", **who), 5.0).close()
    assert server.asked_by == said


@pytest.mark.parametrize(
    ("kind", "body"),
    [("application/json", '{"couchdb": "Welcome", "version": "3.3"}'), ("text/html", "<p>Hi")],
)
def test_what_is_no_engine_is_refused(make: Make, server: Server, kind: str, body: str) -> None:
    server.kind, server.body, server.product = kind, body, ""
    with pytest.raises(Misconfigured, match="is not an"):
        make(Address(url=f"http://127.0.0.1:{server.server_port}"), 5.0)
