"""Each request has an id, and one log line: who asked what, how it ended, how long it took. Never a
key, a query string or a body."""

from __future__ import annotations

import re
import secrets
import time

import structlog
from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars

log = structlog.get_logger("access")

HEADER = "X-Request-ID"

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
    caller = g.get("caller")
    log.info(
        "request",
        method=request.method,
        path=request.path[:200],
        status=response.status_code,
        ms=round((time.perf_counter() - g.started) * 1000, 1),
        tenant=caller.tenant if caller else None,
        key=caller.key if caller else None,
        address=request.remote_addr,
    )
    return response
