"""Whether the process lives (`/healthz`), and whether it can do its work (`/readyz`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, jsonify

from lookalike.errors import LookalikeError
from webapp.state import services


def install(app: Flask) -> None:
    """Adds both; neither needs a key."""
    app.add_url_rule("/healthz", view_func=_healthz)
    app.add_url_rule("/readyz", view_func=_readyz)


def _healthz() -> Response:
    """Answers when the process serves."""
    return jsonify(status="ok")


def _readyz() -> tuple[Response, int]:
    """503 where products cannot be had. Without the queue searches and single uploads go on, and
    without the model uploads, lists and searches by product do, so that is only degraded."""
    checks = {"index": _asked(_index), "queue": _asked(_queue), "model": _asked(_model)}
    if checks["index"]["status"] != "ok":
        return jsonify(status="not_ready", **checks), 503
    whole = all(check["status"] == "ok" for check in checks.values())
    return jsonify(status="ready" if whole else "degraded", **checks), 200


def _asked(check: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return {"status": "ok", **check()}
    except LookalikeError as error:
        return {"status": "away", "detail": error.detail}


def _index() -> dict[str, Any]:
    """The engine answers, and says which model serves."""
    return {"model": services().shared.watch.reload().serving.pack}


def _queue() -> dict[str, Any]:
    """How much waits for a worker, and how long the longest has been due."""
    depth = services().queue.depth()
    return {
        "due": depth.due,
        "with_workers": depth.leased,
        "oldest_due_s": round(depth.oldest_due_s, 1),
    }


def _model() -> dict[str, Any]:
    """What embeds pictures and words answers."""
    services().embedder.check()
    return {}
