"""Bodies: how large, how packed, in what form."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from tests.api.harness import Api

PATH = "/v1/catalog/products"
PRODUCT = json.dumps({"title": "Mug", "image_url": "https://example.com/mug.jpg"}).encode()
PACKED = gzip.compress(PRODUCT, mtime=0)


def send(api: Api, body: bytes, encoding: str = "identity") -> tuple[int, str]:
    """The status and the code of the answer to a body."""
    headers = {"Content-Encoding": encoding}
    answer = api.call("POST", PATH, data=body, headers=headers, content_type="application/json")
    return answer.status_code, (answer.json or {}).get("code", "")


@pytest.mark.parametrize("letters", [1, 1_000, 3_000_000])
def test_a_disk_that_is_full_is_no_fault_of_the_body(
    api: Api, monkeypatch: pytest.MonkeyPatch, letters: int
) -> None:
    full = lambda **_: open("/dev/full", "w+b")  # noqa: E731, PTH123, SIM115
    monkeypatch.setattr("webapp.spool.tempfile.SpooledTemporaryFile", full)
    body = {"products": [{"sku": "a", "name": "A", "description": "x" * letters}]}
    answer = api.call("PUT", "/api/v1/catalog/products", body)
    assert (answer.status_code, (answer.json or {})["code"]) == (503, "no_room")


def test_a_packed_body_is_understood(api: Api) -> None:
    assert send(api, PACKED, "gzip") == (201, "")


def test_a_packed_body_may_be_made_of_several_members(api: Api) -> None:
    members = gzip.compress(PRODUCT[:10]) + gzip.compress(PRODUCT[10:])
    assert send(api, members, "gzip") == (201, "")


def test_limits_count_unpacked_bytes(api: Api) -> None:
    large = json.dumps({"title": "x" * 40_000_000}).encode()
    assert send(api, large) == (413, "too_large")
    assert send(api, gzip.compress(large), "gzip") == (413, "too_large")


@pytest.mark.parametrize(
    ("body", "encoding", "expected"),
    [
        (PACKED[:-9], "gzip", (400, "not_gzip")),
        (PRODUCT, "gzip", (400, "not_gzip")),
        (PACKED + bytes(10), "gzip", (400, "not_gzip")),
        (PRODUCT, "br", (415, "unsupported_media_type")),
        (PACKED, "identity", (400, "not_json")),
    ],
    ids=["cut off", "not packed", "goes on", "packed otherwise", "packed in secret"],
)
def test_a_body_that_is_not_what_it_says_is_refused(
    api: Api, body: bytes, encoding: str, expected: tuple[int, str]
) -> None:
    assert send(api, body, encoding) == expected
    listed: dict[str, Any] = api.get("/products").json or {}
    assert listed["total"] == 0
