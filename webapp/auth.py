"""Who asks: the key of a request, from either of its two headers."""

from __future__ import annotations

from flask import g, request

from lookalike.accounts.callers import Caller
from lookalike.accounts.model import Scope
from lookalike.errors import Refused, Unauthorized
from webapp.state import services


class TwoKeys(Refused):
    """Both headers carry a key, and not the same one."""

    code = "two_keys"


def caller(scope: Scope) -> Caller:
    """The request's caller, whose key must have the scope and, if it is a public one, be for the
    page that asks.

    Raises `Unauthorized`, `Forbidden`, and `TwoKeys`.
    """
    who = services().callers.authenticate(_key())
    g.caller = who
    who.require_origin(request.headers.get("Origin"))
    who.require(scope)
    return who


def _key() -> str:
    plain = request.headers.get("X-API-Key", "").strip()
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    bearer = bearer.strip() if scheme.lower() == "bearer" else ""
    if plain and bearer and plain != bearer:
        raise TwoKeys("X-API-Key and Authorization carry different keys. Send only one of them.")
    if not plain and not bearer:
        raise Unauthorized(
            "This needs an API key: send X-API-Key: sk_… or Authorization: Bearer sk_…."
        )
    return plain or bearer
