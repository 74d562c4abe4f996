"""What one sweep takes up again, and that a fault does not end the sweeper."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from lookalike.errors import IndexAway
from lookalike.index.protocol import Stored
from lookalike.jobs.protocol import Claim
from lookalike.jobs.redis_jobs import RedisJobStore
from lookalike.jobs.redis_queue import RedisOwedQueue
from lookalike.jobs.redis_turn import RedisTurn
from lookalike.jobs.rq_ticker import RqTicker
from lookalike.jobs.sweeper import Sweeper, sweep_until

ANNA = "7f2c1a34-0c55-4b0e-9a5e-111111111111"


@dataclass
class FakeIndex:
    """As much of an index as a sweep asks. Raises each of `faults` once, instead of an answer."""

    owing: list[tuple[str, str]] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)

    def owed(self, after: tuple[str, str] | None, limit: int) -> list[tuple[str, str]]:
        if self.faults:
            raise self.faults.pop()
        page = [each for each in sorted(self.owing) if after is None or each > after][:limit]
        self.pages.append(len(page))
        return page

    def get(self, tenant: str, ids: Sequence[str]) -> dict[str, Stored]:
        return {}


class Passes(threading.Event):
    """A stop that comes after so many passes, without the pauses between them."""

    def __init__(self, passes: int) -> None:
        super().__init__()
        self._left = passes

    def wait(self, timeout: float | None = None) -> bool:
        self._left -= 1
        return self._left == 0


class House:
    """A sweeper over a real queue, whose leases run out at once."""

    def __init__(self, connection: Redis) -> None:
        self.index = FakeIndex()
        self.queue = RedisOwedQueue(connection, lease_s=0)
        self.ticks = Queue("embed", connection=connection, serializer=JSONSerializer)
        self.failed: list[str] = []
        self.sweeper = Sweeper(
            queue=self.queue,
            ticker=RqTicker(connection, "workers.tasks.embed_owed", "embed", 50),
            index=self.index,  # type: ignore[arg-type]
            jobs=RedisJobStore(connection),
            fail=self.fail,
            resume=bool,
            keep_books=lambda: None,
            turn=RedisTurn(connection, "sweeper"),
        )

    def run(self, stop: threading.Event) -> None:
        sweep_until(stop, lambda: [self.sweeper])

    def fail(self, claim: Claim) -> None:
        self.failed += [item.id for item in claim.items]
        self.queue.settle(claim, claim.items)


@pytest.fixture
def house(redis_client: Redis) -> House:
    return House(redis_client)


def test_a_lapsed_lease_makes_its_product_due_and_queues_a_tick(house: House) -> None:
    house.queue.add(ANNA, ["a"])
    house.queue.claim(1)
    house.sweeper.sweep(restoring=False)
    assert house.queue.depth().due == 1
    assert house.ticks.count == 1
    assert house.failed == []


def test_a_product_that_ended_three_workers_is_failed(house: House) -> None:
    house.queue.add(ANNA, ["a"])
    for _ in range(3):
        house.queue.claim(1)
        house.sweeper.sweep(restoring=False)
    assert house.failed == ["a"]
    assert house.queue.depth().owed == 0


def test_everything_that_the_index_owes_is_restored_page_by_page(house: House) -> None:
    house.index.owing = [(ANNA, f"{number:04}") for number in range(2_500)]
    house.sweeper.sweep(restoring=True)
    assert house.index.pages == [1000, 1000, 500, 0]
    assert house.queue.depth().due == 2_500
    assert house.ticks.count == 1


def test_a_sweep_that_does_not_restore_leaves_the_index_alone(house: House) -> None:
    house.index.owing = [(ANNA, "a")]
    house.sweeper.sweep(restoring=False)
    assert house.index.pages == []
    assert house.queue.depth().owed == 0


def test_no_tick_is_queued_where_nothing_is_due(house: House) -> None:
    house.sweeper.sweep(restoring=True)
    assert house.ticks.count == 0


def test_the_first_sweep_of_a_process_restores_and_the_next_does_not(house: House) -> None:
    house.index.owing = [(ANNA, "a")]
    house.run(Passes(3))
    assert house.index.pages == [1, 0]
    assert house.queue.depth().due == 1


@pytest.mark.parametrize("fault", [IndexAway("The index is away."), RuntimeError("a bug")])
def test_a_fault_is_survived_and_the_next_sweep_makes_up_for_it(
    house: House, fault: Exception
) -> None:
    house.index.owing = [(ANNA, "a")]
    house.index.faults = [fault]
    house.run(Passes(1))
    assert house.queue.depth().due == 0
    house.run(Passes(2))
    assert house.queue.depth().due == 1


def test_nothing_is_swept_while_another_process_has_the_turn(
    house: House, redis_client: Redis
) -> None:
    house.index.owing = [(ANNA, "a")]
    assert RedisTurn(redis_client, "sweeper").take(60)
    house.run(Passes(3))
    assert house.index.pages == []


def test_an_emptied_redis_is_filled_again(house: House, redis_client: Redis) -> None:
    house.index.owing = [(ANNA, "a")]
    house.queue.add(ANNA, ["a"])
    redis_client.flushall()
    house.run(Passes(1))
    assert house.queue.depth().due == 1
    assert house.ticks.count == 1


def test_it_stops_when_told_to(house: House) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=house.run, args=(stop,))
    thread.start()
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
