"""`lookalike kibana URL`, to a stand-in on loopback that answers as Kibana's import does."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lookalike.cli import main
from lookalike.kibana.objects import saved_objects
from tests.servers.certificates import speak_tls

OBJECTS = [each for some in saved_objects("shop").values() for each in some]


class Kibana(ThreadingHTTPServer):
    """Takes an import as Kibana does: by its path, its header, and a file of JSON lines. `answers`
    with something else where a test says so."""

    answers: tuple[int, str] | None = None
    authorization = ""
    objects: list[dict[str, Any]]


class Handler(BaseHTTPRequestHandler):
    server: Kibana

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.authorization = self.headers.get("Authorization", "")
        status, text = self.server.answers or self._import(body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def _import(self, body: bytes) -> tuple[int, str]:
        if self.path != "/shop/api/saved_objects/_import?overwrite=true":
            return 404, self._problem("Not Found")
        if not (self.headers.get("kbn-xsrf") and self.headers.get("osd-xsrf")):
            return 400, self._problem("Request must contain a kbn-xsrf header.")
        kind = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        [part] = message_from_bytes(kind + body).get_payload()  # type: ignore[misc]
        if not str(part.get_filename()).endswith(".ndjson"):  # type: ignore[union-attr]
            return 400, self._problem("Invalid file extension")
        lines = part.get_payload(decode=True).decode().splitlines()  # type: ignore[union-attr]
        self.server.objects = [json.loads(line) for line in lines]
        return 200, json.dumps({"success": True, "successCount": len(lines), "warnings": []})

    @staticmethod
    def _problem(message: str) -> str:
        return json.dumps({"statusCode": 400, "error": "Bad Request", "message": message})

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def kibana() -> Iterator[Kibana]:
    made = Kibana(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"LOOKALIKE_DATA_DIR": str(tmp_path), "LOOKALIKE_INDEX_PREFIX": "shop"}


def run(kibana: Kibana, environment: dict[str, str]) -> Result:
    url = f"http://127.0.0.1:{kibana.server_port}/shop/"
    return CliRunner().invoke(main, ["kibana", url], env=environment)


def test_all_objects_arrive_for_the_prefix_of_the_settings(
    kibana: Kibana, environment: dict[str, str]
) -> None:
    done = run(kibana, environment)
    assert (done.exit_code, done.stderr) == (0, "")
    assert kibana.objects == OBJECTS
    assert done.stdout.startswith(f"{len(OBJECTS)} data views, panels and dashboards")
    assert kibana.authorization == ""


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (
            {"USER": "elastic", "PASSWORD": "päss:word"},
            "Basic " + b64encode("elastic:päss:word".encode()).decode(),
        ),
        ({"API_KEY": "bG9vazphbGlrZQ=="}, "ApiKey bG9vazphbGlrZQ=="),
    ],
)
def test_it_is_opened_as_the_index_is(
    kibana: Kibana, environment: dict[str, str], given: dict[str, str], sent: str
) -> None:
    secrets = {f"LOOKALIKE_INDEX_{name}": value for name, value in given.items()}
    assert run(kibana, environment | secrets).exit_code == 0
    assert kibana.authorization == sent


def test_its_authority_is_the_index_s(
    kibana: Kibana, environment: dict[str, str], tmp_path: Path
) -> None:
    certificate = speak_tls(kibana, tmp_path)
    argv = ["kibana", f"https://localhost:{kibana.server_port}/shop"]
    refused = CliRunner().invoke(main, argv, env=environment)
    assert (refused.exit_code, "LOOKALIKE_INDEX_CA" in refused.stderr) == (1, True)
    trusted = environment | {"LOOKALIKE_INDEX_CA": str(certificate)}
    assert CliRunner().invoke(main, argv, env=trusted).exit_code == 0
    assert kibana.objects == OBJECTS


def refused(*reasons: str) -> str:
    """Kibana's answer where it did not take some objects."""
    errors = [
        {"type": "visualization", "id": f"shop-search-{number}", "error": {"type": reason}}
        for number, reason in enumerate(reasons, 1)
    ]
    return json.dumps({"success": False, "successCount": 3, "errors": errors})


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (401, '{"statusCode": 401, "error": "Unauthorized"}', "refuses LOOKALIKE_INDEX_USER"),
        (403, '{"statusCode": 403, "error": "Forbidden"}', "refuses LOOKALIKE_INDEX_USER"),
        (503, "Kibana server is not ready yet", "is still starting"),
        (200, refused("missing_references"), "(visualization shop-search-1: missing_references)"),
        (200, refused(*["unknown"] * 5), "shop-search-3: unknown, and 2 more)"),
        (413, '{"message": "Payload content length greater"}', "(Payload content length greater)"),
        (400, '{"error": "no handler found for uri", "status": 400}', "is no Kibana (400)"),
        (200, "<html>", "is no Kibana (200)"),
        (200, '["a list"]', "is no Kibana (200)"),
        (302, "", "is no Kibana (302)"),
    ],
)
def test_what_goes_wrong_is_a_sentence(
    kibana: Kibana, environment: dict[str, str], status: int, body: str, sentence: str
) -> None:
    kibana.answers = (status, body)
    done = run(kibana, environment)
    assert (done.exit_code, done.stdout) == (1, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://127.0.0.1:1", "Kibana does not answer at http://127.0.0.1:"),
        ("localhost:5601", "must be http://HOST:PORT"),
        ("http://user:hidden@localhost:5601", "and no password"),
        ("http://user:hidden@[bad", "must be http://HOST:PORT"),
        ("http://localhost:no", "must be http://HOST:PORT"),
    ],
)
def test_an_address_where_nothing_is_is_a_sentence(
    environment: dict[str, str], url: str, sentence: str
) -> None:
    done = CliRunner().invoke(main, ["kibana", url], env=environment)
    assert (done.exit_code, done.stdout) == (1, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert "hidden" not in done.stderr
