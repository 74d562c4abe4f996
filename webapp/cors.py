"""Which pages may read our answers: those that a public key names, and no others.

A preflight carries no key, so it is answered for any page; whether the request that follows may be
made is decided by its key."""

from __future__ import annotations

from flask import Flask, Response, g, request

from webapp.access import HEADER as REQUEST_ID
from webapp.limits import RATE_HEADERS

_ASKS_FOR_METHOD = "Access-Control-Request-Method"

_PREFLIGHT = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": f"Authorization, Content-Type, X-API-Key, {REQUEST_ID}",
    "Access-Control-Max-Age": "7200",
}

_EXPOSED = ", ".join((*RATE_HEADERS, "Retry-After", REQUEST_ID))


def install(app: Flask) -> None:
    """Adds to each answer what browsers ask for."""
    app.after_request(_answer)


def _answer(response: Response) -> Response:
    if request.method == "OPTIONS" and _ASKS_FOR_METHOD in request.headers:
        if methods := response.headers.get("Allow"):
            response.headers.update(_PREFLIGHT | {"Access-Control-Allow-Methods": methods})
        return response
    who = g.get("caller")
    if who and who.browser:
        response.vary.add("Origin")
        origin = request.headers.get("Origin")
        if origin and who.may_come_from(origin):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    return response
