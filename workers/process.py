"""One worker process: the model loaded once, an RQ worker on the main thread, the sweeper beside.

Parallelism is by processes. RQ's `SimpleWorker` runs tasks without a fork, which ONNX Runtime and
gRPC would not survive."""

from __future__ import annotations

import signal
import threading
import time

import structlog
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from lookalike.bootstrap import QUEUE, connect_redis, make_pipeline, make_services, make_sweeper
from lookalike.embedding.pipeline import Pipeline
from lookalike.errors import Misconfigured, QueueAway
from lookalike.jobs.protocol import OwedQueue
from lookalike.logs import configure_logs
from lookalike.settings import Settings, read_settings

log = structlog.get_logger(__name__)

REDIS_ASKED_EVERY_S = 0.5

_pipelines: list[Pipeline] = []
"""This process's pipeline, once it has been made: RQ calls tasks by name, without arguments."""


def pipeline() -> Pipeline:
    """The pipeline of this process. For tasks, which run only after `run` has made it."""
    return _pipelines[0]


def run() -> None:
    """Works until TERM or INT, then ends after the task at hand.

    Raises `Misconfigured` where the settings do not let it start.
    """
    settings = read_settings()
    configure_logs(settings.log_level)
    services = make_services(settings)
    try:
        services.queue.ping()
    except QueueAway as error:
        raise Misconfigured(
            "No Redis answers at LOOKALIKE_REDIS_URL, where the worker gets its work. Start it, or "
            "correct the URL."
        ) from error
    made = make_pipeline(services)
    _pipelines.append(made)
    stop = threading.Event()
    sweeper = threading.Thread(
        target=make_sweeper(services, made).run, args=(stop,), name="sweeper"
    )
    sweeper.start()
    try:
        while not _work_until_stopped(settings):
            _wait_for_redis(services.queue)
    finally:
        stop.set()
        sweeper.join()
        made.close()
        services.index.close()


def _work_until_stopped(settings: Settings) -> bool:
    """Works on the queue. True: it was told to stop; False: Redis went away, in whatever RQ was
    doing. The products that it had are claimed again when their leases run out."""
    worker = SimpleWorker([QUEUE], connection=connect_redis(settings), serializer=JSONSerializer)
    try:
        worker.work(logging_level="WARNING")
    except RedisError as error:
        log.warning("redis_away", reason=str(error))
        return False
    return True


def _wait_for_redis(queue: OwedQueue) -> None:
    """Returns once Redis answers. RQ's handlers of signals only set a flag that nobody reads here,
    so the usual ones are back in force meanwhile."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    while True:
        try:
            queue.ping()
        except QueueAway:
            time.sleep(REDIS_ASKED_EVERY_S)
        else:
            return
