"""What every index can do. `index/sqlite/` is the embedded one; each adapter passes the same
suite (`tests/contract/`), takes and gives plain values, and binds every call to its tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol

import numpy as np
from numpy.typing import NDArray

from lookalike.catalog.product import EmbeddingStatus, Number, Part, Product

Vector = NDArray[np.float32]
"""One vector of unit length, shape [dimensions]."""

Revision = NewType("Revision", str)
"""Which write of a product one has read; opaque, and different after every write."""


@dataclass(frozen=True, slots=True)
class VectorSpace:
    """Which vectors the index serves: those of one model. `model` is the pack's digest."""

    model: str
    dimensions: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A product as read, and the revision to write it back against."""

    product: Product
    revision: Revision


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells whether an upload changes a product, without reading the product: the digest that
    `catalog/fingerprint.py` makes, and the product's state. `digest` is None where an older version
    wrote the product."""

    digest: str | None
    status: EmbeddingStatus
    is_active: bool


@dataclass(frozen=True, slots=True)
class Write:
    """A product as it shall be. Written only if `read` still stands (None: it must not exist yet).

    `vectors` holds the parts whose vector changes (None removes it); the others keep theirs.
    """

    product: Product
    read: Revision | None
    vectors: Mapping[Part, Vector | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFilters:
    """What a match must be besides active. All given ones hold together.

    `category`: leading segments of the path, folded. A product without a price is in no price
    range. `metadata`: for each key the terms (`catalog/metadata.py`) of which one must be there.
    """

    category: tuple[str, ...] = ()
    min_price: Number | None = None
    max_price: Number | None = None
    metadata: tuple[frozenset[str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """Asks for the active products whose vector of `part` is nearest to `vector`.

    `at_least` is a raw cosine in [-1, 1]; `without` is a product's id to leave out; `limit` ≥ 1.
    """

    part: Part
    vector: Vector
    limit: int
    at_least: float = -1.0
    filters: SearchFilters = SearchFilters()
    without: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One match and the raw cosine of its vector with the query's, in [-1, 1]."""

    product: Product
    cosine: float


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest first, equal cosines by id. `total` counts all at or over the query's
    `at_least`, also beyond `limit`; where `exact` is false there may be more."""

    hits: list[Hit]
    total: int
    exact: bool


class Component(StrEnum):
    """What of a product a query by words is compared with."""

    WORDS = "words"
    TEXT = "text"
    IMAGE = "image"


@dataclass(frozen=True, slots=True, kw_only=True)
class ByWords:
    """Asks for the active products with a text vector that match words.

    Candidates are the best `limit` of each component: WORDS, by the share in [0, 1] of `tokens`
    (the last one as a prefix; distinct, at least one) that name, brand or category hold; TEXT and
    IMAGE, by the raw cosine of `vector` with theirs. `at_least` holds each component's threshold.
    """

    tokens: tuple[str, ...]
    vector: Vector
    limit: int
    at_least: Mapping[Component, float]
    filters: SearchFilters = SearchFilters()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product's id and what is known of how it matches: a share or a raw cosine by component."""

    id: str
    raw: Mapping[Component, float]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidates in no order. `total` counts the products that reach a threshold of `at_least` in
    any component; where `exact` is false there may be more."""

    candidates: list[Candidate]
    total: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a list: after the product created then with that id."""

    created_at: datetime
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilters:
    """Which products a list shows; all given ones hold together.

    `brand` and `category` are folded substrings; `tokens` must all be in name or brand, the last
    one as a prefix; `status` PENDING and PROCESSING both mean owed;
    `key` is exact, and `external_id` is too but finds no generated key; `sku` is the visual API's
    plain field.
    """

    key: str | None = None
    external_id: str | None = None
    sku: str | None = None
    brand: str | None = None
    category: str | None = None
    tokens: tuple[str, ...] = ()
    status: EmbeddingStatus | None = None
    is_active: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Asks for a page, newest first, then by id: `limit` products after `skip` or after `after`."""

    limit: int
    skip: int = 0
    after: Position | None = None
    filters: ListFilters = ListFilters()


@dataclass(frozen=True, slots=True)
class Page:
    """A page, the exact number of products that the filters leave, and where to go on (None: the
    list ends here)."""

    products: list[Product]
    total: int
    next: Position | None


@dataclass(frozen=True, slots=True)
class Counts:
    """The products of a tenant: `stored` are all, the others only the active ones.
    accepted = completed + failed + owed, always."""

    stored: int
    accepted: int
    completed: int
    failed: int
    owed: int


@dataclass(frozen=True, slots=True)
class Stamp:
    """A product of a tenant, and what names its state: equal stamps of two copies of the catalogue
    mean equal products, whatever their vectors."""

    tenant: str
    id: str
    state: str

    @property
    def place(self) -> tuple[str, str]:
        """Its place in the order of all products."""
        return self.tenant, self.id


class ProductIndex(Protocol):
    """The products of every tenant, with their vectors. The truth: all else can be rebuilt.

    Every method raises `IndexAway` when the engine behind does not answer or cannot write.
    """

    def get(self, tenant: str, ids: Sequence[str]) -> dict[str, Stored]:
        """The products with these ids, by id; unknown ones are left out."""

    def fingerprints(self, tenant: str, ids: Sequence[str]) -> dict[str, Fingerprint]:
        """The fingerprints of the products with these ids, by id, as fresh as `get`; one cheap call
        for thousands."""

    def write(self, tenant: str, writes: Sequence[Write]) -> list[bool]:
        """Writes each product, or not: False where its `read` no longer stands. Ids are distinct.

        A reader in any process sees all that came back True at once (an engine: after its refresh).
        """

    def delete(self, tenant: str, ids: Sequence[str]) -> set[str]:
        """Removes these products and their vectors for good; gives the ids that were there."""

    def delete_tenant(self, tenant: str) -> None:
        """Removes all products of the tenant, with their vectors, for good."""

    def page(self, tenant: str, listing: Listing) -> Page:
        """One page of the tenant's products, active or not."""

    def vector(self, tenant: str, id: str, part: Part) -> Vector | None:
        """The vector of one part for the serving model, or None."""

    def nearest(self, tenant: str, query: Nearest) -> Neighbours:
        """The active products nearest to a vector; filters apply before the nearest are taken."""

    def by_words(self, tenant: str, query: ByWords) -> Candidates:
        """The active products that match words; filters apply before candidates are taken."""

    def owed(self, after: tuple[str, str] | None, limit: int) -> list[tuple[str, str]]:
        """Up to `limit` (tenant, id) of active products that owe a part, over all tenants, in
        their order, beyond `after`."""

    def unchecked(self, before: datetime, limit: int) -> list[tuple[str, str]]:
        """Up to `limit` (tenant, id) of active products with an image vector whose picture was
        last looked at before that time, over all tenants, the longest ago first."""

    def stamps(self, after: tuple[str, str] | None, limit: int) -> list[Stamp]:
        """Up to `limit` stamps of all products of all tenants, active or not, in the order of
        tenant and id, beyond `after`. An engine sees what was written before its refresh."""

    def counts(self, tenant: str | None) -> Counts:
        """How many products a tenant, or (None) all of them have, and how far the active ones
        are."""

    def refresh(self) -> None:
        """Returns once searches and lists see everything that was written before."""

    def close(self) -> None:
        """Gives back connections; the index is not used afterwards."""
