"""Lists of products, as both APIs page and filter them."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate

from lookalike.catalog.folding import fold
from lookalike.catalog.product import EmbeddingStatus
from lookalike.catalog.tokens import tokens
from lookalike.errors import Invalid
from lookalike.index.protocol import ListFilters, Listing, Page, Position
from webapp.fields import Key, Text


class PageQuery(Schema):
    """Which page of which products; each API says besides what its `sku` is."""

    page = fields.Integer(load_default=1, validate=validate.Range(min=1, max=10**9))
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=200))
    cursor = fields.String(
        metadata={"description": "`next_cursor` of the page before; goes on without limit"}
    )
    external_id = Key()
    embedding_status = fields.Enum(
        EmbeddingStatus,
        by_value=True,
        metadata={"description": "`pending` and `processing` both mean owed"},
    )
    brand = Text(256, metadata={"description": "Part of the brand"})
    category = Text(1024, metadata={"description": "Part of the category path"})
    search = Text(1000, metadata={"description": "Words in name or brand, the last a prefix"})
    is_active = fields.Boolean()


class PageAnswer(Schema):
    """What a page of products says besides the products."""

    total = fields.Integer(metadata={"description": "Exact number over all pages"})
    page = fields.Integer()
    limit = fields.Integer()
    next_cursor = fields.String(allow_none=True)


def listing(query: Mapping[str, Any], filters: ListFilters) -> Listing:
    """Which page of the products is asked for. Raises `Invalid`."""
    cursor = query.get("cursor")
    return Listing(
        limit=query["limit"],
        skip=0 if cursor else (query["page"] - 1) * query["limit"],
        after=position_of(cursor) if cursor else None,
        filters=filters,
    )


def list_filters(query: Mapping[str, Any], **own: str | None) -> ListFilters:
    """Which products a list shows; `own` are the filters whose name means something else in each
    API."""
    return ListFilters(
        external_id=query.get("external_id"),
        brand=fold(query["brand"]) if "brand" in query else None,
        category=fold(query["category"]) if "category" in query else None,
        tokens=tuple(tokens(query.get("search", ""))),
        status=query.get("embedding_status"),
        is_active=query.get("is_active"),
        **own,
    )


def present_page(page: Page, query: Mapping[str, Any]) -> dict[str, Any]:
    """What a page says besides its products."""
    return {
        "total": page.total,
        "page": query["page"],
        "limit": query["limit"],
        "next_cursor": cursor_of(page.next) if page.next else None,
    }


def cursor_of(position: Position) -> str:
    """The cursor that goes on after this position."""
    place = json.dumps([position.created_at.isoformat(), position.id])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def position_of(cursor: str) -> Position:
    """The position of a cursor. Raises `Invalid`."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        created_at, id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        at = datetime.fromisoformat(created_at)
        if at.tzinfo is None:
            raise ValueError("not a position")
        position = Position(at, str(UUID(id)))
    except (binascii.Error, ValueError, TypeError, AttributeError, RecursionError) as error:
        detail = "Must be the next_cursor of an earlier page, unchanged."
        raise Invalid("This cursor cannot be read.", {"cursor": [detail]}) from error
    return position
