"""Each request has an id, and one log line: who asked what, how it ended, how long it took. Never a
key, a query string or a body. And it is counted."""

from __future__ import annotations

import re
import secrets
import time

import structlog
from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars

from lookalike.telemetry import metrics

log = structlog.get_logger("access")

HEADER = "X-Request-ID"

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_SAFE = re.compile(r"[A-Za-z0-9._-]{1,64}")


def install(app: Flask) -> None:
    """Gives each request an id, answers with it, and logs the request at its end."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    """A caller's own id is kept where it is fit for a log line, so that logs can be joined."""
    sent = request.headers.get(HEADER, "")
    g.request_id = sent if _SAFE.fullmatch(sent) else secrets.token_hex(8)
    g.started = time.perf_counter()
    clear_contextvars()
    bind_contextvars(request=g.request_id)


def _end(response: Response) -> Response:
    response.headers[HEADER] = g.request_id
    caller, took_s = g.get("caller"), time.perf_counter() - g.started
    _count(response.status_code, took_s)
    log.info(
        "request",
        method=request.method,
        path=request.path[:200],
        status=response.status_code,
        ms=round(took_s * 1000, 1),
        key=caller.key if caller else None,
        address=request.remote_addr,
    )
    return response


def _count(status: int, took_s: float) -> None:
    """By pattern and known method: what a stranger makes up must not become a series."""
    route = request.url_rule.rule if request.url_rule else "none"
    method = request.method if request.method in _METHODS else "other"
    metrics.REQUESTS.labels(method, route, status).inc()
    metrics.REQUEST_SECONDS.labels(route).observe(took_s)
