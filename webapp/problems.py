"""Errors as answers: RFC 9457 problem documents, mapped once, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, json
from marshmallow import INCLUDE, Schema, fields
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as WerkzeugResponse

from lookalike.accounts.searches import Rate
from lookalike.errors import (
    Away,
    Forbidden,
    Invalid,
    LookalikeError,
    NotFound,
    NotReady,
    TooLarge,
    TooMany,
    Unauthorized,
)
from lookalike.idempotency.answers import KeyReused, StillRunning
from lookalike.telemetry import metrics
from webapp.auth import TwoKeys
from webapp.body import NotJson
from webapp.limits import rate_headers
from webapp.unpacking import NotGzip, NotReadable

log = structlog.get_logger(__name__)

MIMETYPE = "application/problem+json"

STATUS: dict[type[LookalikeError], HTTPStatus] = {
    NotJson: HTTPStatus.BAD_REQUEST,
    NotGzip: HTTPStatus.BAD_REQUEST,
    TwoKeys: HTTPStatus.BAD_REQUEST,
    KeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    StillRunning: HTTPStatus.CONFLICT,
    Unauthorized: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    NotReady: HTTPStatus.CONFLICT,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    NotReadable: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    Away: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""An error's status is that of the nearest class in its own line of ancestors."""

FRAMEWORK_CODES: dict[int, tuple[str, str]] = {
    400: ("bad_request", "The request cannot be read."),
    404: ("not_found", "There is nothing at this address. /docs lists what there is."),
    405: (
        "method_not_allowed",
        "This address does not take this method; Allow names those it has.",
    ),
    413: ("too_large", "The body is larger than this server takes. Send fewer products at once."),
    415: ("unsupported_media_type", "Send JSON, with Content-Type: application/json."),
    422: ("invalid_value", "A value is wrong; `errors` names it."),
}
"""What the framework itself raises, by status: our code and our words for it."""

_RETRY_AFTER_S = "5"


class Problem(Schema):
    """An error, by RFC 9457. Some codes tell more in members of their own."""

    class Meta:
        unknown = INCLUDE

    type = fields.String(metadata={"format": "uri"})
    title = fields.String()
    status = fields.Integer()
    code = fields.String(metadata={"description": "Stable, fit for programs"})
    detail = fields.String(metadata={"description": "What to do, in plain words"})
    errors = fields.Dict(metadata={"description": "Where values are wrong: why, by field"})


def install(app: Flask) -> None:
    """Answers every error of the app with a problem document."""
    app.register_error_handler(LookalikeError, _of_ours)
    app.register_error_handler(HTTPException, _of_the_framework)
    app.register_error_handler(Exception, _unforeseen)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Mapping[str, Any] | None = None,
    headers: dict[str, str] | None = None,
    members: Mapping[str, Any] | None = None,
) -> Response:
    """A problem document: `code` is stable, `detail` says in plain words what to do, and `members`
    are what it says besides."""
    document = {
        "type": f"urn:lookalike:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors:
        document["errors"] = errors
    document |= members or {}
    metrics.PROBLEMS.labels(code).inc()
    return Response(
        json.dumps(document),
        status,
        mimetype=MIMETYPE,
        headers=headers,
    )


def _of_ours(error: LookalikeError) -> Response:
    mapped = [STATUS[each] for each in type(error).__mro__ if each in STATUS]
    if not mapped:
        return _unforeseen(error)
    headers = {}
    if mapped[0] is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="lookalike"'
    if mapped[0] is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = _RETRY_AFTER_S
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.retry_after_s)
        headers |= rate_headers(Rate(error.limit, 0, error.reset_s))
    errors = error.errors if isinstance(error, Invalid) else None
    return problem(
        mapped[0],
        error.code,
        error.detail,
        errors=errors,
        headers=headers,
        members=error.members,
    )


def _of_the_framework(error: HTTPException) -> WerkzeugResponse:
    status = error.code or 500
    if status < 400:
        return error.get_response()
    code, detail = FRAMEWORK_CODES.get(status, ("http_error", error.description or error.name))
    messages = getattr(error, "data", {}).get("messages", {})
    by_field = {name: text for fields in messages.values() for name, text in fields.items()}
    headers = {name: text for name, text in error.get_headers() if name in {"Allow", "Retry-After"}}
    return problem(status, code, detail, errors=by_field, headers=headers)


def _unforeseen(error: Exception) -> Response:
    log.exception("unforeseen_error", error=type(error).__name__)
    return problem(
        500,
        LookalikeError.code,
        "Something went wrong on our side; the server's log says what. Nothing accepted is lost.",
    )
