"""The limit of a tier's products, through both APIs."""

from __future__ import annotations

from typing import Any

import pytest

from lookalike.accounts.keys import Wanted
from lookalike.accounts.model import Scope
from lookalike.accounts.tiers import TIERS
from lookalike.errors import IndexAway
from lookalike.index.sqlite.products import SqliteProductIndex
from tests.api.feed import PRODUCTS, job, put
from tests.api.harness import Api

MOST = TIERS["free"].max_products or 0


def bread(*numbers: int) -> list[dict[str, Any]]:
    return [{"sku": f"{number:04}", "name": "Bread"} for number in numbers]


@pytest.fixture
def nearly_full(api: Api) -> Api:
    """A tenant of the free tier that may have two products more."""
    tenant = api.services.accounts.tenant(None).id
    put(api, *bread(*range(MOST - 2)))
    api.services.accounts.change_tier(tenant, "free")
    api.key = api.services.accounts.create_key(tenant, Wanted(scopes=frozenset(Scope)))[1]
    return api


def stored(api: Api) -> int:
    return int((api.call("GET", f"{PRODUCTS}?limit=1").json or {})["total"])


def test_of_a_bulk_upload_what_is_over_the_limit_fails_and_the_rest_is_stored(
    nearly_full: Api,
) -> None:
    answer = put(nearly_full, *bread(0, 5000, 5001, 5002, 5003))
    assert (answer["created"], answer["unchanged"], answer["failed"]) == (2, 1, 2)
    errors = job(nearly_full, answer["job_id"])["errors"]
    assert len(errors) == 2
    assert all("Your tier allows 1,000 products" in line for line in errors)
    assert stored(nearly_full) == MOST
    changed = [{"sku": "0000", "name": "Fresh bread"}]
    assert put(nearly_full, *changed)["updated"] == 1


def test_of_a_batch_the_items_over_the_limit_fail(nearly_full: Api) -> None:
    products = [
        {"title": "Mug", "image_url": "https://example.com/mug.jpg", "external_id": key}
        for key in "abc"
    ]
    answer = nearly_full.post("/products", {"products": products}).json or {}
    assert [each["status"] for each in answer["results"]] == ["created", "created", "failed"]
    assert answer["results"][2]["code"] == "product_limit"
    assert (answer["created"], answer["failed"]) == (2, 1)
    assert job(nearly_full, answer["job_id"])["errors"][0].startswith("c: Your tier allows")


def test_a_single_upload_over_the_limit_is_refused_until_one_is_deleted(nearly_full: Api) -> None:
    put(nearly_full, *bread(5000, 5001))
    mug = {"title": "Mug", "image_url": "https://example.com/mug.jpg", "external_id": "mug"}
    refused = nearly_full.post("/products", mug)
    assert (refused.status_code, (refused.json or {})["code"]) == (403, "product_limit")
    nearly_full.call("DELETE", f"{PRODUCTS}/5000")
    assert nearly_full.post("/products", mug).status_code == 403
    gone = {"external_ids": ["5000"]}
    nearly_full.call("DELETE", "/v1/catalog/products", gone)
    assert nearly_full.post("/products", mug).status_code == 201


def test_what_the_index_could_not_write_does_not_count(
    nearly_full: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = {"products": bread(5000, 5001)}
    with monkeypatch.context() as away:
        away.setattr(SqliteProductIndex, "write", _away)
        assert nearly_full.call("PUT", PRODUCTS, new).status_code == 503
    assert put(nearly_full, *bread(5000, 5001))["created"] == 2


def _away(*_: Any) -> None:
    raise IndexAway("The index is away.")
