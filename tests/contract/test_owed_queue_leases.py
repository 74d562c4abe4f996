"""What every queue of owed products does when a worker loses its lease, once and again."""

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


@pytest.fixture
def hasty(redis_client: Redis) -> RedisOwedQueue:
    """The same queue, whose leases run out at once: whatever is leased lapses at `expire`."""
    return RedisOwedQueue(redis_client, lease_s=0)


def ids(claim: Claim) -> list[str]:
    return [item.id for item in claim.items]


def eventually(condition: Callable[[], object], within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s} s"
        time.sleep(0.005)


def make_suspect(hasty: RedisOwedQueue, id: str) -> None:
    """Adds a product of Anna's and lets its lease run out twice."""
    hasty.add(ANNA, [id])
    for _ in range(2):
        hasty.claim(1)
        hasty.expire()


def test_a_product_whose_lease_ran_out_is_due_again(hasty: RedisOwedQueue) -> None:
    hasty.add(ANNA, ["a"])
    hasty.claim(1)
    assert hasty.expire().items == ()
    assert hasty.claim(1).items == (Claimed(ANNA, "a", 0),)


def test_a_renewed_lease_outlasts_its_length(redis_client: Redis) -> None:
    queue = RedisOwedQueue(redis_client, lease_s=0.5)
    queue.add(ANNA, ["a"])
    kept = queue.claim(1)
    queue.add(ANNA, ["b"])
    queue.claim(1)

    def other_lapsed() -> bool:
        queue.renew(kept)
        queue.expire()
        return not queue.leased(ANNA, ["b"])

    eventually(other_lapsed)
    assert queue.leased(ANNA, ["a"]) == {"a"}


def test_a_late_worker_may_still_settle_what_nobody_else_took(hasty: RedisOwedQueue) -> None:
    hasty.add(ANNA, ["a"])
    claim = hasty.claim(1)
    hasty.settle(claim, claim.items)
    hasty.expire()
    depth = hasty.depth()
    assert (depth.owed, depth.leased) == (0, 0)


@pytest.mark.parametrize(
    "call",
    [
        lambda queue, claim: queue.renew(claim),
        lambda queue, claim: queue.settle(claim, claim.items),
        lambda queue, claim: queue.retry(claim, [(claim.items[0], 0)]),
        lambda queue, claim: queue.release(claim, claim.items, 0),
    ],
    ids=["renew", "settle", "retry", "release"],
)
def test_whoever_lost_a_lease_cannot_touch_the_product(
    hasty: RedisOwedQueue,
    queue: RedisOwedQueue,
    redis_client: Redis,
    call: Callable[[RedisOwedQueue, Claim], None],
) -> None:
    hasty.add(ANNA, ["a"])
    lost = hasty.claim(1)
    hasty.expire()
    call(hasty, lost)
    depth = hasty.depth()
    assert (depth.due, depth.leased) == (1, 0)
    held = queue.claim(1)
    call(hasty, lost)
    hasty.expire()
    depth = hasty.depth()
    assert (depth.due, depth.leased) == (0, 1)
    queue.settle(held, held.items)
    assert redis_client.keys() == []


def test_a_product_whose_lease_ran_out_twice_comes_alone(hasty: RedisOwedQueue) -> None:
    make_suspect(hasty, "suspect")
    hasty.add(ANNA, ["a", "b"])
    hasty.add(BORIS, ["c", "d"])
    claims = [ids(hasty.claim(50)) for _ in range(3)]
    assert ["suspect"] in claims
    assert sorted(id for claim in claims for id in claim) == ["a", "b", "c", "d", "suspect"]


def test_a_product_that_comes_alone_is_not_put_off_by_a_busy_tenant(hasty: RedisOwedQueue) -> None:
    make_suspect(hasty, "suspect")
    hasty.add(BORIS, [str(number) for number in range(1000)])
    assert ["suspect"] in [ids(hasty.claim(50)) for _ in range(2)]


