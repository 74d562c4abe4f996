"""The limits of searches: each counts once it is answered, and each answer tells what is left.

`RateLimit-Limit`, `-Remaining` and `-Reset` are three plain numbers, which clients know since the
IETF's draft had them (to its version 6); the newer form in one structured field few can read."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, g, request

from lookalike.accounts.callers import Caller
from lookalike.accounts.model import Scope
from lookalike.accounts.searches import Rate
from webapp.auth import caller
from webapp.state import services

_DESCRIBED = {
    "RateLimit-Limit": "The nearest limit: the tier's searches a month, or a public key's burst",
    "RateLimit-Remaining": "What is left of it",
    "RateLimit-Reset": "Seconds until all of it is there again",
}

RATE_HEADERS = tuple(_DESCRIBED)


def _documented(headers: dict[str, str]) -> dict[str, Any]:
    return {
        name: {"description": text, "schema": {"type": "integer"}} for name, text in headers.items()
    }


HEADERS = _documented(_DESCRIBED)
"""What an answered search has besides, in the OpenAPI document."""

LIMITED: dict[str, Any] = {
    "429": {
        "description": "A limit is reached; `detail` says which, and when to come back",
        "headers": _documented(
            _DESCRIBED | {"Retry-After": "Seconds until one more search is allowed"}
        ),
    },
}
"""What else a search may answer, in the OpenAPI document."""


def install(app: Flask) -> None:
    """Settles each admitted search at its end."""
    app.after_request(_settle)


def searching_caller() -> Caller:
    """The caller of a search, which is counted from here on.

    Raises what `caller` raises, and `TooMany`.
    """
    who = caller(Scope.SEARCH)
    g.admitted = services().searches.admit(who, request.remote_addr)
    return who


def rate_headers(rate: Rate) -> dict[str, str]:
    """What is left of a limit, as headers."""
    numbers = (rate.limit, rate.remaining, rate.reset_s)
    return dict(zip(RATE_HEADERS, map(str, numbers), strict=True))


def _settle(response: Response) -> Response:
    admitted = g.get("admitted")
    if admitted is None:
        return response
    if not 200 <= response.status_code < 300:
        services().searches.give_back(admitted)
    if admitted.rate:
        response.headers.update(rate_headers(admitted.rate))
    return response
