"""The demo's own client of the visual API: what any merchant's script would send."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from lookalike.errors import LookalikeError


class DemoClient:
    """Speaks to one service with one key."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self.key = key

    def get(self, path: str) -> dict[str, Any]:
        """The answer to a GET. Raises `LookalikeError` with the service's own words."""
        return self._send(urllib.request.Request(self.url + path))  # noqa: S310

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to a POST of JSON. Raises `LookalikeError`."""
        data = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        return self._send(urllib.request.Request(self.url + path, data, headers))  # noqa: S310

    def _send(self, request: urllib.request.Request) -> dict[str, Any]:
        request.add_header("X-API-Key", self.key)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                document: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            raise LookalikeError(
                f"The service answered {error.code}: {error.read().decode()}"
            ) from error
        return document
