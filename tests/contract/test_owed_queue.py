"""What every owed queue does."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from lookalike.errors import QueueAway
from lookalike.jobs.protocol import Claim, Claimed
from lookalike.jobs.redis_queue import RedisOwedQueue

ANNA, BORIS = "7f2c1a34-0c55-4b0e-9a5e-111111111111", "7f2c1a34-0c55-4b0e-9a5e-222222222222"
SHORT_S = 0.15


@pytest.fixture
def queue(redis_client: Redis) -> RedisOwedQueue:
    return RedisOwedQueue(redis_client)


@pytest.fixture
def hasty(redis_client: Redis) -> RedisOwedQueue:
    """A queue whose leases run out at once, nearly."""
    return RedisOwedQueue(redis_client, lease_s=SHORT_S)


def ids(claim: Claim) -> list[str]:
    return [item.id for item in claim.items]


def eventually(condition: Callable[[], Any]) -> Any:
    """What the condition gives once it is true."""
    deadline = time.monotonic() + 10
    while not (value := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return value


def lapse(queue: RedisOwedQueue, id: str) -> Claim:
    """Claims a product, lets its lease run out, and gives what `expire` gives."""
    assert id in ids(queue.claim(1))
    return eventually(lambda: _expired(queue, id))


def _expired(queue: RedisOwedQueue, id: str) -> Claim | None:
    claim = queue.expire()
    return claim if claim.items or id not in queue.leased(ANNA, [id]) else None


def test_what_is_added_is_claimed_once_in_the_order_of_its_adding(queue: RedisOwedQueue) -> None:
    for id in "abc":
        queue.add(ANNA, [id])
        time.sleep(0.002)  # the order is by milliseconds
    assert ids(queue.claim(2)) == ["a", "b"]
    assert ids(queue.claim(2)) == ["c"]
    assert ids(queue.claim(2)) == []


def test_adding_twice_is_adding_once(queue: RedisOwedQueue) -> None:
    queue.add(ANNA, ["a", "a"])
    queue.add(ANNA, ["a"])
    assert queue.depth().owed == 1


def test_settled_is_forgotten_wholly(queue: RedisOwedQueue, redis_client: Redis) -> None:
    queue.add(ANNA, ["a"])
    claim = queue.claim(5)
    queue.settle(claim, claim.items)
    assert queue.claim(5).items == ()
    assert redis_client.keys("lookalike:*") == []


def test_a_product_added_while_it_is_leased_waits_for_its_lease_to_end(
    queue: RedisOwedQueue,
) -> None:
    queue.add(ANNA, ["a"])
    claim = queue.claim(5)
    queue.add(ANNA, ["a"])
    assert queue.claim(5).items == ()
    queue.settle(claim, claim.items)
    assert ids(queue.claim(5)) == ["a"]


def test_a_retry_counts_and_waits(queue: RedisOwedQueue) -> None:
    queue.add(ANNA, ["a", "b"])
    claim = queue.claim(5)
    queue.retry(claim, [(claim.items[0], 60.0), (claim.items[1], 0.0)])
    again = queue.claim(5)
    assert again.items == (Claimed(ANNA, claim.items[1].id, 1),)
    assert (queue.depth().due, queue.depth().owed) == (0, 1)


def test_new_content_forgets_the_wait_and_the_tries(queue: RedisOwedQueue) -> None:
    queue.add(ANNA, ["a"])
    claim = queue.claim(5)
    queue.retry(claim, [(claim.items[0], 60.0)])
    queue.add(ANNA, ["a"])
    assert queue.claim(5).items == (Claimed(ANNA, "a", 0),)


def test_what_is_released_counts_nothing(queue: RedisOwedQueue) -> None:
    queue.add(ANNA, ["a"])
    claim = queue.claim(5)
    queue.release(claim, claim.items, 0)
    assert queue.claim(5).items == (Claimed(ANNA, "a", 0),)


def test_tenants_take_turns_and_what_one_leaves_goes_to_the_others(queue: RedisOwedQueue) -> None:
    queue.add(ANNA, [str(number) for number in range(1000)])
    queue.add(BORIS, ["b"])
    first = queue.claim(50)
    assert Counter(item.tenant for item in first.items) == {ANNA: 49, BORIS: 1}


def test_a_claim_of_one_goes_round(queue: RedisOwedQueue) -> None:
    queue.add(ANNA, [str(number) for number in range(10)])
    queue.add(BORIS, [str(number) for number in range(10)])
    served = [queue.claim(1).items[0].tenant for _ in range(6)]
    assert served in ([ANNA, BORIS] * 3, [BORIS, ANNA] * 3)


def test_a_lease_that_ran_out_makes_the_product_due_again(hasty: RedisOwedQueue) -> None:
    hasty.add(ANNA, ["a"])
    assert lapse(hasty, "a").items == ()
    assert ids(hasty.claim(5)) == ["a"]


def test_a_renewed_lease_holds(hasty: RedisOwedQueue) -> None:
    hasty.add(ANNA, ["a"])
    claim = hasty.claim(5)
    until = time.monotonic() + 3 * SHORT_S
    while time.monotonic() < until:
        hasty.renew(claim)
        hasty.expire()
        assert hasty.leased(ANNA, ["a"]) == {"a"}


def test_a_product_that_lapsed_twice_comes_alone_and_the_third_time_it_is_handed_over(
    hasty: RedisOwedQueue, queue: RedisOwedQueue
) -> None:
    hasty.add(ANNA, ["bad"])
    lapse(hasty, "bad")
    lapse(hasty, "bad")
    queue.add(ANNA, ["good"])
    assert ids(queue.claim(5)) == ["bad"]
    assert ids(queue.claim(5)) == ["good"]


def test_the_third_lapse_hands_the_product_over_under_a_lease(hasty: RedisOwedQueue) -> None:
    hasty.add(ANNA, ["bad"])
    for _ in range(2):
        assert lapse(hasty, "bad").items == ()
    exhausted = lapse(hasty, "bad")
    assert ids(exhausted) == ["bad"]
    hasty.settle(exhausted, exhausted.items)
    assert hasty.depth().owed == hasty.depth().leased == 0


def test_a_lease_that_was_lost_cannot_be_settled_any_more(hasty: RedisOwedQueue) -> None:
    hasty.add(ANNA, ["a"])
    late = hasty.claim(5)
    eventually(lambda: hasty.expire() and not hasty.leased(ANNA, ["a"]))
    current = hasty.claim(5)
    hasty.settle(late, late.items)
    hasty.retry(late, [(late.items[0], 0)])
    hasty.release(late, late.items, 0)
    assert hasty.leased(ANNA, ["a"]) == {"a"}
    hasty.settle(current, current.items)
    assert hasty.depth().owed == 0


def test_restoring_adds_only_what_neither_waits_nor_is_leased(queue: RedisOwedQueue) -> None:
    queue.add(ANNA, ["waits", "leased"])
    claim = queue.claim(5)
    waits = next(item for item in claim.items if item.id == "waits")
    queue.retry(claim, [(waits, 60)])
    queue.restore([(ANNA, "waits"), (ANNA, "leased"), (BORIS, "lost")])
    assert queue.claim(5).items == (Claimed(BORIS, "lost", 0),)


def test_leased_and_forget(queue: RedisOwedQueue) -> None:
    queue.add(ANNA, ["a", "b"])
    claim = queue.claim(1)
    assert queue.leased(ANNA, ["a", "b", "c"]) == set(ids(claim))
    assert queue.leased(BORIS, ["a", "b"]) == set()
    queue.forget(ANNA, ["a", "b"])
    assert (queue.depth().owed, queue.depth().leased) == (0, 0)


def test_depth_tells_how_long_the_oldest_has_been_due(queue: RedisOwedQueue) -> None:
    assert queue.depth().oldest_due_s == 0
    queue.add(ANNA, ["a"])
    eventually(lambda: queue.depth().oldest_due_s >= 0.02)
    assert queue.depth().due == 1


def test_claims_at_once_never_share_a_product(redis_url: str) -> None:
    RedisOwedQueue(Redis.from_url(redis_url)).add(ANNA, [str(number) for number in range(500)])
    claimed: list[str] = []

    def work() -> None:
        with Redis.from_url(redis_url) as connection:
            own = RedisOwedQueue(connection)
            while (claim := own.claim(7)).items:
                claimed.extend(ids(claim))
                own.settle(claim, claim.items)

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(claimed, key=int) == [str(number) for number in range(500)]


def test_a_claim_among_many_leased_products_still_finds_due_ones(queue: RedisOwedQueue) -> None:
    """Products added again while leased stand first in the set and cannot be claimed yet."""
    many = [str(number) for number in range(300)]
    queue.add(ANNA, many)
    queue.claim(300)
    queue.add(ANNA, many)
    queue.add(ANNA, ["free"])
    assert ids(queue.claim(50)) == ["free"]


def test_a_redis_that_is_away_is_said_in_words() -> None:
    nowhere = RedisOwedQueue(Redis(unix_socket_path="/nowhere/valkey.sock"))
    with pytest.raises(QueueAway, match="kept"):
        nowhere.add(ANNA, ["a"])
