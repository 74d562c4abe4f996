"""Uploads with an `Idempotency-Key`."""

from __future__ import annotations

from typing import Any

import pytest
from redis import Redis
from werkzeug.test import TestResponse

from lookalike.catalog.bulk import Bulk
from lookalike.idempotency.answers import RUNNING_S, StillRunning
from lookalike.jobs.record import Job
from tests.api.feed import PRODUCTS
from tests.api.harness import Api

MUG = {"title": "Mug", "image_url": "https://example.com/mug.jpg"}
FEED = {"products": [{"sku": "a", "name": "A"}]}
UPLOADS: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/v1/catalog/products", MUG),
    ("POST", "/v1/catalog/products", {"products": [MUG, {"title": "No picture"}]}),
    ("PUT", PRODUCTS, FEED),
]


def send(api: Api, method: str, path: str, body: Any, key: str = "k-1") -> TestResponse:
    return api.call(method, path, body, headers={"Idempotency-Key": key})


def stored(api: Api) -> int:
    return int((api.call("GET", PRODUCTS).json or {})["total"])


@pytest.mark.parametrize(("method", "path", "body"), UPLOADS)
def test_the_same_upload_again_brings_the_first_answer_and_does_nothing(
    api: Api, method: str, path: str, body: dict[str, Any]
) -> None:
    first, second = send(api, method, path, body), send(api, method, path, body)
    assert (second.status_code, second.json) == (first.status_code, first.json)
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert stored(api) == 1
    another = send(api, method, path, body, "k-2")
    assert another.json != first.json


def test_another_body_under_the_same_key_is_refused(api: Api) -> None:
    send(api, "PUT", PRODUCTS, FEED)
    other = {"products": [{"sku": "b", "name": "B"}]}
    answer = send(api, "PUT", PRODUCTS, other)
    assert (answer.status_code, (answer.json or {})["code"]) == (422, "idempotency_key_reused")
    assert stored(api) == 1


def test_the_order_of_members_makes_no_other_body(api: Api) -> None:
    first = send(api, "POST", "/v1/catalog/products", MUG)
    turned = dict(reversed(MUG.items()))
    assert send(api, "POST", "/v1/catalog/products", turned).json == first.json


def test_while_the_first_runs_the_second_waits(api: Api) -> None:
    tenant = api.services.callers.authenticate(api.key).tenant
    answers = api.services.answers
    assert answers.begin(tenant, "k-1", "the first") is None
    with pytest.raises(StillRunning):
        answers.begin(tenant, "k-1", "the first")
    [name] = list(api.redis.scan_iter("lookalike:answer:*"))
    assert RUNNING_S - 60 < api.redis.ttl(name) <= RUNNING_S


def test_what_failed_may_be_tried_again(api: Api) -> None:
    assert send(api, "PUT", PRODUCTS, {"products": []}).status_code == 422
    assert send(api, "PUT", PRODUCTS, FEED).status_code == 202


def test_keys_are_a_tenant_s_own(api: Api) -> None:
    answers = api.services.answers
    assert answers.begin("anna", "k", "a") is None
    assert answers.begin("boris", "k", "b") is None


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "ключ"])
def test_a_key_that_is_none_is_refused(api: Api, key: str) -> None:
    answer = send(api, "PUT", PRODUCTS, FEED, key.encode().decode("latin-1"))
    assert (answer.status_code, stored(api)) == (422, 0)


def test_an_upload_that_takes_longer_than_it_is_waited_for_keeps_its_answer(
    api: Api, redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = Bulk.upload

    def slow(*args: Any) -> Job:
        [begun] = redis_client.keys("*:answer:*")
        redis_client.delete(begun)  # after RUNNING_S
        return upload(*args)

    monkeypatch.setattr(Bulk, "upload", slow)
    first = send(api, "PUT", PRODUCTS, FEED)
    assert send(api, "PUT", PRODUCTS, FEED).json == first.json
    other = send(api, "PUT", PRODUCTS, {"products": [{"sku": "b", "name": "B"}]})
    assert other.status_code == 422


def test_an_answer_is_kept_for_a_day(api: Api, redis_client: Redis) -> None:
    send(api, "PUT", PRODUCTS, FEED)
    [name] = list(redis_client.scan_iter("lookalike:answer:*"))
    assert 24 * 3600 - 60 < redis_client.ttl(name) <= 24 * 3600
