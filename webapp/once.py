"""Uploads that may be sent again: with an `Idempotency-Key` the first answer is given again."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog
from flask import Response, jsonify, request

from lookalike.errors import Away, Invalid, LookalikeError
from lookalike.idempotency.answers import Answer
from webapp.state import services

log = structlog.get_logger(__name__)

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
PARAMETER = {
    "in": "header",
    "name": HEADER,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": (
        "A text of your own, new for each upload. Sent again within 24 hours with the same body, "
        "it brings the first answer again instead of doing the work twice; with another body it is "
        "a 422, and while the first request runs a 409."
    ),
}
"""The header in the OpenAPI document."""

_KEY = re.compile(r"[!-~]{1,255}")


Made = tuple[dict[str, Any], int]
"""An answer's JSON and status."""


def once(tenant: str, body: str | dict[str, Any], do: Callable[[], Made]) -> Response:
    """Does the request and answers with its JSON and status; or gives the first answer again.

    `body` is the body's JSON object, or a digest of it. What raises is not kept, since it may be
    tried again. Raises `Invalid` (a key that is none), `KeyReused`, `StillRunning`, and `QueueAway`
    where there is a key; and what `do` raises.
    """
    if HEADER not in request.headers:
        return _response(do())
    key, answers = _key(), services().answers
    digest = body if isinstance(body, str) else _digest_of(body)
    asked = f"{request.method} {request.path} {digest}"
    if first := answers.begin(tenant, key, asked):
        response = Response(first.body, first.status, mimetype="application/json")
        response.headers[REPLAYED] = "true"
        return response
    try:
        response = _response(do())
    except BaseException:
        with suppress(Away):  # it runs out by itself
            answers.forget(tenant, key)
        raise
    try:
        answers.keep(tenant, key, asked, Answer(response.status_code, response.get_data()))
    except LookalikeError as error:
        log.warning("answer_not_kept", reason=error.detail)
    return response


def _digest_of(body: dict[str, Any]) -> str:
    """A digest of a JSON object, however its members are ordered."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _response(made: Made) -> Response:
    body, status = made
    response = jsonify(body)
    response.status_code = status
    return response


def _key() -> str:
    key = request.headers[HEADER]
    if not _KEY.fullmatch(key):
        detail = "Must be 1 to 255 visible ASCII characters."
        raise Invalid(f"{HEADER}: {detail}", {HEADER: [detail]})
    return key
