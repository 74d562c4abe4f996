"""One worker process: the model loaded once, an RQ worker on the main thread, the sweeper beside.

Parallelism is by processes. RQ's `SimpleWorker` runs tasks without a fork, which ONNX Runtime and
gRPC would not survive."""

from __future__ import annotations

import threading

from rq import SimpleWorker
from rq.serializers import JSONSerializer

from lookalike.bootstrap import QUEUE, connect_redis, make_pipeline, make_services, make_sweeper
from lookalike.embedding.pipeline import Pipeline
from lookalike.errors import Misconfigured, QueueAway
from lookalike.logs import configure_logs
from lookalike.settings import read_settings

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
        worker = SimpleWorker(
            [QUEUE], connection=connect_redis(settings), serializer=JSONSerializer
        )
        worker.work(logging_level="WARNING")
    finally:
        stop.set()
        sweeper.join()
        made.close()
        services.index.close()
