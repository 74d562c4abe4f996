"""What Prometheus reads, at the operators' port: what the processes counted, and how things stand.

The port is a second socket of the same web processes, so that no other process needs clients of its
own. It answers nothing else but health, and the public port does not answer this."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from flask import Flask, Response, abort, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from lookalike.bootstrap import Services
from lookalike.errors import LookalikeError
from lookalike.telemetry import metrics
from webapp.state import services

PATH = "/metrics"
_OPERATORS = frozenset({PATH, "/healthz", "/readyz"})


def install(app: Flask, port: int | None) -> None:
    """Answers at the operators' port, if there is one."""

    def keep_apart() -> None:
        ours = port is not None and _came_in_at() == port
        if ours and request.path not in _OPERATORS:
            abort(404)
        if not ours and request.path == PATH:
            abort(404)

    app.before_request(keep_apart)
    app.add_url_rule(PATH, view_func=_metrics)


def _came_in_at() -> int | None:
    """The port at which the request came in: the socket's own, for a header may say anything."""
    connection = request.environ.get("gunicorn.socket")
    return int(connection.getsockname()[1]) if connection else None


def _metrics() -> Response:
    now = CollectorRegistry()
    now.register(Standing(services()))
    text = generate_latest(metrics.counted()) + generate_latest(now)
    return Response(text, content_type=CONTENT_TYPE_LATEST)


class Standing(Collector):
    """How things stand at the moment of the question. What cannot be asked is left out, and its
    `…_up` is 0."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        """The gauges."""
        yield from self._queue()
        yield from self._products()
        yield from self._disk()
        yield _gauge("lookalike_model_up", "Whether the model answers.", self._model_is_up())

    def _queue(self) -> Iterator[Metric]:
        try:
            depth = self._services.queue.depth()
            workers = self._services.ticker.workers()
        except LookalikeError:
            yield _gauge("lookalike_queue_up", "Whether Redis answers.", 0)
            return
        yield _gauge("lookalike_queue_up", "Whether Redis answers.", 1)
        yield _gauge("lookalike_queue_due", "Products that wait for a worker.", depth.due)
        yield _gauge(
            "lookalike_queue_resting",
            "Products that are tried again later.",
            depth.owed - depth.due,
        )
        yield _gauge("lookalike_queue_leased", "Products that workers have.", depth.leased)
        yield _gauge(
            "lookalike_queue_oldest_due_seconds",
            "How long the longest-waiting product has been due.",
            depth.oldest_due_s,
        )
        yield _gauge("lookalike_workers", "Worker processes that are there.", workers)

    def _products(self) -> Iterator[Metric]:
        try:
            counts = self._services.index.counts(None)
        except LookalikeError:  # away, or it refuses our key
            yield _gauge("lookalike_index_up", "Whether the index answers.", 0)
            return
        yield _gauge("lookalike_index_up", "Whether the index answers.", 1)
        family = GaugeMetricFamily(
            "lookalike_products", "Products of all tenants, by status.", labels=["status"]
        )
        family.add_metric(["completed"], counts.completed)
        family.add_metric(["failed"], counts.failed)
        family.add_metric(["pending"], counts.owed)
        family.add_metric(["inactive"], counts.stored - counts.accepted)
        yield family

    def _disk(self) -> Iterator[Metric]:
        """What the embedded index, the embedded Valkey and the models have room in."""
        folder = self._services.settings.data_dir
        if not folder.exists():  # nothing has been kept there
            return
        disk = shutil.disk_usage(folder)
        yield _gauge(
            "lookalike_data_free_bytes", "What is free of the data folder's disk.", disk.free
        )
        yield _gauge(
            "lookalike_data_size_bytes", "How large the data folder's disk is.", disk.total
        )

    def _model_is_up(self) -> float:
        try:
            self._services.embedder.check()
        except LookalikeError:
            return 0
        return 1


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
