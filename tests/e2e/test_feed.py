"""A nightly push of hundreds of products, and what happens in the middle of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from redis import Redis

from lookalike.demo.photos import read_photos
from lookalike.demo.pictures import PictureHost
from lookalike.demo.rows import CatalogueRow
from tests.e2e.harness import Commands, Shop, eventually

MANY = 500


def rows_of(shops: Path) -> list[CatalogueRow]:
    """Real photographs of several shops."""
    found = [row for shop in sorted(shops.iterdir()) if shop.is_dir() for row in read_photos(shop)]
    return found[:MANY]


def push(shop: Shop, rows: list[CatalogueRow], host: PictureHost) -> str:
    """Uploads all in one request; gives the job."""
    products = [
        {
            "sku": f"{number:04}-{row.id}",
            "name": row.title,
            "category_path": row.category,
            "image_url": host.url_of(row.image),
        }
        for number, row in enumerate(rows)
    ]
    answer = shop.call("PUT", "/api/v1/catalog/products", {"products": products})
    assert (answer["created"], answer["failed"], answer["to_embed"]) == (MANY, 0, MANY)
    return str(answer["job_id"])


def job(shop: Shop, id: str) -> dict[str, Any]:
    told: dict[str, Any] = shop.call("GET", f"/api/v1/catalog/jobs/{id}")
    return told


def test_a_worker_killed_in_the_middle_of_a_job_costs_nothing(
    commands: Commands, picture_host: PictureHost, shops: Path
) -> None:
    commands.environment["LOOKALIKE_LEASE_S"] = "2"
    shop = commands.serve()
    doomed, _ = commands.worker(), commands.worker()
    id = push(shop, rows_of(shops), picture_host)
    eventually(lambda: 0 < job(shop, id)["embedded"] < MANY, 120)
    doomed.kill()
    doomed.wait()
    assert job(shop, id)["embedded"] < MANY, "it was done before it was killed"
    eventually(lambda: job(shop, id)["status"] == "complete", 240)
    done = job(shop, id)
    assert (done["embedded"], done["embedding_failed"], done["superseded"]) == (MANY, 0, 0)
    assert shop.total("completed") == shop.total() == MANY
    again = push_again(shop)
    assert (again["unchanged"], again["to_embed"]) == (MANY, 0)


def push_again(shop: Shop) -> dict[str, Any]:
    """Uploads what is stored once more, as it is."""
    products = [
        {
            "sku": each["sku"],
            "name": each["name"],
            "category_path": each["category_path"],
            "image_url": each["image_url"],
        }
        for each in every_product(shop)
    ]
    answer: dict[str, Any] = shop.call("PUT", "/api/v1/catalog/products", {"products": products})
    return answer


def every_product(shop: Shop) -> list[dict[str, Any]]:
    """All products of the feed's list, by the cursor."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = shop.call("GET", f"/api/v1/catalog/products?limit=200{cursor}")
        found += page["products"]
        if not page["next_cursor"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def test_redis_emptied_in_the_middle_of_a_job_costs_the_job_and_no_product(
    commands: Commands, picture_host: PictureHost, shops: Path, redis_client: Redis
) -> None:
    shop = commands.serve()
    commands.worker()
    id = push(shop, rows_of(shops), picture_host)
    eventually(lambda: 0 < job(shop, id)["embedded"] < MANY, 120)
    redis_client.flushall()
    eventually(lambda: shop.total("completed") == MANY, 240)
    assert shop.total() == MANY
    skus = [each["sku"] for each in every_product(shop)]
    assert len(skus) == len(set(skus)) == MANY