def test_products_that_come_alone_hold_up_no_other_tenant(hasty: RedisOwedQueue) -> None:
    suspects = ["a", "b", "c"]
    hasty.add(ANNA, suspects)
    for _ in range(2):
        hasty.claim(3)
        hasty.expire()
    hasty.add(BORIS, ["other"])
    claims = [ids(hasty.claim(50)) for _ in range(4)]
    assert "other" in claims[0] + claims[1]
    assert all([id] in claims for id in suspects)


def test_the_third_time_it_is_the_sweepers_to_fail(
    hasty: RedisOwedQueue, redis_client: Redis
) -> None:
    make_suspect(hasty, "a")
    hasty.claim(1)
    exhausted = hasty.expire()
    assert ids(exhausted) == ["a"]
    assert hasty.claim(50).items == ()
    hasty.settle(exhausted, exhausted.items)
    assert redis_client.keys() == []


def test_an_exhausted_product_comes_back_should_its_sweeper_end(hasty: RedisOwedQueue) -> None:
    make_suspect(hasty, "a")
    hasty.claim(1)
    assert ids(hasty.expire()) == ["a"]
    assert hasty.leased(ANNA, ["a"]) == {"a"}
    assert ids(hasty.expire()) == ["a"]


def test_new_content_is_no_longer_suspect(hasty: RedisOwedQueue) -> None:
    make_suspect(hasty, "a")
    hasty.add(ANNA, ["a", "b"])
    assert sorted(ids(hasty.claim(50))) == ["a", "b"]


def test_content_that_is_new_while_the_old_is_leased_is_not_suspect(hasty: RedisOwedQueue) -> None:
    make_suspect(hasty, "a")
    claim = hasty.claim(1)
    hasty.add(ANNA, ["a", "b"])
    hasty.release(claim, claim.items, 0)
    assert sorted(ids(hasty.claim(50))) == ["a", "b"]


def test_a_settled_product_is_no_longer_suspect(hasty: RedisOwedQueue) -> None:
    make_suspect(hasty, "a")
    claim = hasty.claim(1)
    hasty.settle(claim, claim.items)
    hasty.restore([(ANNA, "a"), (ANNA, "b")])
    assert sorted(ids(hasty.claim(50))) == ["a", "b"]


@pytest.mark.parametrize(
    "end_lease",
    [
        lambda queue, claim: queue.settle(claim, claim.items),
        lambda queue, claim: queue.retry(claim, [(claim.items[0], 60)]),
        lambda queue, claim: queue.release(claim, claim.items, 60),
        lambda queue, claim: queue.expire(),
    ],
    ids=["settled", "retried", "released", "lapsed"],
)
def test_what_was_added_while_it_was_leased_is_due_however_the_lease_ends(
    hasty: RedisOwedQueue, end_lease: Callable[[RedisOwedQueue, Claim], object]
) -> None:
    hasty.add(ANNA, ["a"])
    claim = hasty.claim(1)
    hasty.add(ANNA, ["a"])
    end_lease(hasty, claim)
    assert hasty.claim(1).items == (Claimed(ANNA, "a", 0),)


def test_a_forgotten_product_leaves_nothing_behind(
    hasty: RedisOwedQueue, redis_client: Redis
) -> None:
    make_suspect(hasty, "a")
    claim = hasty.claim(1)
    hasty.retry(claim, [(claim.items[0], 0)])
    hasty.add(BORIS, ["a"])
    claims = [hasty.claim(1), hasty.claim(1)]
    hasty.add(BORIS, ["a", "b"])
    hasty.forget(ANNA, ["a", "unknown"])
    hasty.forget(BORIS, ["a", "b"])
    assert redis_client.keys() == []
    for claim in claims:
        hasty.retry(claim, [(claim.items[0], 0)])
    assert redis_client.keys() == []
