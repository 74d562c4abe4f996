"""`lookalike setup` and `doctor` where settings are wrong: one sentence each that says what to do,
a status, and no traceback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.e2e.harness import Commands

TOO_OLD = b'{"version": {"number": "7.17.9"}, "tagline": "You Know, for Search"}'


class Old(BaseHTTPRequestHandler):
    """An Elasticsearch of years ago."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(TOO_OLD)))
        self.end_headers()
        self.wfile.write(TOO_OLD)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def old_engine() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Old)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"elasticsearch+http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("command", ["setup", "doctor"])
def test_what_is_wrong_is_one_sentence(command: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    nowhere = str(tmp_path / "none")
    with old_engine() as old:
        away = "elasticsearch+http://127.0.0.1:1"
        failures = {
            f"INDEX_PASSWORD_FILE names {nowhere}": {"INDEX_PASSWORD_FILE": nowhere},
            "LOOKALIKE_INDEX_URL='http://x:1'": {"INDEX_URL": "http://x:1"},
            "does not answer": {"INDEX_URL": away, "INDEX_TIMEOUT_S": "2"},
            "7.17": {"INDEX_URL": old},
            "LOOKALIKE_DATA_DIR": {"DATA_DIR": str(file / "data")},
            "LOOKALIKE_INDEX_URI is not a setting": {"INDEX_URI": away},
        }
        for words, settings in failures.items():
            given = Commands(tmp_path / "data", None)
            given.environment |= {f"LOOKALIKE_{name}": value for name, value in settings.items()}
            ran = given.run(command)
            said = ran.stdout + ran.stderr
            assert ran.returncode == 1, words
            assert words in said, said
            assert "Traceback" not in said
