"""A stand-in for the Hugging Face hub on loopback: its own HTTP protocol, as far as models are
downloaded by it, over folders of this machine. It can break off, lie and forget."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

LARGE = (".onnx", ".onnx_data", "tokenizer.json")
"""Endings of the files that the hub keeps outside git, and hands out by redirect."""


@dataclass
class Repository:
    """A model on the hub. `commit` is what `main` stands for."""

    folder: Path
    commit: str = "0123456789abcdef0123456789abcdef01234567"
    licence: str | None = "mit"

    def files(self) -> dict[str, bytes]:
        """Every file, by its name."""
        found = (path for path in sorted(self.folder.rglob("*")) if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in found}


@dataclass
class Faults:
    """What is to go wrong. `break_after`: bytes of a file after which a connection is cut, so many
    `breaks` times; `stays_away`: after the first of them nothing more is given. `lies`: files whose
    bytes are not those that the hub names."""

    break_after: int | None = None
    breaks: int = 0
    stays_away: bool = False
    lies: set[str] = field(default_factory=set)


class Hub:
    """Serves while it is entered."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.faults = Faults()
        self.requests: list[tuple[str, str, str | None]] = []
        """Method, path and range of each request, as they came."""
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.hub = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def sent(self) -> Counter[str]:
        """How often each file was asked for."""
        return Counter(path.split("/")[-1] for method, path, _ in self.requests if "/cdn/" in path)

    def ranges(self) -> list[str]:
        """The ranges that were asked for."""
        return [asked for _, path, asked in self.requests if asked and "/cdn/" in path]

    def __enter__(self) -> Hub:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    hub: Hub

    def handle_error(self, request: object, client_address: object) -> None:
        """Cut connections are what this server is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.server.hub.requests.append((self.command, path, self.headers.get("Range")))
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/(.+))?", path):
            self._info(found[1], found[2])
        elif found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self._resolve(found[1], found[2], found[3], with_body=with_body)
        elif found := re.fullmatch(r"/cdn/([^/]+/[^/]+)/(.+)", path):
            self._file(found[1], found[2], with_body=with_body)
        else:
            self._error(404, "EntryNotFound")

    def _repository(self, name: str, revision: str | None) -> Repository | None:
        repository = self.server.hub.repositories.get(name)
        if repository is None:
            # As the hub does for those who have not said who they are.
            self._error(401, "RepoNotFound")
            return None
        if revision not in {None, "main", repository.commit}:
            self._error(404, "RevisionNotFound")
            return None
        return repository

    def _info(self, name: str, revision: str | None) -> None:
        if repository := self._repository(name, revision):
            files = repository.files()
            card = {"license": repository.licence} if repository.licence else {}
            document = {
                "_id": "0",
                "id": name,
                "modelId": name,
                "sha": repository.commit,
                "private": False,
                "tags": [],
                "cardData": card,
                "siblings": [_sibling(file, data) for file, data in files.items()],
            }
            self._send(200, json.dumps(document).encode(), {"Content-Type": "application/json"})

    def _resolve(self, name: str, revision: str, file: str, *, with_body: bool) -> None:
        if not (repository := self._repository(name, revision)):
            return
        data = repository.files().get(file)
        if data is None:
            self._error(404, "EntryNotFound")
            return
        named = {"X-Repo-Commit": repository.commit, "Accept-Ranges": "bytes"}
        if file.endswith(LARGE):
            named |= {
                "X-Linked-Size": str(len(data)),
                "X-Linked-ETag": f'"{hashlib.sha256(data).hexdigest()}"',
                "Location": f"{self.server.hub.url}/cdn/{name}/{file}",
            }
            self._send(302, b"", named)
        else:
            named["ETag"] = f'"{_blob(data)}"'
            self._bytes(file, data, named, with_body=with_body)

    def _file(self, name: str, file: str, *, with_body: bool) -> None:
        data = self.server.hub.repositories[name].files()[file]
        self._bytes(file, data, {"Accept-Ranges": "bytes"}, with_body=with_body)

    def _bytes(self, file: str, data: bytes, headers: dict[str, str], *, with_body: bool) -> None:
        if file in self.server.hub.faults.lies:
            data = data[:-1] + bytes([data[-1] ^ 1])
        start = 0
        if asked := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")):
            start = int(asked[1])
            headers |= {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
        self.send_response(206 if asked else 200)
        for each, value in headers.items():
            self.send_header(each, value)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if with_body:
            self._write(data[start:])

    def _write(self, data: bytes) -> None:
        faults = self.server.hub.faults
        if faults.break_after is not None and faults.breaks and len(data) > faults.break_after:
            faults.breaks -= 1
            self.wfile.write(data[: faults.break_after])
            self.wfile.flush()
            if faults.stays_away:
                faults.break_after = 0
            self.close_connection = True
            self.connection.close()
            return
        self.wfile.write(data)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _error(self, status: int, code: str) -> None:
        self._send(status, b"{}", {"X-Error-Code": code, "X-Error-Message": code})


def _sibling(file: str, data: bytes) -> dict[str, Any]:
    said: dict[str, Any] = {"rfilename": file, "size": len(data), "blobId": _blob(data)}
    if file.endswith(LARGE):
        digest = hashlib.sha256(data).hexdigest()
        said["lfs"] = {"sha256": digest, "size": len(data), "pointerSize": 132}
    return said


def _blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
