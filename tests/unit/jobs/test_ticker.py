"""Ticks: enough for what is due, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from lookalike.jobs.rq_ticker import RqTicker


@pytest.fixture
def ticker(redis_client: Redis) -> RqTicker:
    return RqTicker(redis_client, "workers.tasks.embed_owed", "embed", 50)


@pytest.fixture
def three_workers(redis_client: Redis) -> Iterator[None]:
    queue = Queue("embed", connection=redis_client, serializer=JSONSerializer)
    workers = [SimpleWorker([queue], connection=redis_client) for _ in range(3)]
    for worker in workers:
        worker.register_birth()
    yield
    for worker in workers:
        worker.register_death()


def queued(redis_client: Redis) -> int:
    return int(redis_client.llen("rq:queue:embed"))


def test_a_tick_waits_for_the_first_worker(ticker: RqTicker, redis_client: Redis) -> None:
    ticker.top_up(1000)
    assert queued(redis_client) == 1


def test_nothing_due_needs_no_tick(ticker: RqTicker, redis_client: Redis) -> None:
    ticker.top_up(0)
    assert queued(redis_client) == 0


@pytest.mark.usefixtures("three_workers")
@pytest.mark.parametrize(("due", "ticks"), [(1, 1), (50, 1), (51, 2), (1000, 3)])
def test_there_are_ticks_for_what_is_due_up_to_one_a_worker(
    ticker: RqTicker, redis_client: Redis, due: int, ticks: int
) -> None:
    ticker.top_up(due)
    ticker.top_up(due)
    assert queued(redis_client) == ticks


@pytest.mark.usefixtures("three_workers")
def test_many_at_once_queue_no_more_than_are_wanted(redis_url: str, redis_client: Redis) -> None:
    def top_up(_: int) -> None:
        with Redis.from_url(redis_url) as connection:
            RqTicker(connection, "workers.tasks.embed_owed", "embed", 50).top_up(1000)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(top_up, range(40)))
    assert queued(redis_client) == 3


def test_a_tick_carries_no_pickle(ticker: RqTicker, redis_client: Redis) -> None:
    ticker.top_up(1)
    job = Queue("embed", connection=redis_client, serializer=JSONSerializer).jobs[0]
    assert (job.func_name, list(job.args), job.timeout) == ("workers.tasks.embed_owed", [], -1)
