"""What every queue of owed products does: adding, claiming, trying again, restoring."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from redis import Redis

from lookalike.jobs.protocol import Claim, Claimed
from lookalike.jobs.redis_queue import RedisOwedQueue

ANNA, BORIS = (f"7f2c1a34-0c55-4b0e-9a5e-{digit * 12}" for digit in "12")


@pytest.fixture
def queue(redis_client: Redis) -> RedisOwedQueue:
    return RedisOwedQueue(redis_client)


def ids(claim: Claim) -> list[str]:
    return [item.id for item in claim.items]


def eventually(condition: Callable[[], object], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s} s"
        time.sleep(0.005)


def test_what_was_added_is_claimed_once(queue: RedisOwedQueue) -> None:
    queue.add(ANNA, ["a", "b", "a"])
    queue.add(ANNA, ["b"])
    assert sorted(ids(queue.claim(50))) == ["a", "b"]
    assert queue.claim(50).items == ()


def test_a_settled_product_leaves_nothing_behind(
    queue: RedisOwedQueue, redis_client: Redis
) -> None:
    queue.add(ANNA, ["a"])
    first = queue.claim(1)
    queue.retry(first, [(first.items[0], 0)])
    second = queue.claim(1)
    queue.add(ANNA, ["a"])
    queue.settle(second, second.items)
    third = queue.claim(1)
    queue.settle(third, third.items)
    assert redis_client.keys() == []


def test_calls_about_no_products_do_nothing(queue: RedisOwedQueue, redis_client: Redis) -> None:
    empty = queue.claim(50)
    queue.add(ANNA, [])
    queue.renew(empty)
    queue.settle(empty, [])
    queue.retry(empty, [])
    queue.release(empty, [], 1)
    queue.restore([])
    queue.forget(ANNA, [])
    assert queue.leased(ANNA, []) == set()
    assert redis_client.keys() == []


def test_the_depth_tells_due_owed_and_leased_apart(queue: RedisOwedQueue) -> None:
    queue.add(ANNA, ["a", "b", "c"])
    queue.add(BORIS, ["d"])
    claim = queue.claim(2)
    queue.release(claim, claim.items[:1], 60)
    depth = queue.depth()
    assert (depth.due, depth.owed, depth.leased) == (2, 3, 1)


def test_the_age_of_what_is_due_longest_grows(queue: RedisOwedQueue) -> None:
    assert queue.depth().oldest_due_s == 0
    queue.add(ANNA, ["a"])
    eventually(lambda: queue.depth().oldest_due_s > 0.02)
    queue.claim(1)
    assert queue.depth().oldest_due_s == 0


def test_a_product_is_leased_from_its_claim_until_it_is_settled(queue: RedisOwedQueue) -> None:
    queue.add(ANNA, ["a", "b"])
    claim = queue.claim(1)
    assert queue.leased(ANNA, ["a", "b", "c"]) == set(ids(claim))
    assert queue.leased(BORIS, ["a", "b"]) == set()
    queue.settle(claim, claim.items)
    assert queue.leased(ANNA, ["a", "b"]) == set()


def test_a_retried_product_rests_and_counts_its_tries(queue: RedisOwedQueue) -> None:
    queue.add(ANNA, ["a"])
    for tries in range(3):
        claim = queue.claim(1)
        assert claim.items == (Claimed(ANNA, "a", tries),)
        queue.retry(claim, [(claim.items[0], 0.02)])
        eventually(lambda: queue.depth().due == 1)
    claim = queue.claim(1)
    queue.retry(claim, [(claim.items[0], 60)])
    assert queue.claim(1).items == ()
    assert queue.depth().owed == 1


def test_products_come_again_in_the_order_in_which_they_are_due(queue: RedisOwedQueue) -> None:
    queue.add(ANNA, ["a", "b", "c"])
    claim = queue.claim(3)
    rests = {"a": 0.06, "b": 0.02, "c": 0.04}
    queue.retry(claim, [(item, rests[item.id]) for item in claim.items])
    eventually(lambda: queue.depth().due == 3)
    assert ids(queue.claim(3)) == ["b", "c", "a"]


def test_a_released_product_rests_and_counts_nothing(queue: RedisOwedQueue) -> None:
    queue.add(ANNA, ["a", "b"])
    claim = queue.claim(2)
    queue.release(claim, [item for item in claim.items if item.id == "a"], 0)
    queue.release(claim, [item for item in claim.items if item.id == "b"], 60)
    assert queue.claim(2).items == (Claimed(ANNA, "a", 0),)


def test_new_content_is_due_at_once_and_starts_anew(queue: RedisOwedQueue) -> None:
    queue.add(ANNA, ["a"])
    claim = queue.claim(1)
    queue.retry(claim, [(claim.items[0], 60)])
    queue.add(ANNA, ["a"])
    assert queue.claim(1).items == (Claimed(ANNA, "a", 0),)


def test_a_product_that_is_added_again_keeps_its_place(queue: RedisOwedQueue) -> None:
    queue.add(ANNA, ["z"])
    eventually(lambda: queue.depth().oldest_due_s > 0)
    queue.add(ANNA, ["a"])
    queue.add(ANNA, ["z"])
    assert ids(queue.claim(1)) == ["z"]


def test_what_is_added_while_it_is_leased_cannot_be_claimed_before_the_lease_ends(
    queue: RedisOwedQueue,
) -> None:
    queue.add(ANNA, ["a"])
    queue.claim(1)
    queue.add(ANNA, ["a"])
    assert queue.claim(1).items == ()
    assert queue.depth().due == 0


def test_what_the_index_owes_is_restored(queue: RedisOwedQueue) -> None:
    queue.restore([(ANNA, "a"), (BORIS, "b")])
    assert {(item.tenant, item.id) for item in queue.claim(50).items} == {(ANNA, "a"), (BORIS, "b")}


def test_restoring_leaves_what_is_leased(queue: RedisOwedQueue, redis_client: Redis) -> None:
    queue.add(ANNA, ["a"])
    claim = queue.claim(1)
    queue.restore([(ANNA, "a")])
    assert queue.claim(1).items == ()
    queue.settle(claim, claim.items)
    assert redis_client.keys() == []


def test_restoring_neither_pulls_forward_nor_forgets_tries(queue: RedisOwedQueue) -> None:
    queue.add(ANNA, ["a", "b"])
    claim = queue.claim(2)
    rests = {"a": 0.05, "b": 60.0}
    queue.retry(claim, [(item, rests[item.id]) for item in claim.items])
    queue.restore([(ANNA, "a"), (ANNA, "b")])
    eventually(lambda: queue.depth().due > 0)
    assert queue.claim(2).items == (Claimed(ANNA, "a", 1),)


def test_the_origin_of_a_product_comes_with_its_claim_until_it_is_settled(
    queue: RedisOwedQueue,
) -> None:
    queue.add(ANNA, ["a"], "first")
    claim = queue.claim(1)
    assert [item.origin for item in claim.items] == ["first"]
    queue.retry(claim, [(claim.items[0], 0.0)])
    again = queue.claim(1)
    assert [item.origin for item in again.items] == ["first"]
    queue.add(ANNA, ["a"], "second")
    queue.settle(again, again.items)
    newer = queue.claim(1)
    assert [item.origin for item in newer.items] == ["second"]
    queue.settle(newer, newer.items)
    queue.restore([(ANNA, "a")])
    assert [item.origin for item in queue.claim(1).items] == [""]


def test_a_product_that_is_added_without_an_origin_has_none(queue: RedisOwedQueue) -> None:
    queue.add(ANNA, ["a", "b"], "first")
    queue.add(ANNA, ["a"])
    queue.forget(ANNA, ["b"])
    queue.add(ANNA, ["b"])
    assert [item.origin for item in queue.claim(2).items] == ["", ""]
