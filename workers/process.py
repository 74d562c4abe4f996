"""One worker process: the model loaded once, an RQ worker on the main thread, the sweeper beside.

Parallelism is by processes. RQ's `SimpleWorker` runs tasks without a fork, which ONNX Runtime and
gRPC would not survive."""

from __future__ import annotations

import signal
import threading
import time

import structlog
from prometheus_client import start_http_server
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from lookalike.bootstrap import OTHER_QUEUE, QUEUE, connect_redis
from lookalike.errors import Misconfigured, QueueAway
from lookalike.jobs.protocol import OwedQueue
from lookalike.jobs.sweeper import sweep_until
from lookalike.settings import Settings, read_settings
from lookalike.stage import Stage, Workshop
from lookalike.telemetry import tracing
from lookalike.telemetry.logs import configure_logs

log = structlog.get_logger(__name__)

REDIS_ASKED_EVERY_S = 0.5

_workshops: list[Workshop] = []
"""This process's workshop, once it has been made: RQ calls tasks by name, without arguments."""


def workshop() -> Workshop:
    """The workshop of this process. For tasks, which run only after `run` has made it."""
    return _workshops[0]


class ObedientWorker(SimpleWorker):
    """RQ's worker, whose task ends early when the process is to end: a restart waits for no more
    than the products at hand."""

    def handle_warm_shutdown_request(self) -> None:
        """Called by RQ at TERM and INT, in a signal's handler."""
        workshop().stop()


def run() -> None:
    """Works until TERM or INT, then ends after the products at hand.

    Raises `Misconfigured` where the settings do not let it start.
    """
    settings = read_settings()
    configure_logs(settings.log_level, settings.log_format)
    tracing.begin("lookalike-worker")
    stage = Stage(settings)
    queue = stage.services().queue
    try:
        queue.ping()
    except QueueAway as error:
        raise Misconfigured(
            "No Redis answers at LOOKALIKE_REDIS_URL, where the worker gets its work. Start it, or "
            "correct the URL."
        ) from error
    _serve_metrics(settings)
    made = Workshop(stage)
    _workshops.append(made)
    stop = threading.Event()
    sweeper = threading.Thread(target=sweep_until, args=(stop, made.sweepers), name="sweeper")
    sweeper.start()
    try:
        while not _work_until_stopped(settings):
            _wait_for_redis(queue)
    finally:
        stop.set()
        sweeper.join()
        made.close()
        stage.close()


def _serve_metrics(settings: Settings) -> None:
    """Opens the port at which this worker's metrics are read, if it has one of its own. Raises
    `Misconfigured`."""
    if settings.metrics_port is None:
        return
    try:
        start_http_server(settings.metrics_port, settings.metrics_host)
    except OSError as error:
        raise Misconfigured(
            f"LOOKALIKE_METRICS_PORT={settings.metrics_port} is in use ({error.strerror}). Give "
            "each worker of a machine a port of its own."
        ) from error


def _work_until_stopped(settings: Settings) -> bool:
    """Works on the queue. True: it was told to stop; False: Redis went away, in whatever RQ was
    doing. The products that it had are claimed again when their leases run out."""
    worker = ObedientWorker(
        [QUEUE, OTHER_QUEUE], connection=connect_redis(settings), serializer=JSONSerializer
    )
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
