"""What `/v1/account` takes and gives, field by field: the source of its OpenAPI description."""

from __future__ import annotations

from datetime import UTC
from enum import StrEnum
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from lookalike.accounts.accounts import LONGEST_NAME
from lookalike.accounts.keys import (
    DEFAULT_BURST,
    DEFAULT_OVERLAP_HOURS,
    MOST_BURST,
    MOST_OVERLAP_HOURS,
)
from lookalike.accounts.model import KeyState, Scope
from lookalike.accounts.tiers import TIERS
from webapp.fields import Amount, Text

MOST_ORIGINS = 50
_EXAMPLE_ID = "0123456789abcdef"
_MONTH = r"^20[0-9]{2}-(0[1-9]|1[0-2])$(?!\n)"


class KeyKind(StrEnum):
    """A secret key is for servers; a public one stands in web pages."""

    SECRET = "secret"  # noqa: S105
    PUBLIC = "public"


def _label() -> Text:
    return Text(LONGEST_NAME, metadata={"description": "What the key is for"})


def _expires_at(**facts: Any) -> fields.AwareDateTime:
    return fields.AwareDateTime(
        format="iso",
        default_timezone=UTC,
        allow_none=True,
        metadata={"description": "When the key ends; null: never", **facts},
    )


def _origins() -> fields.List[str]:
    return fields.List(
        Text(300),
        validate=validate.Length(min=1, max=MOST_ORIGINS),
        metadata={
            "description": "The pages that may use the public key, e.g. https://shop.example"
        },
    )


def _burst() -> fields.Integer:
    return fields.Integer(
        strict=True,
        validate=validate.Range(1, MOST_BURST),
        metadata={
            "description": "How many searches at once one address may send with the public key; "
            "so many again within 10 seconds",
            "default": DEFAULT_BURST,
        },
    )


class NewKey(Schema):
    """A key as it shall be."""

    kind = fields.Enum(KeyKind, by_value=True, load_default=KeyKind.SECRET)
    label = _label()
    scopes = fields.List(
        fields.Enum(Scope, by_value=True),
        metadata={
            "description": "What the key opens. Default: catalog and search; a public key's is "
            "search, and no other"
        },
    )
    expires_at = _expires_at()
    origins = _origins()
    burst = _burst()

    @validates_schema
    def _fit_the_kind(self, values: dict[str, Any], **_: Any) -> None:
        if values["kind"] is KeyKind.PUBLIC:
            if "origins" not in values:
                raise ValidationError("A public key needs at least one.", "origins")
            return
        for name in ("origins", "burst"):
            if name in values:
                raise ValidationError("Only a public key has this: add kind: public.", name)


class KeyPatch(Schema):
    """What of a key is to change. What is absent stays."""

    label = _label()
    expires_at = _expires_at()
    origins = _origins()
    burst = _burst()


class Rotation(Schema):
    """How a key is to be replaced."""

    overlap_hours = Amount(
        validate=validate.Range(
            max=MOST_OVERLAP_HOURS, error=f"Must be at most {MOST_OVERLAP_HOURS} hours."
        ),
        load_default=DEFAULT_OVERLAP_HOURS,
        metadata={"description": "How long the old key goes on", "default": DEFAULT_OVERLAP_HOURS},
    )


class KeyAnswer(Schema):
    """A key, without its secret."""

    id = fields.String(metadata={"example": _EXAMPLE_ID})
    kind = fields.String(validate=validate.OneOf(list(KeyKind)))
    label = fields.String()
    scopes = fields.List(fields.String(validate=validate.OneOf(list(Scope))))
    origins = fields.List(fields.String(), allow_none=True)
    burst = fields.Integer(allow_none=True)
    status = fields.String(validate=validate.OneOf(list(KeyState)))
    created_at = fields.String(metadata={"format": "date-time"})
    expires_at = fields.String(allow_none=True, metadata={"format": "date-time"})
    revoked_at = fields.String(allow_none=True, metadata={"format": "date-time"})


class MadeKey(KeyAnswer):
    """A new key. `key` is its text, which is shown this once."""

    key = fields.String(metadata={"example": f"sk_{_EXAMPLE_ID}_…"})


class KeysAnswer(Schema):
    """The tenant's keys, oldest first, also those that open nothing any more."""

    keys = fields.List(fields.Nested(KeyAnswer))


class UsageQuery(Schema):
    """Which month."""

    month = fields.String(
        validate=validate.Regexp(_MONTH, error="Must be a month such as 2026-03."),
        metadata={"description": "A calendar month (UTC); default: this one"},
    )


class Used(Schema):
    """What is used of a limit; null where there is none."""

    used = fields.Integer()
    limit = fields.Integer(allow_none=True)
    remaining = fields.Integer(allow_none=True)


class SearchesUsed(Used):
    """The answered searches of a calendar month (UTC)."""

    month = fields.String(metadata={"example": "2026-03"})
    resets_at = fields.String(metadata={"format": "date-time"})


class UsageAnswer(Schema):
    """What the tenant's tier allows, and what of it is used."""

    tenant_id = fields.UUID()
    tier = fields.String(validate=validate.OneOf(list(TIERS)))
    batch_size = fields.Integer(metadata={"description": "Products a batch of the visual API"})
    products = fields.Nested(Used)
    searches = fields.Nested(SearchesUsed)
