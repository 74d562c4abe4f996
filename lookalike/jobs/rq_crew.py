"""Who works, as RQ's registries in Redis know it. For those who look on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from redis import Redis
from rq import Queue, SimpleWorker
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker, WorkerStatus

from lookalike.jobs.redis_errors import redis_in_words


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """A worker process. `heard_s` ago it last said anything; an idle one does so every few minutes.
    `done` and `failed` count its tasks."""

    host: str
    pid: int
    is_busy: bool
    heard_s: float
    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class Crew:
    """The workers, the ticks that wait for one of them, and the tasks that failed of late."""

    workers: tuple[WorkerSeen, ...]
    ticks: int
    failed: int


class RqCrew:
    """Looks at RQ's queues of these names."""

    def __init__(self, connection: Redis, queues: Sequence[str]) -> None:
        self._connection = connection
        self._queues = [
            Queue(name, connection=connection, serializer=JSONSerializer) for name in queues
        ]

    def look(self) -> Crew:
        """What there is now. Raises `QueueAway`."""
        with redis_in_words():
            found = SimpleWorker.all(connection=self._connection, serializer=JSONSerializer)
            seen = [_seen(each) for each in found]
            return Crew(
                workers=tuple(sorted(seen, key=lambda each: (each.host, each.pid))),
                ticks=sum(queue.count for queue in self._queues),
                failed=sum(map(self._failed, self._queues)),
            )

    def _failed(self, queue: Queue) -> int:
        """Those that are still kept: RQ removes the others when a worker next cleans up."""
        now = datetime.now(UTC).timestamp()
        return int(self._connection.zcount(FailedJobRegistry(queue=queue).key, now, "+inf"))


def _seen(worker: BaseWorker) -> WorkerSeen:
    heard = worker.last_heartbeat or datetime.now(UTC)
    return WorkerSeen(
        host=worker.hostname or "?",
        pid=worker.pid or 0,
        is_busy=worker.get_state() == WorkerStatus.BUSY,
        heard_s=(datetime.now(UTC) - heard).total_seconds(),
        done=worker.successful_job_count,
        failed=worker.failed_job_count,
    )
