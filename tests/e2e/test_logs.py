"""What a running system writes to its log: in one form, whoever writes it, and never a secret."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lookalike.demo.pictures import PictureHost
from lookalike.demo.rows import CatalogueRow
from tests.e2e.harness import Commands, Shop, eventually

SIGNED = "http://user:hunter2@127.0.0.1:9/picture.jpg?X-Signature=s3cr3ts1gn4tur3"
WRONG_KEY = "sk_0123456789abcdef_wr0ngs3cr3t"


@contextmanager
def running(commands: Commands, log: Path) -> Iterator[Shop]:
    """`lookalike up` with its log in a file."""
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "lookalike.cli", "up", "--port", "0"],
            env=commands.environment,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
        )
        assert process.stdout is not None
        try:
            key = re.search(r"sk_\w+", process.stdout.readline())
            url = re.search(r"http://[^\s,]+\d", process.stdout.readline())
            assert key
            assert url
            yield Shop(url[0], key[0])
        finally:
            process.terminate()
            process.wait(60)
            process.stdout.close()


def status(shop: Shop, method: str, path: str, body: Any, key: str) -> int:
    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    data = json.dumps(body).encode()
    request = urllib.request.Request(shop.url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def use(shop: Shop, picture: bytes) -> list[str]:
    """Does what involves secrets; gives what must not be in the log."""
    encoded = base64.b64encode(picture).decode()
    signed = {"title": "Mug", "image_url": SIGNED, "external_id": "A"}
    assert status(shop, "POST", "/v1/catalog/products", signed, shop.key) == 201
    assert status(shop, "POST", "/v1/catalog/search", {"image_base64": encoded}, shop.key) == 200
    assert status(shop, "POST", "/v1/catalog/search", {"image_url": SIGNED}, shop.key) == 422
    assert status(shop, "POST", "/v1/catalog/search", {"query": "mug"}, WRONG_KEY) == 401
    assert status(shop, "POST", f"/v1/catalog/search?key={shop.key}", {"query": 1}, shop.key) == 422
    batch = {"products": [signed | {"external_id": str(number)} for number in range(3)]}
    assert status(shop, "POST", "/v1/catalog/products", batch, shop.key) == 200
    eventually(lambda: shop.total("failed") == 4)
    secrets = [shop.key, shop.key.rsplit("_", 1)[1], WRONG_KEY, WRONG_KEY.rsplit("_", 1)[1]]
    return [*secrets, "hunter2", "s3cr3ts1gn4tur3", encoded[:60], encoded[200:260]]


@pytest.mark.parametrize("form", ["json", "logfmt"])
def test_no_secret_is_in_any_line_and_all_lines_are_of_one_form(  # noqa: PLR0917
    commands: Commands,
    bagisto: list[CatalogueRow],
    picture_host: PictureHost,
    shops: Path,
    tmp_path: Path,
    form: str,
) -> None:
    commands.environment |= {
        "LOOKALIKE_LOG_LEVEL": "debug",
        "LOOKALIKE_LOG_FORMAT": form,
        "LOOKALIKE_FETCH_ALLOW": "10.0.0.0/8",  # so that the signed address is refused at once
    }
    log = tmp_path / "log"
    picture = next((shops / "bagisto").rglob("*.jpg")).read_bytes()
    with running(commands, log) as shop:
        secrets = use(shop, picture)
    text = log.read_text()
    assert [each for each in secrets if each in text] == []
    lines = text.splitlines()
    assert len(lines) > 10
    if form == "json":
        events = [json.loads(line) for line in lines]
        assert all({"timestamp", "level", "event"} <= each.keys() for each in events)
        requests = [each for each in events if each["event"] == "request"]
        answered = [each for each in requests if each["status"] in {200, 201}]
        assert answered
        assert all({"request", "tenant", "ms"} <= each.keys() for each in answered if each["key"])
        assert [each for each in answered if "job" in each]
    else:
        odd = [line for line in lines if not re.match(r"timestamp=\S+ level=\w+ event=", line)]
        assert odd == []
