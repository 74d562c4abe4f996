"""The limits of searches over HTTP: what counts, what is left, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.test import TestResponse

from lookalike.accounts.keys import Wanted
from lookalike.accounts.model import Scope
from lookalike.accounts.searches import end_of_month, month_of
from lookalike.bootstrap import make_sweeper
from tests.api.harness import Api

MONTH = month_of(datetime.now(UTC))


@pytest.fixture
def free(api: Api) -> Api:
    """On the tier with 500 searches a month, with a key that has not been seen yet."""
    tenant = tenant_of(api)
    api.services.accounts.change_tier(tenant, "free")
    api.key = api.services.accounts.create_key(tenant, Wanted(scopes=frozenset(Scope)))[1]
    return api


def tenant_of(api: Api) -> str:
    return api.services.accounts.tenant(None).id


def search(api: Api, **facts: Any) -> TestResponse:
    return api.post("/search", facts or {"query": "mug"})


def used(api: Api) -> int:
    return api.services.searches.used(tenant_of(api), MONTH)


def use(api: Api, searches: int) -> None:
    api.redis.set(f"lookalike:used:searches:{tenant_of(api)}:{MONTH}", searches)


def rate(answer: TestResponse) -> tuple[int, ...]:
    return tuple(int(answer.headers[f"RateLimit-{name}"]) for name in ("Limit", "Remaining"))


def test_each_answered_search_counts_and_says_what_is_left(free: Api) -> None:
    assert rate(search(free)) == (500, 499)
    second = search(free)
    assert rate(second) == (500, 498)
    left_s = (end_of_month(MONTH) - datetime.now(UTC)).total_seconds()
    assert int(second.headers["RateLimit-Reset"]) == pytest.approx(left_s, abs=60)
    assert used(free) == 2


@pytest.mark.parametrize(
    "facts",
    [
        {"query": ""},
        {"limit": 3, "query": "mug"},
        {"image_url": "https://example.com/gone.jpg"},
        {"product_id": "550e8400-e29b-41d4-a716-446655440000"},
    ],
)
def test_a_search_that_is_refused_does_not_count(free: Api, facts: dict[str, Any]) -> None:
    assert 400 <= search(free, **facts).status_code < 500
    assert used(free) == 0


def test_a_fault_of_ours_does_not_count(free: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(free.services.searcher, "search", fail)
    assert search(free).status_code == 500
    assert used(free) == 0


def test_over_the_limit_it_is_a_429_that_says_when_to_come_back(free: Api) -> None:
    use(free, 499)
    assert rate(search(free)) == (500, 0)
    refused = search(free)
    assert (refused.status_code, (refused.json or {})["code"]) == (429, "search_limit")
    assert refused.mimetype == "application/problem+json"
    assert f"{end_of_month(MONTH):%Y-%m-%d}" in (refused.json or {})["detail"]
    left_s = (end_of_month(MONTH) - datetime.now(UTC)).total_seconds()
    assert int(refused.headers["Retry-After"]) == pytest.approx(left_s, abs=60)
    assert rate(refused) == (500, 0)
    assert used(free) == 500
    assert free.get("/products").status_code == 200


def test_without_a_limit_nothing_is_said_and_the_search_counts(api: Api) -> None:
    answer = search(api)
    assert answer.status_code == 200
    assert not [name for name, _ in answer.headers if name.startswith("RateLimit")]
    assert used(api) == 1


def test_the_loss_of_redis_costs_what_the_sweeper_has_not_saved(free: Api) -> None:
    search(free)
    free.services.bookkeeping.keep()
    search(free)
    free.redis.flushall()
    assert used(free) == 1
    assert rate(search(free)) == (500, 498)


def test_without_redis_searches_go_on(free: Api) -> None:
    search(free)
    free.redis.config_set("maxclients", 1)
    free.redis.client_kill_filter(_type="normal", skipme=True)
    try:
        answer = search(free)
    finally:
        free.redis.config_set("maxclients", 10000)
    assert answer.status_code == 200
    assert "RateLimit-Limit" not in answer.headers


def test_the_sweeper_keeps_the_books(free: Api) -> None:
    search(free)
    make_sweeper(free.services, free.pipeline.fail).sweep(restoring=True)
    free.redis.flushall()
    assert used(free) == 1


def test_the_quota_begins_with_what_is_stored(free: Api) -> None:
    for number in range(3):
        free.upload(external_id=f"mug-{number}")
    assert free.services.quota.take(tenant_of(free), 10, 5) == 2
    free.redis.flushall()
    assert free.services.quota.take(tenant_of(free), 10, 5) == 2
