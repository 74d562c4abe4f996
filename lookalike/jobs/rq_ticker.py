"""Ticks as RQ jobs: a tick names no product, it only makes a worker claim some."""

from __future__ import annotations

from math import ceil

from redis import Redis
from redis.client import Pipeline
from rq import Queue
from rq.serializers import JSONSerializer
from rq.worker_registration import WORKERS_BY_QUEUE_KEY

from lookalike.jobs.redis_errors import redis_in_words

FAILED_KEPT_S = 3600


class RqTicker:
    """A `Ticker` over one RQ queue. `task` is the task's dotted name, since whoever enqueues it
    need not be able to import it; `claim` is how many products one tick takes."""

    def __init__(self, connection: Redis, task: str, queue: str, claim: int) -> None:
        self._connection = connection
        self._task = task
        self._claim = claim
        self._queue = Queue(queue, connection=connection, serializer=JSONSerializer)
        self._workers_key = WORKERS_BY_QUEUE_KEY % queue

    def top_up(self, due: int) -> None:
        """Queues ticks until there are min(workers, ceil(due / claim)); one round trip where there
        are. A first tick is queued even before there is a worker, and awaits it."""
        with redis_in_words():
            if self._missing(due) > 0:
                self._connection.transaction(
                    lambda pipeline: self._enqueue(pipeline, due), self._queue.key
                )

    def workers(self) -> int:
        """How many workers there are; one that was killed counts until RQ misses it."""
        with redis_in_words():
            return int(self._connection.scard(self._workers_key))

    def _missing(self, due: int) -> int:
        with self._connection.pipeline(transaction=False) as pipeline:
            pipeline.llen(self._queue.key)
            pipeline.scard(self._workers_key)
            counts: list[int] = pipeline.execute()
        queued, workers = counts
        return min(max(workers, 1), ceil(due / self._claim)) - queued

    def _enqueue(self, pipeline: Pipeline, due: int) -> None:
        """Counts again, now that the queue is watched, and queues what is missing. Should another
        process queue first, `transaction` does this anew."""
        missing = self._missing(due)
        pipeline.multi()
        for _ in range(missing):
            self._queue.enqueue_call(
                self._task,
                timeout=-1,
                result_ttl=0,
                failure_ttl=FAILED_KEPT_S,
                pipeline=pipeline,
            )
