"""How every queue of owed products shares its workers among tenants."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from lookalike.jobs.protocol import Claimed
from lookalike.jobs.redis_queue import RedisOwedQueue

ANNA, BORIS, CLARA = (f"7f2c1a34-0c55-4b0e-9a5e-{digit * 12}" for digit in "123")


@pytest.fixture
def queue(redis_client: Redis) -> RedisOwedQueue:
    return RedisOwedQueue(redis_client)


def test_a_tenant_that_owes_much_keeps_no_other_waiting(queue: RedisOwedQueue) -> None:
    queue.add(ANNA, [str(number) for number in range(10_000)])
    assert len(queue.claim(50).items) == 50
    queue.add(BORIS, ["b"])
    claim = queue.claim(50)
    assert Counter(item.tenant for item in claim.items) == {ANNA: 49, BORIS: 1}


def test_tenants_share_a_claim_evenly(queue: RedisOwedQueue) -> None:
    for tenant in (ANNA, BORIS, CLARA):
        queue.add(tenant, [str(number) for number in range(20)])
    shares = Counter(item.tenant for item in queue.claim(9).items)
    assert shares == {ANNA: 3, BORIS: 3, CLARA: 3}


def test_whose_turn_it_is_is_remembered_from_claim_to_claim(queue: RedisOwedQueue) -> None:
    for tenant in (ANNA, BORIS, CLARA):
        queue.add(tenant, ["1", "2"])
    turns = [tuple(item.tenant for item in queue.claim(2).items) for _ in range(3)]
    assert turns == [(ANNA, BORIS), (CLARA, ANNA), (BORIS, CLARA)]


def test_more_tenants_than_a_claim_takes_all_get_their_turn(queue: RedisOwedQueue) -> None:
    tenants = [f"tenant-{number}" for number in range(25)]
    for tenant in tenants:
        queue.add(tenant, ["1", "2"])
    served = [item.tenant for _ in range(3) for item in queue.claim(10).items]
    assert set(served) == set(tenants)


def test_a_claim_is_full_though_most_tenants_owe_little(queue: RedisOwedQueue) -> None:
    queue.add(ANNA, [str(number) for number in range(100)])
    queue.add(BORIS, ["b"])
    queue.add(CLARA, ["c"])
    assert len(queue.claim(50).items) == 50


def test_a_tenant_whose_products_all_rest_holds_up_no_other(queue: RedisOwedQueue) -> None:
    queue.add(ANNA, ["a"])
    claim = queue.claim(1)
    queue.release(claim, claim.items, 60)
    queue.add(BORIS, ["b"])
    assert queue.claim(50).items == (Claimed(BORIS, "b", 0),)


def test_a_tenant_that_keeps_adding_keeps_its_turn(queue: RedisOwedQueue) -> None:
    queue.add(ANNA, ["1"])
    queue.add(BORIS, ["1"])
    queue.add(ANNA, ["2"])
    assert [item.tenant for item in queue.claim(1).items] == [ANNA]


def commands_of_a_claim(queue: RedisOwedQueue, redis_client: Redis) -> int:
    """How many commands the server runs for a claim of 50 that is filled."""
    redis_client.config_resetstat()
    assert len(queue.claim(50).items) == 50
    return sum(each["calls"] for each in redis_client.info("commandstats").values())


def test_a_claim_costs_the_same_however_much_is_due_or_leased(
    queue: RedisOwedQueue, redis_client: Redis
) -> None:
    queue.add(ANNA, [str(number) for number in range(200)])
    queue.claim(50)
    few = commands_of_a_claim(queue, redis_client)
    queue.add(ANNA, [str(number) for number in range(20_000)])
    while queue.depth().leased < 2_000:
        queue.claim(50)
    queue.add(ANNA, [str(number) for number in range(20_000)])
    assert commands_of_a_claim(queue, redis_client) == few


def test_a_claim_costs_the_same_however_many_tenants_wait(
    queue: RedisOwedQueue, redis_client: Redis
) -> None:
    for number in range(150):
        queue.add(f"tenant-{number}", ["a", "b"])
    queue.claim(50)
    few = commands_of_a_claim(queue, redis_client)
    for number in range(150, 500):
        queue.add(f"tenant-{number}", ["a", "b"])
    assert commands_of_a_claim(queue, redis_client) == few


def test_workers_that_claim_at_once_never_share_a_product(redis_url: str) -> None:
    def claim_all() -> list[Claimed]:
        with Redis.from_url(redis_url) as connection:
            queue, claimed = RedisOwedQueue(connection), []
            while items := queue.claim(7).items:
                claimed += items
            return claimed

    with Redis.from_url(redis_url) as connection:
        queue = RedisOwedQueue(connection)
        for tenant in (ANNA, BORIS, CLARA):
            queue.add(tenant, [str(number) for number in range(300)])
    with ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(claim_all) for _ in range(4)]
    claimed = [item for worker in workers for item in worker.result()]
    assert len(claimed) == len(set(claimed)) == 900
