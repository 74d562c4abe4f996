"""The main job on real photographs: upload, embed, search; and what a killed worker costs."""

from __future__ import annotations

import base64
from collections import Counter

import pytest

from lookalike.demo.pictures import PictureHost
from lookalike.demo.rows import CatalogueRow
from tests.contract.harness import ENGINES
from tests.e2e.harness import Commands, Shop, eventually

on_every_engine = pytest.mark.parametrize("commands", ENGINES, indirect=True)


def found_products(shop: Shop, query: CatalogueRow, products: dict[str, str]) -> list[str]:
    """The product_ids of the first ten answers to a query's picture."""
    asked = {
        "image_base64": base64.b64encode(query.image.read_bytes()).decode(),
        "max_results": 10,
        "similarity_threshold": 0,
    }
    results = shop.call("POST", "/v1/catalog/search", asked)["results"]
    return [products[each["external_id"]] for each in results]


@on_every_engine
def test_shoppers_find_the_products_of_a_real_shop_by_other_photographs(
    commands: Commands, picture_host: PictureHost, bagisto: list[CatalogueRow]
) -> None:
    catalogue = [row for row in bagisto if not row.is_query]
    products = {row.id: row.product_id for row in catalogue}
    queries = [row for row in bagisto if row.is_query and row.product_id in products.values()]
    assert len(queries) == 154

    shop = commands.serve()
    commands.worker()
    shop.upload(catalogue, picture_host)
    eventually(lambda: shop.total("completed") == len(catalogue), 240)
    assert shop.total("completed") == shop.total() == len(catalogue)

    ranks: Counter[str] = Counter()
    for query in queries:
        found = found_products(shop, query, products)
        ranks["first"] += found[:1] == [query.product_id]
        ranks["first ten"] += query.product_id in found
    print(f"bagisto: R@1 {ranks['first'] / 154:.3f}, R@10 {ranks['first ten'] / 154:.3f}")
    assert ranks["first ten"] / len(queries) >= 0.85


@on_every_engine
def test_every_product_ends_completed_or_failed_with_a_reason(
    commands: Commands, picture_host: PictureHost, bagisto: list[CatalogueRow]
) -> None:
    shop = commands.serve()
    commands.worker()
    shop.upload(bagisto[:20], picture_host)
    for number in range(5):
        url = picture_host.url_of(bagisto[0].image) + f".gone-{number}"
        product = {"title": "Gone", "image_url": url, "external_id": f"gone-{number}"}
        shop.call("POST", "/v1/catalog/products", product)
    eventually(lambda: shop.total() == 25 and shop.total("pending") == 0)
    for each in shop.products():
        if each["external_id"].startswith("gone"):
            assert each["embedding_status"] == "failed"
            assert "404" in each["embedding_error"]
        else:
            assert (each["embedding_status"], each["embedding_error"]) == ("completed", None)


@on_every_engine
def test_a_worker_killed_in_the_middle_costs_nothing(
    commands: Commands, picture_host: PictureHost, bagisto: list[CatalogueRow]
) -> None:
    commands.environment["LOOKALIKE_LEASE_S"] = "2"
    shop = commands.serve()
    doomed = commands.worker()
    shop.upload(bagisto, picture_host)
    eventually(lambda: 0 < shop.total("completed") < len(bagisto))
    doomed.kill()
    doomed.wait()
    done_before = shop.total("completed")
    assert done_before < len(bagisto), "it was done before it was killed"
    commands.worker()
    eventually(lambda: shop.total("completed") == len(bagisto), 120)
    assert len({each["id"] for each in shop.products()}) == len(bagisto)
