"""How many ticks are queued, and what a tick is."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from lookalike.errors import QueueAway
from lookalike.jobs.rq_ticker import RqTicker

TASK = "workers.tasks.embed_owed"


def make_ticker(connection: Redis) -> RqTicker:
    return RqTicker(connection, TASK, "embed", 50)


def queue_of(connection: Redis) -> Queue:
    return Queue("embed", connection=connection, serializer=JSONSerializer)


def register_workers(connection: Redis, count: int) -> None:
    for number in range(count):
        SimpleWorker(["embed"], name=f"worker-{number}", connection=connection).register_birth()


@pytest.mark.parametrize(
    ("workers", "due", "ticks"),
    [
        (0, 0, 0),
        (0, 1, 1),
        (0, 10_000, 1),
        (1, 50, 1),
        (1, 10_000, 1),
        (3, 0, 0),
        (3, 50, 1),
        (3, 51, 2),
        (3, 10_000, 3),
    ],
)
def test_there_are_ticks_for_what_is_due_but_no_more_than_workers(
    redis_client: Redis, workers: int, due: int, ticks: int
) -> None:
    register_workers(redis_client, workers)
    make_ticker(redis_client).top_up(due)
    assert queue_of(redis_client).count == ticks


def test_ticks_that_are_queued_count(redis_client: Redis) -> None:
    register_workers(redis_client, 3)
    ticker, queue = make_ticker(redis_client), queue_of(redis_client)
    ticker.top_up(100)
    ticker.top_up(100)
    assert queue.count == 2
    ticker.top_up(10_000)
    assert queue.count == 3
    ticker.top_up(1)
    assert queue.count == 3


def test_workers_of_other_queues_do_not_count(redis_client: Redis) -> None:
    SimpleWorker(["other"], name="other", connection=redis_client).register_birth()
    register_workers(redis_client, 1)
    make_ticker(redis_client).top_up(10_000)
    assert queue_of(redis_client).count == 1


def test_a_tick_is_the_task_without_arguments_and_without_a_deadline(redis_client: Redis) -> None:
    make_ticker(redis_client).top_up(1)
    [job] = queue_of(redis_client).jobs
    assert (job.func_name, job.args, job.kwargs) == (TASK, [], {})
    assert (job.timeout, job.result_ttl, job.failure_ttl) == (-1, 0, 3600)


def test_nothing_is_watched_where_nothing_is_missing(redis_client: Redis) -> None:
    ticker = make_ticker(redis_client)
    ticker.top_up(1)
    redis_client.config_resetstat()
    ticker.top_up(10_000)
    used = set(redis_client.info("commandstats"))
    assert {"cmdstat_llen", "cmdstat_scard"} <= used
    assert "cmdstat_watch" not in used


def test_processes_that_top_up_at_once_queue_no_tick_too_many(
    redis_url: str, redis_client: Redis
) -> None:
    register_workers(redis_client, 3)
    queue = queue_of(redis_client)

    def top_up(_: int) -> None:
        with Redis.from_url(redis_url) as connection:
            make_ticker(connection).top_up(10_000)

    with ThreadPoolExecutor(8) as pool:
        for _ in range(10):
            list(pool.map(top_up, range(8)))
            assert queue.count == 3
            queue.empty()


def test_when_redis_is_gone_it_says_so(
    start_valkey: Callable[..., tuple[str, object]], tmp_path: Path
) -> None:
    url, process = start_valkey(tmp_path)
    with Redis.from_url(url) as connection:
        ticker = make_ticker(connection)
        process.kill()
        process.wait()
        with pytest.raises(QueueAway):
            ticker.top_up(1)
