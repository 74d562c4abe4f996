"""What the end to end tests speak with: the commands as processes, and the service they serve."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lookalike.demo.pictures import PictureHost
from lookalike.demo.rows import CatalogueRow


def eventually(condition: Callable[[], Any], within_s: float = 60.0) -> Any:
    """What the condition gives once it is true."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {within_s} s: {condition}")


@dataclass
class Shop:
    """A merchant's and a shopper's side of a running service."""

    url: str
    key: str

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON answer; an HTTP error raises."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"X-API-Key": self.key, "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer) if answer.status != 204 else None

    def upload(self, rows: list[CatalogueRow], host: PictureHost) -> None:
        """Uploads the rows in batches; each must be accepted."""
        for start in range(0, len(rows), 100):
            products = [
                {
                    "external_id": row.id,
                    "title": row.title,
                    "image_url": host.url_of(row.image),
                    "category": row.category,
                    "price": row.price,
                }
                for row in rows[start : start + 100]
            ]
            answer = self.call("POST", "/v1/catalog/products", {"products": products})
            assert answer["failed"] == 0, answer

    def total(self, status: str = "") -> int:
        """How many products there are, or have this embedding status."""
        query = f"&embedding_status={status}" if status else ""
        return int(self.call("GET", f"/v1/catalog/products?limit=1{query}")["total"])

    def products(self) -> list[dict[str, Any]]:
        """Every product, by the cursor."""
        found, cursor = [], ""
        while True:
            page = self.call("GET", f"/v1/catalog/products?limit=200{cursor}")
            found += page["products"]
            if not page["next_cursor"]:
                return found
            cursor = f"&cursor={page['next_cursor']}"


class Commands:
    """Starts `lookalike` commands over one data folder and one Redis, and ends them all."""

    def __init__(self, data_dir: Path, redis_url: str | None, **settings: str) -> None:
        named = {name.upper(): value for name, value in settings.items()}
        self.environment = os.environ | {
            "LOOKALIKE_DATA_DIR": str(data_dir),
            "LOOKALIKE_FETCH_ALLOW": "127.0.0.1",
            "LOOKALIKE_LOG_LEVEL": "warning",
            **({"LOOKALIKE_REDIS_URL": redis_url} if redis_url else {}),
            **{f"LOOKALIKE_{name}": value for name, value in named.items()},
        }
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, *argv: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "lookalike.cli", *argv],
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        return process

    def worker(self) -> subprocess.Popen[str]:
        return self.start("worker")

    def serve(self, command: str = "serve") -> Shop:
        """Starts the web, or the whole (`up`), on a free port, and waits until it serves."""
        process = self.start(command, "--port", "0")
        key, url = "", ""
        assert process.stdout is not None
        while not url:
            line = process.stdout.readline()
            assert line, "it ended before it served"
            if found := re.search(r"sk_\w+", line):
                key = found[0]
            if found := re.search(r"http://[^\s,]+\d", line):
                url = found[0]

        def healthy() -> bool:
            try:
                with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
                    return bool(answer.status == 200)
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                return False

        eventually(healthy)
        return Shop(url, key)

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """A command that ends by itself."""
        return subprocess.run(
            [sys.executable, "-m", "lookalike.cli", *argv],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def end(self) -> None:
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()
