"""A product as the JSON document that an engine keeps, and what filters match of it: pure functions
that every adapter shares, so that the engines store alike and find alike."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from lookalike.catalog import fingerprint
from lookalike.catalog.category import segments
from lookalike.catalog.folding import fold
from lookalike.catalog.metadata import terms
from lookalike.catalog.product import (
    EmbeddingStatus,
    Facts,
    Failure,
    PartState,
    PictureSeen,
    Product,
)
from lookalike.catalog.tokens import tokens

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
        "failure_reason": product.failure.reason if product.failure else None,
        "created_at": _timestamp(product.created_at),
        "updated_at": _timestamp(product.updated_at),
        "generation": product.generation,
        **_picture_fields(product.picture),
    }


def from_document(document: Mapping[str, Any]) -> Product:
    """The product that `to_document` took; what an older version did not know yet is absent."""
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
        failure=_failure(document),
        created_at=datetime.fromisoformat(document["created_at"]),
        updated_at=datetime.fromisoformat(document["updated_at"]),
        generation=document.get("generation", 0),
        picture=_picture(document),
    )


STAMPED = ("created_at", "updated_at", "is_active", "generation")
"""The fields of a document that name its state: every change that a merchant makes of a product
changes one of them."""


def stamp(document: Mapping[str, Any]) -> str:
    """The state that a document is in, whatever its vectors."""
    return "|".join(str(document.get(name)) for name in STAMPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matchable:
    """What filters and orders need of a product beyond its document. `created_us`: microseconds
    since 1970, finer than an engine's own dates; `checked_us`: when the picture behind the image
    vector was last looked at, 0 where nobody knows, None without such a vector; `category_key`: see
    `category_key`; `image_host`: for those who look where pictures fail; tokens are joined by
    spaces, at which alone an engine splits them."""

    status: EmbeddingStatus
    created_us: int
    checked_us: int | None
    fingerprint: str
    brand_folded: str | None
    category_folded: str | None
    category_key: str
    image_host: str | None
    name_tokens: str
    brand_tokens: str
    category_tokens: str
    metadata_terms: tuple[str, ...]


def matchable(product: Product) -> Matchable:
    """Derives what filters match."""
    brand, category = product.facts.brand, product.facts.category_path
    return Matchable(
        status=product.embedding_status,
        created_us=microseconds(product.created_at),
        checked_us=_checked_us(product),
        fingerprint=fingerprint.of_product(product),
        brand_folded=None if brand is None else fold(brand),
        category_folded=None if category is None else fold(category),
        category_key=category_key(segments(category)),
        image_host=host_of(product.facts.image_url),
        name_tokens=" ".join(tokens(product.facts.name)),
        brand_tokens=" ".join(tokens(brand or "")),
        category_tokens=" ".join(tokens(category or "")),
        metadata_terms=tuple(terms(product.facts.metadata)),
    )


def category_key(path: Sequence[str]) -> str:
    """Folded segments as one string: each ends with U+001F, so that one path leads another exactly
    where its string is a prefix of the other's."""
    return "".join(segment.replace(_SEGMENT_END, " ") + _SEGMENT_END for segment in path)


def host_of(url: str | None) -> str | None:
    """The host of a URL that a merchant wrote, in small letters; None where there is none."""
    try:
        return urlsplit(url or "").hostname
    except ValueError:  # an address in brackets that is none
        return None


def microseconds(moment: datetime) -> int:
    """An aware time as whole microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def compact_json(value: object) -> str:
    """JSON text without blanks, and with every letter as itself. Refuses NaN, which is not JSON."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _failure(document: Mapping[str, Any]) -> Failure | None:
    if document["embedding_error"] is None:
        return None
    return Failure(document["embedding_error"], document.get("failure_reason") or "unknown")


def _picture_fields(picture: PictureSeen | None) -> Document:
    return {
        "picture_digest": picture.digest if picture else None,
        "picture_etag": picture.etag if picture else None,
        "picture_last_modified": picture.last_modified if picture else None,
        "picture_checked_at": _timestamp(picture.checked_at) if picture else None,
    }


def _picture(document: Mapping[str, Any]) -> PictureSeen | None:
    if document.get("picture_checked_at") is None:
        return None
    return PictureSeen(
        digest=document["picture_digest"],
        etag=document["picture_etag"],
        last_modified=document["picture_last_modified"],
        checked_at=datetime.fromisoformat(document["picture_checked_at"]),
    )


def _checked_us(product: Product) -> int | None:
    if product.image is not PartState.DONE:
        return None
    return microseconds(product.picture.checked_at) if product.picture else 0


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
