"""Ticks as RQ jobs: a tick names no product, it only makes a worker claim some."""

from __future__ import annotations

from math import ceil

from redis import Redis
from redis.exceptions import WatchError
from rq import Queue, Worker
from rq.serializers import JSONSerializer

from lookalike.jobs.redis_errors import redis_in_words

FAILED_KEPT_S = 24 * 3600


class RqTicker:
    """A `Ticker` over one RQ queue. `task` is the task's dotted name, since whoever enqueues it
    need not be able to import it; `claim` is how many products one tick takes."""

    def __init__(self, connection: Redis, task: str, queue: str, claim: int) -> None:
        self._connection = connection
        self._task = task
        self._claim = claim
        self._queue = Queue(queue, connection=connection, serializer=JSONSerializer)

    def top_up(self, due: int) -> None:
        """Queues ticks until there are min(workers, ceil(due / claim)).

        The count and the queueing are one transaction: when another process queues between them,
        it has topped up, and there is nothing left to do.
        """
        with redis_in_words(), self._connection.pipeline() as pipeline:
            pipeline.watch(self._queue.key)  # type: ignore[no-untyped-call]
            workers = Worker.count(connection=self._connection, queue=self._queue)
            wanted = min(max(workers, 1), ceil(due / self._claim))
            missing = wanted - pipeline.llen(self._queue.key)
            if missing <= 0:
                return
            pipeline.multi()
            for _ in range(missing):
                self._queue.enqueue_call(
                    self._task,
                    timeout=-1,
                    result_ttl=0,
                    failure_ttl=FAILED_KEPT_S,
                    pipeline=pipeline,
                )
            try:
                pipeline.execute()
            except WatchError:
                return
