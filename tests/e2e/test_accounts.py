"""Tenants and keys as an operator manages them, while the web serves in processes of its own."""

from __future__ import annotations

import json
import re
import sqlite3
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import Commands, Shop, eventually

IN_FORCE_WITHIN_S = 5.0
ASKED = 20
"""Requests enough to meet every web process."""


def run(commands: Commands, *argv: str) -> str:
    ended = commands.run(*argv)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def status(
    shop: Shop, method: str = "GET", path: str = "/v1/catalog/products", body: Any = None
) -> int:
    try:
        shop.call(method, path, body)
    except urllib.error.HTTPError as error:
        return error.code
    return 200


def batch(products: int) -> dict[str, Any]:
    one = {"title": "Mug", "image_url": "http://127.0.0.1:1/mug.jpg"}
    return {"products": [one] * products}


def test_what_is_changed_is_in_force_in_every_process_within_5_seconds(commands: Commands) -> None:
    shop = commands.serve()
    tenant = run(commands, "tenants", "list").split()[0]
    doomed = Shop(shop.url, run(commands, "keys", "create", "--label", "till"))
    rotated = Shop(shop.url, run(commands, "keys", "create"))
    upload = ("POST", "/v1/catalog/products", batch(11))
    for _ in range(ASKED):  # each process has seen each key
        assert status(doomed) == status(rotated) == status(shop) == 200
    assert status(shop, *upload) == 200
    run(commands, "keys", "revoke", doomed.key.split("_")[1])
    fresh = run(commands, "keys", "rotate", rotated.key.split("_")[1], "--overlap-hours", "0")
    run(commands, "tenants", "tier", tenant, "free")
    time.sleep(IN_FORCE_WITHIN_S)
    for _ in range(ASKED):
        assert status(doomed) == status(rotated) == 401
        assert status(Shop(shop.url, fresh)) == 200
        assert status(shop, *upload) == 413
    listed = run(commands, "keys", "list")
    assert re.search(rf"{doomed.key.split('_')[1]} .* revoked .* till", listed)


def test_a_key_expires_when_it_was_told_to(commands: Commands) -> None:
    shop = commands.serve()
    key = run(commands, "keys", "create", "--expires", "2099-12-31")
    assert "expires 2099-12-31 00:00" in run(commands, "keys", "list")
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 20))
    run(commands, "keys", "expire", key.split("_")[1], soon)
    assert status(Shop(shop.url, key)) == 200
    eventually(lambda: status(Shop(shop.url, key)) == 401)
    past = commands.run("keys", "expire", key.split("_")[1], "2020-01-01")
    assert past.returncode == 1
    assert "revoke it" in past.stderr


def test_a_public_key_searches_from_its_pages(commands: Commands) -> None:
    shop = commands.serve()
    key = run(commands, "keys", "create", "--origin", "https://Shop.example/", "--burst", "3")
    assert key.startswith("pk_")
    assert "https://shop.example" in run(commands, "keys", "list")

    def search(origin: str) -> tuple[int, str | None]:
        headers = {"X-API-Key": key, "Content-Type": "application/json", "Origin": origin}
        body = json.dumps({"query": "mug"}).encode()
        request = urllib.request.Request(f"{shop.url}/v1/catalog/search", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.headers["Access-Control-Allow-Origin"]
        except urllib.error.HTTPError as error:
            return error.code, error.headers["Access-Control-Allow-Origin"]

    assert search("https://evil.example") == (403, None)
    asked = [search("https://shop.example") for _ in range(ASKED)]
    assert asked[0] == (200, "https://shop.example")
    assert (429, "https://shop.example") in asked


def test_a_tenant_is_made_and_deleted_with_all_it_owns(commands: Commands) -> None:
    first = commands.serve()
    tenant, key = run(commands, "tenants", "create", "Крамниця", "--tier", "starter").split()
    second = Shop(first.url, key)
    for shop in (first, second):
        product = {"title": "Mug", "image_url": "http://127.0.0.1:1/a.jpg", "external_id": "mug"}
        shop.call("POST", "/v1/catalog/products", product)
        assert shop.total() == 1
    assert "Крамниця" in run(commands, "tenants", "list")
    unnamed = commands.run("keys", "create")
    assert unnamed.returncode == 1
    assert "Say which" in unnamed.stderr
    run(commands, "keys", "create", "--tenant", tenant)
    assert key not in run(commands, "keys", "list", "--tenant", tenant)

    run(commands, "tenants", "delete", tenant, "--yes")
    assert status(second) == 401
    assert first.total() == 1
    assert tenant not in run(commands, "tenants", "list")
    file = Path(commands.environment["LOOKALIKE_DATA_DIR"]) / "catalogue.sqlite3"
    assert rows_of(file, tenant) == 0
    assert commands.run("tenants", "delete", tenant, "--yes").returncode == 1


def test_a_deletion_asks_first(commands: Commands) -> None:
    commands.serve()
    tenant = run(commands, "tenants", "list").split()[0]
    refused = commands.run("tenants", "delete", tenant)
    assert refused.returncode == 1
    assert "with all its products?" in refused.stdout
    assert tenant in run(commands, "tenants", "list")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("keys", "revoke", "0123456789abcdef"), "There is no key 0123456789abcdef"),
        (("keys", "create", "--origin", "*"), "is no origin"),
        (("keys", "create", "--tenant", "nobody"), "There is no tenant nobody"),
        (("tenants", "tier", "nobody", "pro"), "There is no tenant nobody"),
        (("tenants", "delete", "nobody", "--yes"), "There is no tenant nobody"),
        (("tenants", "create", "x" * 300), "at most 256 characters"),
        (
            ("keys", "create", "--origin", "https://shop.example", "--scope", "catalog"),
            "may only search",
        ),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    commands: Commands, argv: tuple[str, ...], words: str
) -> None:
    ended = commands.run(*argv)
    assert ended.returncode == 1
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_is_no_time_or_tier_is_said_with_the_usage(commands: Commands) -> None:
    for argv in (
        ("keys", "create", "--expires", "soon"),
        ("tenants", "create", "a", "--tier", "x"),
    ):
        ended = commands.run(*argv)
        assert ended.returncode == 2
        assert "Usage:" in ended.stderr


def rows_of(file: Path, tenant: str) -> int:
    """How many rows of all tables are this tenant's."""
    with closing(sqlite3.connect(file)) as connection:
        tables = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        found = 0
        for table in tables:
            columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
            if "tenant" in columns:
                found += connection.execute(
                    f"SELECT count(*) FROM {table} WHERE tenant = ?", (tenant,)
                ).fetchone()[0]
        return found
