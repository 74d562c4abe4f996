"""What a product is: what its merchant says of it, and what its vectors owe."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter
from typing import Any

from lookalike.catalog.metadata import equal

Number = int | float
"""A number as the merchant sent it: `1000` is kept an int and stays `1000` in every answer."""


class Part(StrEnum):
    """The two things of a product that are embedded, each owed and made on its own."""

    IMAGE = "image"
    TEXT = "text"


class PartState(StrEnum):
    """How far a part is. `ABSENT`: there is nothing to embed (a product without a picture)."""

    ABSENT = "absent"
    OWED = "owed"
    DONE = "done"
    FAILED = "failed"


class EmbeddingStatus(StrEnum):
    """The published statuses. `PROCESSING` is never stored: a worker's lease tells it."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:  # noqa: PLW1641 - the dataclass makes its hash
    """What a merchant says of a product, through either API. Equal facts: nothing to write.

    The names are those of the feed API; the visual API calls `name` title, `category_path`
    category and `metadata` is the feed API's attributes.
    """

    name: str
    image_url: str | None = None
    category_path: str | None = None
    brand: str | None = None
    description: str | None = None
    ingredients: str | None = None
    country: str | None = None
    unit: str | None = None
    quantity_step: Number | None = None
    min_quantity: Number | None = None
    weight: Number | None = None
    volume: Number | None = None
    barcode: str | None = None
    sku: str | None = None
    price: Number | None = None
    currency: str | None = None
    product_url: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Facts):
            return NotImplemented
        return _plain(self) == _plain(other) and equal(self.metadata, other.metadata)


_plain = attrgetter(*(each.name for each in fields(Facts) if each.name != "metadata"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSeen:
    """The picture that the image vector was made from, so that a later look can tell whether
    another one is behind the same URL. `digest`: SHA-256 of its bytes in hex, empty where they were
    not kept in mind; `etag` and `last_modified` as its host named them."""

    digest: str
    etag: str | None
    last_modified: str | None
    checked_at: datetime

    def at(self, checked_at: datetime) -> PictureSeen:
        """The same picture, looked at again."""
        return replace(self, checked_at=checked_at)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a product could not be embedded: `detail` in a sentence for its merchant, `reason` in a
    word for those who count (see `PictureReason`)."""

    detail: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One product of one tenant, as it is stored; its vectors are kept beside it.

    `key` is the visual API's `external_id` and the feed API's `sku`; where a visual upload named
    none it is generated, and `external_id` reads null. `image_digest` and `text_digest` name what
    each part is to be made from (source and model), and every reindex raises `generation`; a vector
    is accepted only while all three stand. `picture` is None until one was seen.
    """

    tenant: str
    key: str
    key_generated: bool
    facts: Facts
    is_active: bool
    image: PartState
    text: PartState
    image_digest: str | None
    text_digest: str
    failure: Failure | None
    created_at: datetime
    updated_at: datetime
    generation: int = 0
    picture: PictureSeen | None = None

    @property
    def embedding_error(self) -> str | None:
        """What its merchant is told of its failure."""
        return self.failure.detail if self.failure else None

    @property
    def id(self) -> str:
        """The public id."""
        return product_id(self.tenant, self.key)

    @property
    def external_id(self) -> str | None:
        """The merchant's own id, or None where the key was generated."""
        return None if self.key_generated else self.key

    @property
    def owed(self) -> tuple[Part, ...]:
        """The parts that a worker must still make, were the product active."""
        states = ((Part.IMAGE, self.image), (Part.TEXT, self.text))
        return tuple(part for part, state in states if state is PartState.OWED)

    @property
    def embedding_status(self) -> EmbeddingStatus:
        """The status as far as the product itself knows it, so never `PROCESSING`."""
        if self.owed:
            return EmbeddingStatus.PENDING
        if PartState.FAILED in (self.image, self.text):
            return EmbeddingStatus.FAILED
        return EmbeddingStatus.COMPLETED


def product_id(tenant: str, key: str) -> str:
    """The public id of a key: uuid5 in the tenant's namespace, so racing uploads agree on it.

    Written out by RFC 9562, section 5.5, since the standard library's objects take five times as
    long, and a bulk upload makes one for every product.
    """
    digest = hashlib.sha1(_namespace(tenant) + key.encode(), usedforsecurity=False).hexdigest()
    variant = _VARIANTS[digest[16]]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


@lru_cache(maxsize=1024)
def _namespace(tenant: str) -> bytes:
    return uuid.UUID(tenant).bytes


_VARIANTS = {each: "89ab"[int(each, 16) & 3] for each in "0123456789abcdef"}
"""The digit that holds the variant: two of its bits are fixed."""
