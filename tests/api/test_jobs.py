"""Jobs of batches, over the real parts."""

from __future__ import annotations

from typing import Any

import pytest

from lookalike.jobs.record import Marking
from lookalike.jobs.redis_jobs import RedisJobStore
from tests.api.feed import PRODUCTS
from tests.api.harness import Api, jpeg


def batch(api: Api, *keys: str, picture: str = "mug", **facts: Any) -> str:
    """Uploads a batch and gives its job's id."""
    url = f"https://example.com/{picture}.jpg"
    api.internet.pictures.setdefault(url, jpeg("navy"))
    products = [{"title": "Mug", "image_url": url, "external_id": key} | facts for key in keys]
    answer = api.post("/products", {"products": products})
    assert answer.status_code == 200, answer.text
    return str((answer.json or {})["job_id"])


def job(api: Api, id: str) -> dict[str, Any]:
    return dict(api.get(f"/jobs/{id}").json or {})


def numbers(api: Api, id: str) -> tuple[int, ...]:
    found = job(api, id)
    return tuple(found[name] for name in ("to_embed", "embedded", "embedding_failed", "superseded"))


def test_a_batch_has_a_job_that_completes_with_its_last_product(api: Api) -> None:
    id = batch(api, "a", "b")
    assert (job(api, id)["status"], job(api, id)["total"]) == ("embedding", 2)
    api.work()
    assert job(api, id)["status"] == "complete"
    assert numbers(api, id) == (2, 2, 0, 0)
    listed = (api.get("/jobs").json or {})["jobs"]
    assert [each["job_id"] for each in listed] == [id]


def test_an_unchanged_batch_is_complete_at_once(api: Api) -> None:
    batch(api, "a", "b")
    api.work()
    again = batch(api, "a", "b", price=5)
    assert job(api, again)["status"] == "complete"
    assert numbers(api, again) == (0, 0, 0, 0)


def test_refused_items_and_dead_pictures_are_named(api: Api) -> None:
    dead = {"title": "Mug", "image_url": "https://example.com/gone.jpg", "external_id": "dead"}
    answer = api.post("/products", {"products": [dead, {"external_id": "bad"}]}).json or {}
    api.work()
    found = job(api, answer["job_id"])
    assert (found["failed"], found["embedding_failed"], found["status"]) == (1, 1, "complete")
    assert found["errors"][0].startswith("bad: ")
    assert "dead: https://example.com/gone.jpg" in found["errors"][1]


def test_an_upload_that_changes_the_picture_supersedes_and_the_same_again_does_not(
    api: Api,
) -> None:
    first = batch(api, "a", "b")
    batch(api, "b", price=9)
    assert numbers(api, first) == (2, 0, 0, 0)
    second = batch(api, "b", picture="new")
    assert numbers(api, first) == (2, 0, 0, 1)
    api.work()
    assert numbers(api, first) == (2, 1, 0, 1)
    assert numbers(api, second) == (1, 1, 0, 0)


def test_a_deletion_supersedes(api: Api) -> None:
    id = batch(api, "a")
    product = (api.get("/products").json or {})["products"][0]["id"]
    api.call("DELETE", f"/v1/catalog/products/{product}")
    assert (job(api, id)["status"], numbers(api, id)) == ("complete", (1, 0, 0, 1))


def test_two_processes_that_mark_a_page_count_it_once(api: Api) -> None:
    api.upload()
    api.work()
    begun = api.call("POST", "/api/v1/catalog/reindex").json or {}
    tenant = job(api, begun["job_id"])["tenant_id"]
    api.work()
    done = job(api, begun["job_id"])
    api.services.reindex.advance(Marking(begun["job_id"], tenant, None))
    assert job(api, begun["job_id"]) == done
    api.work()
    assert job(api, begun["job_id"]) == done
    assert (done["status"], done["to_embed"], done["embedded"]) == ("complete", 1, 1)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", PRODUCTS, {"products": [{"sku": "a", "name": "A"}]}),
        ("POST", "/api/v1/catalog/reindex", None),
    ],
)
def test_a_job_that_is_lost_on_the_way_is_a_503_and_not_an_unknown_one(
    api: Api, monkeypatch: pytest.MonkeyPatch, method: str, path: str, body: Any
) -> None:
    close = RedisJobStore.close

    def emptied(*args: Any) -> None:
        api.redis.flushall()
        close(*args)

    monkeypatch.setattr(RedisJobStore, "close", emptied)
    answer = api.call(method, path, body)
    assert answer.status_code == 503, answer.text
    if body:
        assert (answer.json or {})["saved"]["created"] == 1


def test_an_unknown_job_is_a_404(api: Api) -> None:
    assert api.get("/jobs/550e8400-e29b-41d4-a716-446655440000").status_code == 404
    batch(api, "a")
    assert api.get("/jobs/open").status_code == 404


def test_without_redis_a_batch_is_refused_whole_since_it_promises_a_job(api: Api) -> None:
    api.redis.config_set("maxclients", 1)
    api.redis.client_kill_filter(_type="normal", skipme=True)
    product = {"title": "Mug", "image_url": "https://example.com/mug.jpg"}
    try:
        answer = api.post("/products", {"products": [product]})
    finally:
        api.redis.config_set("maxclients", 10000)
    assert (answer.status_code, (answer.json or {})["code"]) == (503, "queue_unavailable")
    assert "Retry-After" in answer.headers
    assert (api.get("/products").json or {})["total"] == 0
