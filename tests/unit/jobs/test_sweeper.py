"""The sweeper over the real queue and job store; the index is a small fake."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import pytest
from redis import Redis

from lookalike.errors import IndexAway
from lookalike.index.protocol import Stored
from lookalike.jobs.protocol import Claim
from lookalike.jobs.record import JobKind, JobStatus, Tally
from lookalike.jobs.redis_jobs import RedisJobStore
from lookalike.jobs.redis_queue import RedisOwedQueue
from lookalike.jobs.redis_turn import RedisTurn
from lookalike.jobs.sweeper import Sweeper

ANNA = "7f2c1a34-0c55-4b0e-9a5e-111111111111"


@dataclass
class FakeIndex:
    """Knows which products are owed, and holds none."""

    owing: list[tuple[str, str]] = field(default_factory=list)
    away: bool = False

    def owed(self, after: tuple[str, str] | None, limit: int) -> list[tuple[str, str]]:
        if self.away:
            raise IndexAway("The index is away.")
        return [pair for pair in sorted(self.owing) if after is None or pair > after][:limit]

    def get(self, tenant: str, ids: list[str]) -> dict[str, Stored]:
        return {}


@dataclass
class CountingTicker:
    due: list[int] = field(default_factory=list)

    def top_up(self, due: int) -> None:
        self.due.append(due)


@dataclass
class Swept:
    sweeper: Sweeper
    queue: RedisOwedQueue
    jobs: RedisJobStore
    index: FakeIndex
    ticker: CountingTicker
    failed: list[Claim]


@pytest.fixture
def swept(redis_client: Redis) -> Swept:
    queue, jobs = RedisOwedQueue(redis_client, lease_s=0.05), RedisJobStore(redis_client)
    index, ticker, failed = FakeIndex(), CountingTicker(), []

    def fail(claim: Claim) -> None:
        failed.append(claim)
        queue.settle(claim, claim.items)

    sweeper = Sweeper(
        queue=queue,
        ticker=ticker,
        index=index,  # type: ignore[arg-type]
        jobs=jobs,
        fail=fail,
        turn=RedisTurn(redis_client, "sweeper"),
    )
    return Swept(sweeper, queue, jobs, index, ticker, failed)


def test_what_the_index_says_is_owed_comes_back_after_redis_lost_it(swept: Swept) -> None:
    swept.index.owing = [(ANNA, f"{number:05}") for number in range(2500)]
    swept.sweeper.sweep(restoring=True)
    assert swept.queue.depth().due == 2500
    assert swept.ticker.due == [2500]


def test_a_quick_sweep_does_not_ask_the_index(swept: Swept) -> None:
    swept.index.away = True
    swept.sweeper.sweep(restoring=False)


def test_leases_that_ran_out_wake_a_worker_and_the_third_time_fail_the_product(
    swept: Swept,
) -> None:
    swept.queue.add(ANNA, ["bad"])
    for _ in range(3):
        assert swept.failed == []
        assert swept.queue.claim(1).items
        while swept.queue.leased(ANNA, ["bad"]):
            swept.sweeper.sweep(restoring=False)
    assert [item.id for item in swept.failed[0].items] == ["bad"]
    assert swept.ticker.due == [1, 1]


def test_jobs_do_not_wait_for_what_is_gone(swept: Swept) -> None:
    job = swept.jobs.open(ANNA, JobKind.BATCH)
    swept.jobs.expect(job, ANNA, [str(number) for number in range(5)])
    swept.jobs.close(job, Tally(created=5), [])
    swept.sweeper.sweep(restoring=True)
    found = swept.jobs.get(ANNA, job)
    assert found is not None
    assert (found.status, found.superseded) == (JobStatus.COMPLETE, 5)


def test_a_fault_does_not_end_the_sweeping(swept: Swept) -> None:
    swept.index.away = True
    stop = threading.Event()
    thread = threading.Thread(target=swept.sweeper.run, args=(stop,))
    thread.start()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_a_turn_is_one_process_s_at_a_time_and_runs_out(redis_client: Redis) -> None:
    one, other = RedisTurn(redis_client, "t"), RedisTurn(redis_client, "t")
    assert one.take(0.1)
    assert not other.take(0.1)
    deadline = time.monotonic() + 10
    while not other.take(0.1):
        assert time.monotonic() < deadline
