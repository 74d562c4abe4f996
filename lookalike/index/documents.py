"""A product as the JSON document that an engine keeps, and what filters match of it: pure functions
that every adapter shares, so that the engines store alike and find alike."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from lookalike.catalog.category import segments
from lookalike.catalog.folding import fold
from lookalike.catalog.product import EmbeddingStatus, Facts, PartState, Product

Document = dict[str, Any]
"""JSON values by field, flat. Every field is there, a cleared one as null."""

_FACTS = tuple(each.name for each in fields(Facts))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SEGMENT_END = "\x1f"


def to_document(product: Product) -> Document:
    """The product as JSON values; numbers keep their type.

    Metadata becomes one string of JSON text: an engine's partial update would merge an object.
    """
    document: Document = {name: getattr(product.facts, name) for name in _FACTS}
    document["metadata"] = compact_json(product.facts.metadata)
    return document | {
        "tenant": product.tenant,
        "key": product.key,
        "key_generated": product.key_generated,
        "is_active": product.is_active,
        "image": product.image.value,
        "text": product.text.value,
        "image_digest": product.image_digest,
        "text_digest": product.text_digest,
        "embedding_error": product.embedding_error,
        "created_at": _timestamp(product.created_at),
        "updated_at": _timestamp(product.updated_at),
    }


def from_document(document: Mapping[str, Any]) -> Product:
    """The product that `to_document` took; facts that the document does not know yet are absent."""
    facts = {name: document[name] for name in _FACTS if name in document}
    facts["metadata"] = json.loads(document["metadata"])
    return Product(
        tenant=document["tenant"],
        key=document["key"],
        key_generated=document["key_generated"],
        facts=Facts(**facts),
        is_active=document["is_active"],
        image=PartState(document["image"]),
        text=PartState(document["text"]),
        image_digest=document["image_digest"],
        text_digest=document["text_digest"],
        embedding_error=document["embedding_error"],
        created_at=datetime.fromisoformat(document["created_at"]),
        updated_at=datetime.fromisoformat(document["updated_at"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Matchable:
    """What filters and orders need of a product beyond its document. `created_us`: microseconds
    since 1970, finer than an engine's own dates; `category_key`: see `category_key`."""

    status: EmbeddingStatus
    created_us: int
    brand_folded: str | None
    category_folded: str | None
    category_key: str


def matchable(product: Product) -> Matchable:
    """Derives what filters match."""
    brand, category = product.facts.brand, product.facts.category_path
    return Matchable(
        status=product.embedding_status,
        created_us=microseconds(product.created_at),
        brand_folded=None if brand is None else fold(brand),
        category_folded=None if category is None else fold(category),
        category_key=category_key(segments(category)),
    )


def category_key(path: Sequence[str]) -> str:
    """Folded segments as one string: each ends with U+001F, so that one path leads another exactly
    where its string is a prefix of the other's."""
    return "".join(segment.replace(_SEGMENT_END, " ") + _SEGMENT_END for segment in path)


def microseconds(moment: datetime) -> int:
    """An aware time as whole microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def compact_json(value: object) -> str:
    """JSON text without blanks, and with every letter as itself. Refuses NaN, which is not JSON."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
