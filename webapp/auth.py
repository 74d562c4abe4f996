"""Who asks: the key of a request, from either of its two headers."""

from __future__ import annotations

from flask import Flask, g, request
from structlog.contextvars import bind_contextvars

from lookalike.accounts.callers import Caller
from lookalike.accounts.model import Scope
from lookalike.errors import Refused, Unauthorized
from webapp.state import services

_KEYED = frozenset({"visual", "feed", "account"})
"""The blueprints that nobody enters without a key."""


class TwoKeys(Refused):
    """Both headers carry a key, and not the same one."""

    code = "two_keys"


def install(app: Flask) -> None:
    """Asks for the key before anything else of a request is looked at."""
    app.before_request(_identify)


def caller(scope: Scope) -> Caller:
    """The request's caller, whose key must have the scope. Raises `Forbidden`."""
    who: Caller = g.caller
    who.require(scope)
    return who


def _identify() -> None:
    """Knows who asks one of the APIs. A preflight carries no key.

    Raises `Unauthorized`, `TwoKeys`, and `Forbidden` for a public key on another page.
    """
    if request.blueprint not in _KEYED or request.method == "OPTIONS":
        return
    who = services().callers.authenticate(_key())
    g.caller = who
    bind_contextvars(tenant=who.tenant)
    who.require_origin(request.headers.get("Origin"))


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
