"""The routes of `/v1/account`: each view parses, makes one call, and presents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import request
from flask.views import MethodView
from flask_smorest import Blueprint

from lookalike.accounts.model import Scope
from lookalike.accounts.searches import month_of
from webapp.accounts import parse, present
from webapp.accounts.schemas import (
    KeyAnswer,
    KeyPatch,
    KeysAnswer,
    MadeKey,
    NewKey,
    Rotation,
    UsageAnswer,
    UsageQuery,
)
from webapp.auth import caller
from webapp.body import read_object
from webapp.documenting import json_body
from webapp.state import services

blueprint = Blueprint(
    "account",
    __name__,
    url_prefix="/v1/account",
    description="A tenant's own keys and usage, for its keys with the scope `admin`.",
)


def _body(schema: Any, *, required: bool = True) -> dict[str, Any]:
    return {"required": required, **json_body(schema)}


@blueprint.route("/keys")
class Keys(MethodView):
    """The tenant's keys."""

    @blueprint.doc(summary="List the keys")
    @blueprint.response(200, KeysAnswer)
    def get(self) -> dict[str, Any]:
        """Every key of the tenant, without secrets, oldest first."""
        who = caller(Scope.ADMIN)
        return {"keys": [present.key(key) for key in services().accounts.keys(who.tenant)]}

    @blueprint.doc(summary="Make a key", requestBody=_body(NewKey))
    @blueprint.response(201, MadeKey)
    def post(self) -> dict[str, Any]:
        """A new key; its text is in this answer and never again.

        A secret key (`sk_…`) belongs on a server. A public one (`pk_…`) may stand in a web page: it
        only searches, and only from pages of its `origins`.
        """
        who = caller(Scope.ADMIN)
        return present.made(
            *services().accounts.create_key(who.tenant, parse.wanted(read_object()))
        )


@blueprint.route("/keys/<string:id>")
class OneKey(MethodView):
    """One key."""

    @blueprint.doc(summary="Get one key")
    @blueprint.response(200, KeyAnswer)
    def get(self, id: str) -> dict[str, Any]:
        """The key, without its secret."""
        who = caller(Scope.ADMIN)
        return present.key(services().accounts.key(who.tenant, id))

    @blueprint.doc(summary="Change a key", requestBody=_body(KeyPatch))
    @blueprint.response(200, KeyAnswer)
    def patch(self, id: str) -> dict[str, Any]:
        """Changes the label, when the key ends, and where a public key may be used. In force within
        5 seconds."""
        who = caller(Scope.ADMIN)
        changes = parse.changes(read_object())
        return present.key(services().accounts.change_key(who.tenant, id, changes))

    @blueprint.doc(summary="Revoke a key")
    @blueprint.response(204)
    def delete(self, id: str) -> None:
        """Ends the key for good, within 5 seconds everywhere. It stays in the list."""
        who = caller(Scope.ADMIN)
        services().accounts.revoke_key(who.tenant, id)


@blueprint.route("/keys/<string:id>/rotate")
class KeyRotation(MethodView):
    """Replacing a key."""

    @blueprint.doc(summary="Rotate a key", requestBody=_body(Rotation, required=False))
    @blueprint.response(201, MadeKey)
    def post(self, id: str) -> dict[str, Any]:
        """A new key that may do what the old one may. The old one goes on for the overlap, so that
        clients can change over without being locked out."""
        who = caller(Scope.ADMIN)
        has_body = request.content_length or "Transfer-Encoding" in request.headers
        overlap = timedelta(hours=parse.overlap_hours(read_object() if has_body else {}))
        return present.made(*services().accounts.rotate_key(who.tenant, id, overlap))


@blueprint.route("/usage")
class Usage(MethodView):
    """What is used of the tier's limits."""

    @blueprint.doc(summary="Get the usage")
    @blueprint.arguments(UsageQuery, location="query")
    @blueprint.response(200, UsageAnswer)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """The products that are stored, inactive ones included, and the searches that were answered
        in a calendar month."""
        who = caller(Scope.ADMIN)
        month = query.get("month") or month_of(datetime.now(UTC))
        stored = services().index.counts(who.tenant).stored
        return present.usage(who, stored, month, services().searches.used(who.tenant, month))
